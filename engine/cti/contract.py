"""What telephony asks of the record, the board and who follows calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from engine.model.call import Call, CallChange, CallEvent, CallPicture, CallTerms
from engine.model.organisation import Organisation
from engine.model.work import Reply, RoutingEvent, WorkItem

Fold = Callable[[Sequence[CallEvent]], CallPicture]
Told = Callable[[CallChange], Awaitable[None]]
"""Hear what became of a call, committed. Raises Unavailable; what it left undone is found by somebody else."""


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return an organisation; raise NotFound."""
        ...

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


class Secrets(Protocol):
    """The secrets of sources."""

    def read(self, org_id: str, name: str) -> tuple[bytes, ...]:
        """Return the secrets in an organisation's file; raise NotFound, InvalidInput. Blocks."""
        ...


class CallRecord(Protocol):
    """Keep calls; every method raises Unavailable."""

    async def take(
        self, org_id: str, source: str, events: Sequence[CallEvent], *, terms: CallTerms, fold: Fold
    ) -> CallChange:
        """Take reports of one call. Idempotent by their ids."""
        ...

    async def lose(self, call: Call, *, terms: CallTerms, fold: Fold) -> CallChange | None:
        """End a call as of when it was last heard of; None where it was heard of since."""
        ...

    async def silent(self, org_id: str, channel: str, *, rings_ms: int, talks_ms: int, limit: int) -> Sequence[Call]:
        """Return open calls of which nothing was heard since: those that ring, those that were answered."""
        ...

    async def lasting(
        self, org_id: str, *, besides: Sequence[str], rings_ms: int, talks_ms: int, limit: int
    ) -> Sequence[Call]:
        """Return the same of all channels besides these."""
        ...

    async def owed(
        self, *, until_ms: int, limit: int, after: Call | None = None, without: Collection[str] = ()
    ) -> Sequence[Call]:
        """Return calls of whose last change the board was not told, in their order, those after one."""
        ...

    async def settled(self, call: Call) -> bool:
        """Note that the board knows of this version of a call; False where there is a newer one."""
        ...

    async def get(self, org_id: str, call_id: str) -> Call:
        """Return a call; raise NotFound."""
        ...


class WorkRecord(Protocol):
    """Read work, and close what the board will not have."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...

    async def refuse(self, org_id: str, whys: Mapping[str, str], *, now_ms: int) -> int:
        """Close pending items that the board will not have."""
        ...


class Board(Protocol):
    """The board as far as calls need it; all raise Unavailable."""

    async def assign(self, item: WorkItem, agent_id: str) -> Reply:
        """Put a new item with an agent at once, because an outside fact did. Idempotent by the item's id."""
        ...

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        """Say that the contact is over: wrap-up begins. Idempotent."""
        ...

    async def ring(self, org_id: str, agent_id: str, leg: str, until_ms: int) -> Reply:
        """Say that an agent's telephone rings, until a moment at most. Idempotent."""
        ...

    async def unring(self, org_id: str, agent_id: str, leg: str) -> Reply:
        """Say that it rings no more. Idempotent."""
        ...


class Recorder(Protocol):
    """Write what the board did."""

    async def record(self, events: Sequence[RoutingEvent]) -> object:
        """Write the events' effects. Idempotent."""
        ...
