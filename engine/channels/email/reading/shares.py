"""Hand out a few things to many, each organisation in its turn: one whose mail is slow gets no more than its share."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Shares(Generic[T]):
    """Things that are lent: to whoever has fewest of them, then to whoever got one the longest time ago."""

    def __init__(self, things: Iterable[T]) -> None:
        """Lend ``things``; the one that came back last goes out first."""
        self._free = list(things)
        self._lent: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[T]]] = {}
        self._turns = 0
        self._last: dict[str, int] = {}  # turn in which each got one

    async def get(self, whose: str) -> T:
        """Wait for a thing. Safe to cancel."""
        mine: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(mine)
        self._lend()
        try:
            return await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.give_back(mine.result(), whose)
            else:
                mine.cancel()
            raise

    def give_back(self, thing: T, whose: str) -> None:
        """Give a thing back that was lent to somebody."""
        self._lent[whose] -= 1
        if not self._lent[whose]:
            del self._lent[whose]
        self._free.append(thing)
        self._lend()

    def _lend(self) -> None:
        while self._free and (whose := self._next()) is not None:
            line = self._waiting[whose]
            one = line.popleft()
            if not line:
                del self._waiting[whose]
            if not one.done():
                self._lent[whose] += 1
                self._turns += 1
                self._last[whose] = self._turns
                one.set_result(self._free.pop())

    def _next(self) -> str | None:
        return min(self._waiting, key=lambda whose: (self._lent[whose], self._last.get(whose, 0)), default=None)


def in_turn(lines: Mapping[str, Iterable[T]]) -> Iterator[T]:
    """Yield the first of each line, then the second of each, and so on."""
    left = [iter(line) for line in lines.values()]
    nothing = object()
    while left:
        again = []
        for line in left:
            one = next(line, nothing)
            if one is not nothing:
                yield one  # type: ignore[misc] # it is none of nothing's
                again.append(line)
        left = again
