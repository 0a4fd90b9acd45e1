"""What is particular about merging one kind of customer, or cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from engine.store.customers.references import Move

N = TypeVar("N")

GiveBack = Callable[[Connection, Move], tuple[int, bool]]
"""Put back rows that were dropped or altered: for how many that was impossible, and whether more are left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merging(Generic[N]):
    """The steps of a merge and of its undoing that differ by kind; all run in its first transaction."""

    kind: str
    prepare: Callable[[Connection, str, int], None]  # lock what is to be locked before the two
    locked: Callable[[Connection, str, str], N]  # one of them, locked, merged or not; raises NotFound
    joined: Callable[[Connection, N, N], N]  # the kept one with what it takes over
    make_way: Callable[[Connection, Move, tuple[N, N]], None]  # drop or alter rows that would stand there twice
    write: Callable[[Connection, N, N, int], N]  # (before, after)
    check: Callable[[Connection, N], None]  # raise Conflict or InvalidInput when it must not stay so
    give_back: GiveBack
    mended: Callable[[Connection, N], N]  # after an undo: without what is not its own any more
