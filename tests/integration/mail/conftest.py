"""An engine with an e-mail channel, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.mail.engine import MailEngine, mail_engine, mail_organisation


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Return the address of a database; "" for a file of the test's own. Tests that want both say ``BOTH``."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    dsn: str = request.getfixturevalue("postgres_module_dsn")
    return dsn


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str, database: str) -> AsyncIterator[MailEngine]:
    """Run the engine for one organisation, ``org``, that has a mailbox."""
    async with mail_engine(tmp_path / "data", valkey_address, mail_organisation(org), database=database) as running:
        yield running
