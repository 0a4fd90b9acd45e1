"""The role that takes into the index what was written.

Nobody who writes waits for it: triggers note in the transaction of a change that there was one, and this role comes by
twice a second, takes a few at a time, and more when many wait. One process plays it at a time; should two, one
of them finds that it was too slow and takes nothing: so it is played, too, while nobody can be asked for the lease.

Taking in is work of the same interpreter that brings messages to people. So while much is written it waits, two
minutes at most, and then takes a tenth of the time.
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
HOT = 50.0
"""Changes a second from which on people come first …"""
PATIENCE_MS = 120_000
"""… for so long; then a little at a time …"""
REST = 9.0
"""… with rests so many times as long as the work."""
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

    async def newest(self) -> int:
        """Return the number of the latest change that waits; 0 = none does."""
        ...

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
    safe_twice = True

    def __init__(self, *, index: Index, clock: Clock) -> None:
        self._index = index
        self._clock = clock
        self._behind: set[str] = set()
        self._lag_ms = 0
        self._newest = 0
        self._looked_ms = clock.now_ms()
        self._hot_since_ms = 0

    def lag_s(self) -> float:
        """Return how late the last texts came into the index, in seconds; 0 when nothing waits."""
        return self._lag_ms / 1000

    async def step(self) -> float:
        """Take in a little for every organisation that has something; return the seconds to the next step.

        Safe to cancel and to repeat. Raises Unavailable.
        """
        if await self._people_first():
            return EVERY_S
        began_ms = self._clock.now_ms()
        org_ids = await self._index.organisations()
        lag_ms, more = 0, False
        for org_id in org_ids[:ORGANISATIONS]:
            lag, again = await self._serve(org_id)
            lag_ms, more = max(lag_ms, lag), more or again
        self._lag_ms = lag_ms
        if self._hot_since_ms:
            return max(EVERY_S, REST * (self._clock.now_ms() - began_ms) / 1000)
        return NEXT_S if more or len(org_ids) > ORGANISATIONS else EVERY_S

    async def _people_first(self) -> bool:
        """Say whether so much is written that taking in should wait; once it has waited long, it goes on slowly."""
        newest, now_ms = await self._index.newest(), self._clock.now_ms()
        came = newest - self._newest if newest >= self._newest else newest
        elapsed_s = max(now_ms - self._looked_ms, 1) / 1000
        self._newest, self._looked_ms = newest, now_ms
        if came / max(elapsed_s, EVERY_S / 2) < HOT:
            self._hot_since_ms = 0
            return False
        self._hot_since_ms = self._hot_since_ms or now_ms
        return now_ms - self._hot_since_ms < PATIENCE_MS

    async def _serve(self, org_id: str) -> tuple[int, bool]:
        """Take in for one organisation; return how late, and whether more waits."""
        most = BULK if org_id in self._behind and not self._hot_since_ms else LIVE
        taken = await self._index.take_in(org_id, words_of=words_of, most=most)
        (self._behind.add if taken.more else self._behind.discard)(org_id)
        while await self._index.tidy(org_id):
            pass
        late = self._clock.now_ms() - taken.oldest_ms if taken.oldest_ms else 0
        return late, taken.more
