"""The index as a group of the store."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, func, literal, select, union_all

from engine.failpoints import failpoint
from engine.model.search import Found, Matches, Narrow, Query
from engine.model.visibility import Sight
from engine.store.access import Access
from engine.store.full_text import answer, found, gather, merging, write
from engine.store.full_text.gather import ALL, Gathered
from engine.store.full_text.shape import Shapes
from engine.store.full_text.tables import search_marks, search_pending

WordsOf = Callable[[str], set[str]]
"""Return the words that a text is found by."""
NUMBERS_END = 2**62
"""Behind the number of every change."""
AHEAD = 500
"""Changes that are looked at to see whose they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What one step took in."""

    documents: int
    oldest_ms: int  # when the oldest of them was written; 0 = none
    more: bool  # there is more to do now


class FullText:
    """Take texts in, answer questions."""

    def __init__(self, *, access: Access) -> None:
        self._access = access
        self._shapes = Shapes()

    async def organisations(self) -> list[str]:
        """Return the organisations for which there is something to take in; of many that wait, who waits longest."""
        waiting = select(search_pending.c.org_id, search_pending.c.id).order_by(search_pending.c.id).limit(AHEAD)
        behind = select(search_marks.c.org_id, literal(NUMBERS_END)).where(search_marks.c.filled != ALL)
        both = union_all(select(waiting.subquery()), behind).subquery()
        query = select(both.c.org_id).order_by(both.c.id)
        return await self._access.look(lambda conn: list(dict.fromkeys(conn.scalars(query))))

    async def newest(self) -> int:
        """Return the number of the latest change that waits; 0 = none does. Numbers rise while any waits."""
        query = select(func.max(search_pending.c.id))
        return await self._access.look(lambda conn: conn.execute(query).scalar() or 0)

    async def waiting(self, org_id: str) -> int:
        """Count the changes that wait to be taken in."""
        query = select(func.count()).select_from(search_pending).where(search_pending.c.org_id == org_id)
        return await self._access.look(lambda conn: conn.execute(query).scalar() or 0)

    async def take_in(self, org_id: str, *, words_of: WordsOf, most: int) -> Taken:
        """Take in what comes next, about ``most`` documents at most.

        All or nothing of it is seen by questions, also after a crash; who is called in two processes at once takes
        nothing in twice. Raises Unavailable.
        """
        step = await self._access.read(lambda conn: gather.gather(conn, org_id, most=most))
        if step.idle and not step.abandoned:
            return Taken(documents=0, oldest_ms=0, more=False)
        rows = await asyncio.to_thread(_rows, step, words_of)
        key = f"search:{org_id}"
        chunks = list(write.in_chunks(rows)) or [[]]
        oldest = min((one.at_ms for one in step.documents), default=0)
        late = Taken(documents=0, oldest_ms=oldest, more=True)
        held = await self._reserve(write.part_of(step), step.mark) if len(chunks) > 1 else step.mark
        if held is None:
            return late
        for chunk in chunks[:-1]:
            await self._access.write(key, partial(_add, part=write.part_of(step), rows=chunk))
        failpoint("search.before-publish")
        published = await self._access.write(key, lambda conn: write.publish(conn, step, chunks[-1], held=held))
        failpoint("search.after-publish")
        return Taken(documents=len(step.documents), oldest_ms=oldest, more=step.more) if published else late

    async def tidy(self, org_id: str) -> bool:
        """Merge parts, or throw dead ones away: one bounded piece of it; say whether there is more. Raises Unavailable.

        What is asked meanwhile is answered from the parts as they were.
        """
        key = f"search:{org_id}"
        if await self._access.write(key, lambda conn: write.throw_away(conn, org_id)):
            return True
        merge = await self._access.read(lambda conn: merging.next_merge(conn, org_id))
        held = await self._reserve(merge.into, merge.mark) if merge is not None else None
        if merge is None or held is None:
            return False
        words = await self._words_of_parts(org_id, merge.parts)
        names = sorted(words)
        for start in range(0, len(names), write.ROWS):
            some = [(name, words[name]) for name in names[start : start + write.ROWS]]
            rows = await asyncio.to_thread(merging.merged_rows, merge, some)
            await self._access.write(key, partial(_add, part=merge.into, rows=rows))
        return await self._access.write(key, lambda conn: write.merge(conn, merge.into, parts=merge.parts, held=held))

    async def _reserve(self, part: write.Part, mark: gather.Mark) -> gather.Mark | None:
        return await self._access.write(f"search:{part.org_id}", lambda conn: write.reserve(conn, part, mark))

    async def _words_of_parts(self, org_id: str, parts: Sequence[int]) -> dict[str, list[bytes]]:
        """Read parts page by page, each set as it is kept: it is small that way."""
        words: dict[str, list[bytes]] = defaultdict(list)
        for part in parts:
            after = ""
            while page := await self._access.read(partial(merging.read_page, org_id=org_id, part=part, after=after)):
                for word, kept in page:
                    words[word].append(kept)
                after = page[-1][0]
        return words

    async def find(
        self, org_id: str, query: Query, *, narrow: Narrow, sight: Sight, below: int = 0, most: int = 100
    ) -> Matches:
        """Return the documents that match, as the index knows them; see ``Matches``. Raises Unavailable."""
        ask = partial(answer.answer, org_id=org_id, query=query, narrow=narrow, sight=sight, below=below, most=most)
        return await self._access.read(lambda conn: ask(conn, shape=self._shapes.of(conn, org_id)))

    async def texts(self, org_id: str, docs: Sequence[int]) -> list[Found]:
        """Return what documents say now, in the order asked for; see ``around``. Raises Unavailable."""
        return await self._access.read(lambda conn: found.read(conn, org_id, docs))

    async def around(self, org_id: str, those: Sequence[Found]) -> list[Found]:
        """Return documents with what messages belong to and with names. Raises Unavailable."""
        return await self._access.read(lambda conn: found.around(conn, org_id, those)) if those else []

    async def ready(self, org_id: str) -> bool:
        """Say whether all that was written before there was an index is in it."""
        query = select(search_marks.c.filled).where(search_marks.c.org_id == org_id)
        return await self._access.look(lambda conn: conn.execute(query).scalar()) in (None, ALL)

    async def rebuild(self, org_id: str) -> bool:
        """Have all that the record holds taken in again, in order of its ids; the index answers meanwhile.

        Returns whether there was an index. Idempotent. Raises Unavailable.
        """
        while True:
            mark = await self._access.read(lambda conn: gather.mark_of(conn, org_id))
            if mark.version == 0:
                return False
            after = gather.restarted(mark)
            if await self._access.write(f"search:{org_id}", partial(_move, org_id=org_id, before=mark, after=after)):
                return True


def _add(conn: Connection, *, part: write.Part, rows: Sequence[write.WordRow]) -> None:
    write.begin_part(conn, part)
    write.add_words(conn, rows)


def _move(conn: Connection, *, org_id: str, before: gather.Mark, after: gather.Mark) -> bool:
    return write.move_mark(conn, org_id, before, after)


def _rows(step: Gathered, words_of: WordsOf) -> list[write.WordRow]:
    """Return the rows of a step's words; run in a thread, since nothing else should wait for it."""
    words: dict[str, list[int]] = defaultdict(list)
    for place, document in enumerate(step.documents):
        for word in words_of(f"{document.title}\n{document.body}"):
            words[word].append(place)
    return write.word_rows(step, words)
