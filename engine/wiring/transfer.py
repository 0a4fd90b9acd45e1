"""Imports and exports, put together: which stage says what a row of each noun means."""

from engine.cases.importing import CaseRows
from engine.clock import Clock
from engine.customers.importing import AccountRows, ContactRows
from engine.ids import NewId
from engine.model.transfer import Noun
from engine.settings import Settings
from engine.store.store import Store
from engine.store.transfer.files import ImportFiles
from engine.transfer.contract import RowMaker
from engine.transfer.exporting import Exporter
from engine.transfer.importer import Importer
from engine.transfer.imports import Imports
from engine.wiring.organisations import OrganisationBook


class Transfer:
    """Hold what takes files in and gives them out."""

    def __init__(
        self, settings: Settings, store: Store, book: OrganisationBook, *, clock: Clock, new_id: NewId
    ) -> None:
        files = ImportFiles(directory=settings.data / "imports")
        makers: dict[Noun, RowMaker] = {
            Noun.CONTACT: ContactRows(),
            Noun.ACCOUNT: AccountRows(),
            Noun.CASE: CaseRows(new_id=new_id),
        }
        self.imports = Imports(
            record=store.imports,
            files=files,
            makers=makers,
            organisations=book,
            clock=clock,
            new_id=new_id,
            most_bytes=settings.import_bytes,
        )
        self.exporter = Exporter(record=store.exports, makers=makers, organisations=book)
        self.importer = Importer(record=store.imports, files=files, makers=makers, organisations=book, clock=clock)
