"""What every repository is handed: how to read and write, the clock, new ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Executable

from engine.clock import Clock
from engine.ids import NewId
from engine.store.reader import Reader
from engine.store.writer import Writer

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The way to the database."""

    writer: Writer
    reader: Reader
    clock: Clock
    new_id: NewId

    async def write(self, org_id: str, work: Callable[[Connection], T], *, urgent: bool = False) -> T:
        """Run ``work`` in a write transaction; one organisation's jobs run in order, urgent ones before others."""
        return await self.writer.run(org_id, work, urgent=urgent)

    async def execute(self, org_id: str, statement: Executable, row: Mapping[str, object] | None = None) -> int:
        """Run one writing statement, with ``row`` as its values; return how many rows it touched."""
        return await self.writer.run(org_id, lambda conn: conn.execute(statement, row).rowcount)

    async def look(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` that is one reading statement, or several that need not see one moment: no BEGIN and COMMIT."""
        return await self.reader.run(work, single=True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a read transaction."""
        return await self.reader.run(work)
