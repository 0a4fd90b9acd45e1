"""A Dovecot for each module, a mailbox and a record for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.dovecot import Dovecot, running_dovecot
from tests.integration.channels.email.imap.house import House, open_house
from tests.records import migrated_file


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot."""
    with running_dovecot() as server:
        yield server


@pytest.fixture
async def house(dovecot: Dovecot, tmp_path: Path, org: str) -> AsyncIterator[House]:
    """Return an empty mailbox with what polls it."""
    async with open_house(dovecot, migrated_file(tmp_path / "record.db"), tmp_path, org) as opened:
        yield opened
