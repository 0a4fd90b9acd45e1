"""The role that imports: what a machine does to one organisation's file holds up no other organisation."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from engine.customers.importing import ContactRows
from engine.model.organisation import Organisation
from engine.model.transfer import FileFormat, Import, ImportOptions, ImportState, Noun
from engine.store.store import Store
from engine.store.transfer.files import ImportFiles
from engine.transfer.importer import AGAIN_MS, Importer
from tests.contract.store.building import START_MS
from tests.organisations import small_organisation

FILE = b"name\nA\nB\n"


class Book:
    def __init__(self, *org_ids: str) -> None:
        self._all = {org_id: small_organisation(org_id) for org_id in org_ids}

    def get(self, org_id: str) -> Organisation:
        return self._all[org_id]

    def all(self) -> Sequence[Organisation]:
        return list(self._all.values())


class HandClock:
    now = START_MS

    def now_ms(self) -> int:
        return self.now


async def waiting(store: Store, org_id: str) -> Import:
    options = ImportOptions(noun=Noun.CONTACT, format=FileFormat.CSV)
    one = Import(id=f"{org_id}-import", org_id=org_id, options=options, asked_by="u1", asked_ms=START_MS)
    await store.imports.add(one)
    return await store.imports.received(one, size=len(FILE), whole=True)


async def until_idle(importer: Importer) -> None:
    async with asyncio.timeout(60):
        while not await importer.step():
            pass


async def test_a_file_that_cannot_be_read_holds_up_nobody_else(store: Store, org: str, tmp_path: Path) -> None:
    clock, behind = HandClock(), f"{org}-behind"
    importer = Importer(
        record=store.imports,
        files=ImportFiles(directory=tmp_path),
        makers={Noun.CONTACT: ContactRows()},
        organisations=Book(org, behind),
        clock=clock,
    )
    first, second = await waiting(store, org), await waiting(store, behind)
    (tmp_path / first.id).mkdir()  # to read it is an OSError
    (tmp_path / second.id).write_bytes(FILE)
    await until_idle(importer)
    done = await store.imports.get(behind, second.id)
    assert (done.state, done.mark.created) == (ImportState.DONE, 2)
    (tmp_path / first.id).rmdir()
    (tmp_path / first.id).write_bytes(FILE)
    await until_idle(importer)
    assert (await store.imports.get(org, first.id)).ended_ms == 0  # it waits
    clock.now += AGAIN_MS[1]
    await until_idle(importer)
    done = await store.imports.get(org, first.id)
    assert (done.state, done.mark.created, done.failed) == (ImportState.DONE, 2, 0)
