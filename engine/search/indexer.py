"""The role that takes into the index what was written.

Nobody who writes waits for it: triggers note in the transaction of a change that there was one, and this role comes by
twice a second, takes a few at a time, and more when many wait. One process plays it at a time; should two, one
of them finds that it was too slow and takes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.clock import Clock
from engine.skills.search_words import words_of

LIVE = 64
"""Documents per step: a few milliseconds of the record's writer."""
BULK = 1_024
"""… when many wait."""
EVERY_S = 0.5
NEXT_S = 0.0
ORGANISATIONS = 16
"""Organisations per step."""


class Taken(Protocol):
    """What one step took in."""

    @property
    def documents(self) -> int:
        """How many."""
        ...

    @property
    def oldest_ms(self) -> int:
        """When the oldest of them was written; 0 = none."""
        ...

    @property
    def more(self) -> bool:
        """Say whether more waits."""
        ...


class Index(Protocol):
    """The index."""

    async def organisations(self) -> Sequence[str]:
        """Return those for which there is something to take in."""
        ...

    async def take_in(self, org_id: str, *, words_of: Callable[[str], set[str]], most: int) -> Taken:
        """Take in what comes next."""
        ...

    async def tidy(self, org_id: str) -> bool:
        """Do one piece of upkeep; say whether there is more."""
        ...


class SearchIndexer:
    """Keep the index up to date."""

    name = "search-indexer"

    def __init__(self, *, index: Index, clock: Clock) -> None:
        self._index = index
        self._clock = clock
        self._behind: set[str] = set()
        self._lag_ms = 0

    def lag_s(self) -> float:
        """Return how late the last texts came into the index, in seconds; 0 when nothing waits."""
        return self._lag_ms / 1000

    async def step(self) -> float:
        """Take in a little for every organisation that has something; return the seconds to the next step.

        Safe to cancel and to repeat. Raises Unavailable.
        """
        org_ids = await self._index.organisations()
        lag_ms, more = 0, False
        for org_id in org_ids[:ORGANISATIONS]:
            lag, again = await self._serve(org_id)
            lag_ms, more = max(lag_ms, lag), more or again
        self._lag_ms = lag_ms
        return NEXT_S if more or len(org_ids) > ORGANISATIONS else EVERY_S

    async def _serve(self, org_id: str) -> tuple[int, bool]:
        """Take in for one organisation; return how late, and whether more waits."""
        most = BULK if org_id in self._behind else LIVE
        taken = await self._index.take_in(org_id, words_of=words_of, most=most)
        (self._behind.add if taken.more else self._behind.discard)(org_id)
        while await self._index.tidy(org_id):
            pass
        late = self._clock.now_ms() - taken.oldest_ms if taken.oldest_ms else 0
        return late, taken.more
