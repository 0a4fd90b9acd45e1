"""Imports as they are asked for: the file comes in pieces, each safely on the disk before it is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import BinaryIO

from engine.clock import Clock
from engine.errors import Conflict, InvalidInput
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.transfer import Column, Import, ImportOptions, ImportState, Noun, RowFailure
from engine.transfer.contract import Files, ImportRecord, Organisations, RowMaker
from engine.transfer.making import Making

PIECE_BYTES = 67_108_864
"""Bytes of a file that one request may bring."""


class Imports:
    """Take in files, tell how far they are, end them."""

    def __init__(
        self,
        *,
        record: ImportRecord,
        files: Files,
        makers: Mapping[Noun, RowMaker],
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
        most_bytes: int,
    ) -> None:
        self.record = record
        self._files = files
        self._makers = makers
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id
        self._most_bytes = most_bytes
        self._adding: set[asyncio.Task[Import]] = set()

    def columns(self, org_id: str, noun: Noun) -> Sequence[Column]:
        """Return what columns a file of a noun may have."""
        return tuple(self._makers[noun].columns(self._organisations.get(org_id)).values())

    async def ask(
        self, org_id: str, options: ImportOptions, chunks: AsyncIterator[bytes], *, whole: bool, asked_by: str
    ) -> Import:
        """Keep an import with the first piece of its file, which may be all of it or nothing yet.

        Raises InvalidInput: ``too-large``, or the file's head does not fit; then nothing of it stays.
        """
        one = Import(
            id=self._new_id(), org_id=org_id, options=options, asked_by=asked_by, asked_ms=self._clock.now_ms()
        )
        self._making(one).check_options()
        await self.record.add(one)
        try:
            return await self._take(one, chunks, whole=whole)
        except InvalidInput:
            await self.cancel(org_id, one.id)
            raise

    async def receive(
        self, org_id: str, import_id: str, chunks: AsyncIterator[bytes], *, at: int, whole: bool
    ) -> Import:
        """Add the next piece of a file, which begins ``at`` what was received before.

        A repeat of the last piece is refused with Conflict (``wrong-offset``), whose ``received`` says where to go on;
        of a file that is whole already nothing more is taken. Of two who bring the same piece at once the second one
        is refused likewise; nothing that was acknowledged is lost. Raises NotFound, InvalidInput, Unavailable.
        """
        one = await self.record.get(org_id, import_id)
        _goes_on(one, at)
        return await self._take(one, chunks, whole=whole)

    async def cancel(self, org_id: str, import_id: str) -> Import:
        """End an import before its end; what is written stays. Raises NotFound."""
        ended = await self.record.end(org_id, import_id, ImportState.CANCELLED, now_ms=self._clock.now_ms())
        await self._files.delete(import_id)
        return ended

    async def failures(self, org_id: str, import_id: str, *, after_number: int, limit: int) -> Sequence[RowFailure]:
        """Return rows that failed, in order; raise NotFound."""
        return await self.record.failures(org_id, import_id, after_number=after_number, limit=limit)

    async def _take(self, one: Import, chunks: AsyncIterator[bytes], *, whole: bool) -> Import:
        """Take a piece in. What is added once it is there goes on to its end, even if the request is cancelled."""
        piece = await self._files.spool(chunks, at=one.size, most_bytes=self._most_bytes)
        adding = asyncio.create_task(self._add(one, piece, whole=whole))
        self._adding.add(adding)
        adding.add_done_callback(self._adding.discard)
        return await asyncio.shield(adding)

    async def _add(self, asked: Import, piece: BinaryIO, *, whole: bool) -> Import:
        """Add a piece to the file unless another one was faster; nobody else does until the record says so."""
        with piece:
            async with self._files.held(asked.id) as held:
                one = await self.record.get(asked.org_id, asked.id)
                _goes_on(one, asked.size)
                size = await self._files.append(held, piece, at=one.size)
                if whole:
                    await asyncio.to_thread(self._check, one)
                failpoint("import.after-file")
                taken = await self.record.received(one, size=size, whole=whole)
        if taken.size != size:  # it ended meanwhile
            raise _elsewhere(taken)
        return taken

    def _check(self, one: Import) -> None:
        with self._files.open(one.id) as file:
            self._making(one).check(file)

    def _making(self, one: Import) -> Making:
        organisation = self._organisations.get(one.org_id)
        return Making(one=one, organisation=organisation, maker=self._makers[one.options.noun])


def _goes_on(one: Import, at: int) -> None:
    """Raise Conflict unless the next piece begins there."""
    if one.state is not ImportState.RECEIVING:
        raise Conflict(f"the import is {one.state.value}", slug="file-complete")
    if at != one.size:
        raise _elsewhere(one)


def _elsewhere(one: Import) -> Conflict:
    return Conflict(
        f"{one.size} bytes were received; the next piece begins there", slug="wrong-offset", received=one.size
    )
