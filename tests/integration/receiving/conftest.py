"""A record and a store of sources, for mail that comes in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.channels.email.inlet import Inlet
from engine.clock import SystemClock
from engine.ids import id_source
from engine.store.blobs import Blobs
from engine.store.store import Store
from tests.integration.receiving.house import House
from tests.records import migrated_file


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Keep mails in a record of the test's own."""
    clock = SystemClock()
    new_id = id_source(clock)
    store = Store(url=migrated_file(tmp_path / "record.sqlite3"), clock=clock, new_id=new_id)
    await store.start()
    blobs = Blobs(directory=tmp_path / "attachments", new_id=new_id)
    inlet = Inlet(sources=blobs, received=store.mails, clock=clock, new_id=new_id)
    yield House(store=store, blobs=blobs, inlet=inlet, directory=tmp_path)
    await store.stop()
