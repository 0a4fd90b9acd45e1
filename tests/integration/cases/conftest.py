"""A house per test, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.cases.house import House, built
from tests.records import migrated_file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return migrated_file(tmp_path / "record.db")
    dsn: str = request.getfixturevalue("postgres_module_dsn")
    return dsn


@pytest.fixture
async def house(url: str, valkey_address: str, org: str) -> AsyncIterator[House]:
    async with built(url, valkey_address, org) as house:
        yield house
