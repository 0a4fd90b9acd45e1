"""A Dovecot for each module, a mailbox and a record for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from _pytest.outcomes import Skipped

from tests.dovecot import Dovecot, running_dovecot
from tests.integration.channels.email.imap.house import House, open_house
from tests.records import migrated_file
from tests.servers import Missing


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot; skips where none is installed."""
    try:
        context = running_dovecot()
        server = context.__enter__()
    except Missing as error:
        raise Skipped(str(error)) from error
    try:
        yield server
    finally:
        context.__exit__(None, None, None)


@pytest.fixture
async def house(dovecot: Dovecot, tmp_path: Path, org: str) -> AsyncIterator[House]:
    """Return an empty mailbox with what polls it."""
    async with open_house(dovecot, migrated_file(tmp_path / "record.db"), tmp_path, org) as opened:
        yield opened
