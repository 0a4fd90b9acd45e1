"""One store on each database; every test has an organisation of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.ids import id_source
from engine.store.store import Store
from tests.records import Ticking, migrated_file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return migrated_file(tmp_path / "record.db")
    dsn: str = request.getfixturevalue("postgres_module_dsn")
    return dsn


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    clock = Ticking()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    yield store
    await store.stop()
