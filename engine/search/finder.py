"""Find: ask the index, look at the newest texts it names, rank them, mark what was found.

The index says exactly which documents hold the words; what it cannot say (words side by side, the hour) is looked up in
the texts. Results come in windows of the newest ``WINDOW`` matches, ranked within, so that a word that stands
everywhere costs no more than a rare one; within the first window lies what nearly everybody looks for.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from engine.errors import InvalidInput
from engine.model.search import Found, Hit, Matches, Narrow, Query, Results, SearchKind
from engine.model.visibility import Sight
from engine.search.match import look, meet, score, shown, whole
from engine.skills.search_query import parse

WINDOW = 64
WINDOWS = 4
"""Windows that a page looks through at most where texts must be looked at; it may be short, and says where to go on."""
MOST = 100
"""Results on a page."""
LONGEST = 500
"""Characters of a question."""


class Index(Protocol):
    """The index and the record behind it."""

    async def find(self, org_id: str, query: Query, *, narrow: Narrow, sight: Sight, below: int, most: int) -> Matches:
        """Return the documents that match, newest first."""
        ...

    async def texts(self, org_id: str, docs: Sequence[int]) -> Sequence[Found]:
        """Return what documents say now, in this order; without those that are gone, and without what is around."""
        ...

    async def around(self, org_id: str, found: Sequence[Found]) -> Sequence[Found]:
        """Add what messages belong to, and who the customers are; without messages whose conversation is gone."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where the next page begins: documents under ``below``, without some of its window."""

    below: int = 0  # 0 = at the newest
    given: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ranked:
    """A result that may be shown."""

    found: Found
    worth: float = 0.0
    exact: bool = False


class Finder:
    """Answer searches."""

    def __init__(self, *, index: Index) -> None:
        self._index = index

    async def find(
        self, org_id: str, text: str, *, narrow: Narrow, sight: Sight, limit: int = 20, after: str = ""
    ) -> Results:
        """Return a page of what answers ``text``; without words, the newest of what is narrowed to.

        ``after`` is the ``next`` of the page before. Nothing comes twice on the pages of one search, and nothing is
        left out, whatever is written meanwhile. Raises InvalidInput, Unavailable; safe to cancel.
        """
        if len(text) > LONGEST or not 1 <= limit <= MOST:
            raise InvalidInput("the search is too long", mend=f"At most {LONGEST} characters, {MOST} results.")
        query, place = parse(text), _read(after)
        page = _Page(query=query, narrow=narrow, limit=limit)
        most = WINDOW * WINDOWS if page.looks else WINDOW
        found = await self._index.find(org_id, query, narrow=narrow, sight=sight, below=place.below, most=most)
        exact = () if after else found.exact
        for start in range(0, max(1, len(found.docs)), WINDOW):
            some = replace(found, docs=found.docs[start : start + WINDOW])
            texts = await self._index.texts(org_id, list(dict.fromkeys((*exact, *some.docs))))
            # In a thread: up to 64 long texts are read through, and nobody's message should wait for that.
            place = await asyncio.to_thread(page.add, some, texts, given=place.given, exact=exact)
            exact = ()
            if page.full:
                break
        around = await self._index.around(org_id, [one.found for one in page.chosen])
        return Results(
            hits=await asyncio.to_thread(page.hits, around),
            total=found.total,
            total_exact=not page.looks,
            kinds=found.kinds,
            next=_written(place),
            ready=found.ready,
        )

    async def newest(self, org_id: str, kind: SearchKind, text: str, *, sight: Sight, most: int) -> Sequence[str]:
        """Return the ids of the newest ``most`` of a kind in which the words of ``text`` are. Raises Unavailable."""
        query, narrow = parse(text[:LONGEST]), Narrow(kinds=frozenset({kind}))
        if not query.terms:
            return ()
        found = await self._index.find(org_id, query, narrow=narrow, sight=sight, below=0, most=most)
        texts = await self._index.texts(org_id, list(dict.fromkeys((*found.exact, *found.docs))))
        return [one.document.ref_id for one in texts]

    async def cases(self, org_id: str, text: str, *, sight: Sight, most: int) -> Sequence[str] | None:
        """Return the ids of the cases whose own words hold ``text``, newest first.

        None: there are more than ``most``, or older texts are still being taken in. Raises Unavailable.
        """
        query = parse(text[:LONGEST])
        narrow = Narrow(kinds=frozenset({SearchKind.CASE}))
        found = await self._index.find(org_id, query, narrow=narrow, sight=sight, below=0, most=most + 1)
        if len(found.docs) > most or not found.ready:
            return None
        texts = await self._index.texts(org_id, list(dict.fromkeys((*found.exact, *found.docs))))
        exact = {*found.exact}
        return [one.document.ref_id for one in texts if one.doc in exact or meet(one, query) is not None]


