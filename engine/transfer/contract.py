"""What the stage needs: the record of imports, their files, and who says what a row means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import BinaryIO, Protocol

from engine.model.organisation import Organisation
from engine.model.transfer import Column, Import, ImportOptions, ImportRow, ImportState, Row, RowFailure


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


class ImportRecord(Protocol):
    """Keep imports in SQL, as those see them who ask for them."""

    async def add(self, one: Import) -> None:
        """Keep a new import."""
        ...

    async def get(self, org_id: str, import_id: str) -> Import:
        """Return an import; raise NotFound."""
        ...

    async def list(self, org_id: str, *, limit: int, before_id: str = "") -> Sequence[Import]:
        """Return imports, newest first."""
        ...

    async def received(self, one: Import, *, size: int, whole: bool) -> Import:
        """Keep that so many bytes are on the disk."""
        ...

    async def end(self, org_id: str, import_id: str, state: ImportState, *, fault: str = "", now_ms: int) -> Import:
        """End an import before its end; raise NotFound."""
        ...

    async def failures(
        self, org_id: str, import_id: str, *, after_number: int = 0, limit: int = 200, later: bool = False
    ) -> Sequence[RowFailure]:
        """Return rows that failed, or that wait for later ones; raise NotFound."""
        ...


class RowRecord(ImportRecord, Protocol):
    """Write the rows of imports; each method is one transaction."""

    async def next(self, org_id: str) -> Import | None:
        """Return the oldest import that is ready and has not ended."""
        ...

    async def begin(self, one: Import, *, total: int, now_ms: int) -> Import:
        """Keep how many rows there are."""
        ...

    async def put(self, one: Import, rows: Sequence[Row], *, today: str, now_ms: int) -> Import:
        """Write the next rows, or the first of them, and the mark behind them."""
        ...

    async def turn(self, one: Import, *, now_ms: int) -> Import:
        """Begin the next round, or end the import."""
        ...

    async def unended(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which imports may need their file still."""
        ...


class Files(Protocol):
    """Keep the files of imports."""

    async def spool(self, chunks: AsyncIterator[bytes], *, at: int, most_bytes: int) -> BinaryIO:
        """Write what comes beside the files, and return it; raise InvalidInput where it is too much."""
        ...

    def held(self, import_id: str) -> AbstractAsyncContextManager[BinaryIO]:
        """Hold a file against all others who would add to it; raise Unavailable."""
        ...

    async def append(self, held: BinaryIO, piece: BinaryIO, *, at: int) -> int:
        """Add a piece at a place of a file that is held; return its size once it is safely on the disk."""
        ...

    def open(self, import_id: str) -> BinaryIO:
        """Open a file; blocks; raise NotFound."""
        ...

    async def delete(self, import_id: str) -> None:
        """Delete a file."""
        ...

    async def sweep(self, needed: Callable[[Sequence[str]], Awaitable[frozenset[str]]]) -> int:
        """Delete old files that no import needs."""
        ...


class RowMaker(Protocol):
    """Say what a row means: the stage of its noun does."""

    def columns(self, organisation: Organisation) -> Mapping[str, Column]:
        """Return the columns there may be, by name."""
        ...

    def row(
        self,
        organisation: Organisation,
        options: ImportOptions,
        number: int,
        cells: Mapping[str, object],
        given: Mapping[str, object],
    ) -> ImportRow:
        """Return a row as it is to be written; raise InvalidInput with the ``field``."""
        ...
