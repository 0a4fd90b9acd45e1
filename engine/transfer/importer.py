"""The role that works imports off: reads a piece of a file in a thread, has it written slice by slice.

Where it is killed, the file is read again up to the mark, which was committed with the rows before it. Rows that name
others of the same file that have not come yet are tried again at the end, round by round, while that helps any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO
from zoneinfo import ZoneInfo

import structlog

from engine.clock import Clock
from engine.errors import CordboardError, Unavailable
from engine.failpoints import failpoint
from engine.model.organisation import Organisation
from engine.model.transfer import Import, ImportState, Noun, Row, RowFailure
from engine.transfer.contract import Files, Organisations, RowMaker, RowRecord
from engine.transfer.making import Making

log = structlog.get_logger(__name__)

PIECE = 200
"""Rows read and made at once."""
EVERY_S = 0.5
AGAIN_MS = (1_000, 60_000)
"""The first and the longest wait of an organisation whose import met a fault of the machine."""
SWEEP_EVERY_MS = 3_600_000
ABANDONED_MS = 7 * 86_400_000
"""An upload that nobody ends is given up after this."""


@dataclass(kw_only=True, slots=True)
class _Opened:
    """A file that is being read."""

    file: BinaryIO
    making: Making
    rows: Iterator[Row]
    row: int  # so many are read


class Importer:
    """Work off each organisation's oldest import: a role of which one process plays it at a time."""

    name = "imports"
    safe_twice = True

    def __init__(
        self,
        *,
        record: RowRecord,
        files: Files,
        makers: Mapping[Noun, RowMaker],
        organisations: Organisations,
        clock: Clock,
    ) -> None:
        self._record = record
        self._files = files
        self._makers = makers
        self._organisations = organisations
        self._clock = clock
        self._opened: dict[str, _Opened] = {}  # by import
        self._swept_ms = 0
        self._waits: dict[str, tuple[int, int]] = {}  # by organisation with a fault: how long, and until when (ms)

    async def step(self) -> float:
        """Do a piece of each organisation's oldest import; return the seconds to the next one."""
        busy = False
        for organisation in self._organisations.all():
            _, until_ms = self._waits.get(organisation.id, (0, 0))
            if self._clock.now_ms() >= until_ms and await self._oldest(organisation):
                busy = True
        if not busy:
            await self._sweep()
        return 0.0 if busy else EVERY_S

    async def _oldest(self, organisation: Organisation) -> bool:
        """Do a piece of the oldest import; return whether there was one.

        A fault that is nobody's error (a disk that cannot be read) makes this organisation wait, and no other one.
        """
        one: Import | None = None
        try:
            one = await self._record.next(organisation.id)
            if one is not None:
                await self._piece(organisation, one)
        except Unavailable:
            raise  # what all need is away
        except Exception as error:  # noqa: BLE001 -- whatever it is, the organisations behind have their turn
            self._put_off(organisation.id, one, error)
            return False
        self._waits.pop(organisation.id, None)
        return one is not None

    def _put_off(self, org_id: str, one: Import | None, error: Exception) -> None:
        waited_ms, _ = self._waits.get(org_id, (0, 0))
        wait_ms = min(max(waited_ms * 2, AGAIN_MS[0]), AGAIN_MS[1])
        self._waits[org_id] = (wait_ms, self._clock.now_ms() + wait_ms)
        import_id = one.id if one else ""
        self._close(import_id)  # nobody knows how much of it was read
        log.error(
            "an import waits after a fault", org=org_id, import_id=import_id, retry_in_s=wait_ms / 1_000, exc_info=error
        )

    async def _piece(self, organisation: Organisation, one: Import) -> None:
        """Write the next rows; an import that cannot go on ends with its fault."""
        try:
            ended = await (self._again(organisation, one) if one.mark.round else self._read(organisation, one))
        except Unavailable:
            raise
        except CordboardError as error:
            ended = await self._record.end(
                one.org_id, one.id, ImportState.FAILED, fault=str(error), now_ms=self._clock.now_ms()
            )
        if ended.ended_ms:
            self._close(one.id)
            await self._files.delete(one.id)

    async def _read(self, organisation: Organisation, one: Import) -> Import:
        opened = await self._open(organisation, one)
        if not one.begun_ms:
            one = await self._record.begin(one, total=opened[1], now_ms=self._clock.now_ms())
        source = opened[0]
        rows = await asyncio.to_thread(_take, source)
        if not rows:
            return await self._record.turn(one, now_ms=self._clock.now_ms())
        return await self._write(organisation, one, rows)

    async def _again(self, organisation: Organisation, one: Import) -> Import:
        waiting = await self._record.failures(one.org_id, one.id, after_number=one.mark.after, limit=PIECE, later=True)
        if not waiting:
            return await self._record.turn(one, now_ms=self._clock.now_ms())
        making = Making(one=one, organisation=organisation, maker=self._makers[one.options.noun])
        rows = await asyncio.to_thread(_made_again, making, waiting)
        return await self._write(organisation, one, rows)

    async def _write(self, organisation: Organisation, one: Import, rows: Sequence[Row]) -> Import:
        """Write rows until none is left, the import ended, or somebody else moves its mark."""
        left, present = list(rows), one
        while left and not present.ended_ms:
            failpoint("import.before-slice")
            before = present
            present = await self._record.put(before, left, today=self._today(organisation), now_ms=self._clock.now_ms())
            failpoint("import.after-slice")
            behind = present.mark.after if present.mark.round else present.mark.row
            if present.mark == before.mark:
                break
            left = [row for row in left if row.number > behind]
        return present

    async def _open(self, organisation: Organisation, one: Import) -> tuple[_Opened, int]:
        """Return the file at the import's mark, and how many rows it has if they have not been counted."""
        known = self._opened.get(one.id)
        if known is not None and known.row == one.mark.row and one.begun_ms:
            return known, one.total
        self._close(one.id)
        making = Making(one=one, organisation=organisation, maker=self._makers[one.options.noun])
        opened, total = await asyncio.to_thread(self._begin, making, one)
        self._opened[one.id] = opened
        return opened, total

    def _begin(self, making: Making, one: Import) -> tuple[_Opened, int]:
        total = one.total
        if not one.begun_ms or one.options.dry_run:
            with closing(self._files.open(one.id)) as file:
                total, making.promised = making.count(file)
        file = self._files.open(one.id)
        rows = making.rows(file, skip=one.mark.row)
        return _Opened(file=file, making=making, rows=rows, row=one.mark.row), total

    def _close(self, import_id: str) -> None:
        known = self._opened.pop(import_id, None)
        if known is not None:
            known.file.close()

    def _today(self, organisation: Organisation) -> str:
        now_s = self._clock.now_ms() / 1_000
        return datetime.fromtimestamp(now_s, ZoneInfo(organisation.time_zone)).date().isoformat()

    async def _sweep(self) -> None:
        """Delete files that a crash left behind; give up uploads that nobody ended."""
        now_ms = self._clock.now_ms()
        if now_ms - self._swept_ms < SWEEP_EVERY_MS:
            return
        self._swept_ms = now_ms
        for organisation in self._organisations.all():
            for one in await self._record.list(organisation.id, limit=200):
                if one.state is ImportState.RECEIVING and now_ms - one.asked_ms > ABANDONED_MS:
                    await self._record.end(one.org_id, one.id, ImportState.CANCELLED, now_ms=now_ms)
        for import_id in set(self._opened) - await self._record.unended(list(self._opened)):
            self._close(import_id)
        if deleted := await self._files.sweep(self._record.unended):
            log.info("files of imports deleted that are not needed any more", files=deleted)


def _take(opened: _Opened) -> list[Row]:
    rows = list(islice(opened.rows, PIECE))
    opened.row += len(rows)
    return rows


def _made_again(making: Making, waiting: Sequence[RowFailure]) -> list[Row]:
    return [making.again(one) for one in waiting]
