"""Write a data set chunk by chunk, each with the mark where the next one begins: it may be cut off anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.demo_data.casework import case_rows
from engine.demo_data.people import family_rows
from engine.demo_data.scale import FAMILY, Rows, Scale
from engine.demo_data.things import thing_rows

FAMILIES = 40
"""Families of accounts per transaction."""
CASES = 500
"""Cases per transaction."""


class Bulk(Protocol):
    """Write many rows at once."""

    async def put(
        self, org_id: str, job_id: str, rows: Mapping[str, Sequence[Mapping[str, object]]], *, mark: str, done: int
    ) -> None:
        """Write rows by table and the job's mark, in one transaction."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A part of the data set: of its families, then of its cases."""

    families: range
    cases: range

    @property
    def weight(self) -> int:
        """Return what it counts for."""
        return len(self.families) * FAMILY + len(self.cases)


def chunks(scale: Scale) -> Iterator[Chunk]:
    """Yield all chunks in order; the same ones each time."""
    for start in range(0, scale.families, FAMILIES):
        yield Chunk(families=range(start, min(start + FAMILIES, scale.families)), cases=range(0))
    for start in range(0, scale.cases, CASES):
        yield Chunk(families=range(0), cases=range(start, min(start + CASES, scale.cases)))


def total(scale: Scale) -> int:
    """Return what all chunks count for together."""
    return scale.contacts + scale.cases


def rows_of(scale: Scale, chunk: Chunk) -> Rows:
    """Return a chunk's rows by table, in an order in which they may be written."""
    rows: Rows = {}
    for family in chunk.families:
        for made in (family_rows(scale, family), thing_rows(scale, family)):
            for table, some in made.items():
                rows.setdefault(table, []).extend(some)
    if chunk.cases:
        rows.update(case_rows(scale, chunk.cases))
    return rows


async def load(
    bulk: Bulk, scale: Scale, *, job_id: str, begun: int, advance: Callable[[int], None], most: int | None = None
) -> bool:
    """Write the chunks from number ``begun`` on; say whether all are written.

    ``advance`` is told what each counted for; ``most`` chunks are written, then it ends. Rows are made in another
    thread while the record writes those before.
    """
    done, written = 0, 0
    waiting: asyncio.Task[None] | None = None
    for number, chunk in enumerate(chunks(scale)):
        done += chunk.weight
        if number < begun:
            advance(chunk.weight)
            continue
        if most is not None and written >= most:
            break
        rows = await asyncio.to_thread(rows_of, scale, chunk)
        if waiting is not None:
            await waiting
        waiting = asyncio.ensure_future(bulk.put(scale.org_id, job_id, rows, mark=str(number + 1), done=done))
        written += 1
        advance(chunk.weight)
    if waiting is not None:
        await waiting
    return done == total(scale) and (most is None or written < most)