class _Page:
    """One page, being filled from windows."""

    def __init__(self, *, query: Query, narrow: Narrow, limit: int) -> None:
        self._query = query
        self._narrow = narrow
        self._limit = limit
        self.chosen: list[_Ranked] = []  # what is shown
        self.looks = bool(narrow.from_ms or narrow.to_ms) or any(term.exact for term in (*query.terms, *query.without))

    @property
    def full(self) -> bool:
        """Say whether no more results fit."""
        return len(self.chosen) >= self._limit

    def add(self, matches: Matches, texts: Sequence[Found], *, given: AbstractSet[int], exact: Sequence[int]) -> _Place:
        """Add the results of a window; return where to go on."""
        self.chosen += [_Ranked(found=one, exact=True) for one in texts if one.doc in exact]
        apart = {*matches.exact, *given}
        ranked = self._ranked(matches, [one for one in texts if one.doc not in apart])
        room = max(0, self._limit - len(self.chosen))
        now = ranked[:room]
        self.chosen += now
        if len(ranked) <= room:
            return _Place(below=matches.docs[-1] if len(matches.docs) == WINDOW else 0)
        return _Place(below=max(matches.docs) + 1, given=frozenset(given | {one.found.doc for one in now}))

    def hits(self, around: Sequence[Found]) -> tuple[Hit, ...]:
        """Return what was chosen, with the pieces that are shown, and with what is around each."""
        by_doc = {one.doc: one for one in around}
        return tuple(_hit(by_doc[one.found.doc], one, self._query) for one in self.chosen if one.found.doc in by_doc)

    def _ranked(self, matches: Matches, texts: Sequence[Found]) -> list[_Ranked]:
        newest = max((one.document.at_ms for one in texts), default=0)
        ranked: list[_Ranked] = []
        for one in texts:
            met = meet(one, self._query) if self._in_time(one) else None
            if met is not None:
                worth = score(
                    met,
                    self._query,
                    counts=matches.counts,
                    documents=matches.documents,
                    age_ms=newest - one.document.at_ms,
                )
                ranked.append(_Ranked(found=one, worth=worth))
        return sorted(ranked, key=lambda one: (-one.worth, -one.found.doc))

    def _in_time(self, one: Found) -> bool:
        at_ms, narrow = one.document.at_ms, self._narrow
        return at_ms >= narrow.from_ms and (not narrow.to_ms or at_ms < narrow.to_ms)


def _hit(found: Found, ranked: _Ranked, query: Query) -> Hit:
    seen, document = look(found, query), found.document
    return Hit(
        found=found,
        title=whole(document.title, seen.title),
        snippet=shown(document.body, seen.body),
        exact=ranked.exact,
        score=ranked.worth,
    )


def _written(place: _Place) -> str:
    if not place.below:
        return ""
    kept = [place.below, *(place.below - doc for doc in sorted(place.given, reverse=True))]
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(kept)).decode().rstrip("=")


def _read(after: str) -> _Place:
    if not after:
        return _Place()
    try:
        packed = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
        below, *back = msgspec.msgpack.decode(packed, type=list[int])
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise InvalidInput("that is no place to go on from", mend="Hand back `next` as it was given.") from error
    return _Place(below=below, given=frozenset(below - one for one in back))
