"""Who stands in for whom: written down by himself, or by a supervisor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.clock import Clock
from engine.errors import Forbidden, InvalidInput
from engine.ids import NewId
from engine.model.deputy import Deputy
from engine.model.organisation import Role
from engine.model.user import Principal

LONGEST_MS = 366 * 86_400_000


class DeputyRecord(Protocol):
    """Keep who stands in for whom."""

    async def list(self, org_id: str, *, now_ms: int) -> Sequence[Deputy]:
        """Return who stands in, now or later."""
        ...

    async def get(self, org_id: str, deputy_id: str) -> Deputy:
        """Return one; raise NotFound."""
        ...

    async def add(self, deputy: Deputy) -> None:
        """Let somebody stand in; raise Conflict, InvalidInput."""
        ...

    async def remove(self, org_id: str, deputy_id: str) -> None:
        """Let nobody stand in any more; raise NotFound."""
        ...


class DeputyBook:
    """Keep who stands in for whom."""

    def __init__(self, *, record: DeputyRecord, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._clock = clock
        self._new_id = new_id

    async def list(self, org_id: str) -> Sequence[Deputy]:
        """Return who stands in, now or later, in the order in which it begins."""
        return await self._record.list(org_id, now_ms=self._clock.now_ms())

    async def add(self, who: Principal, *, user_id: str, deputy_id: str, from_ms: int, to_ms: int, note: str) -> Deputy:
        """Let somebody stand in; ``from_ms`` 0 = from now on.

        Raises InvalidInput, Forbidden (for somebody else, without being a supervisor), Conflict (``deputy-overlaps``).
        """
        now_ms = self._clock.now_ms()
        deputy = Deputy(
            id=self._new_id(),
            org_id=who.org_id,
            user_id=user_id or who.user_id,
            deputy_id=deputy_id,
            from_ms=from_ms or now_ms,
            to_ms=to_ms,
            note=note,
            made_by=who.user_id,
            made_ms=now_ms,
        )
        _may(who, deputy)
        if deputy.user_id == deputy_id:
            raise InvalidInput("Nobody stands in for himself.", field="deputy_id")
        if not max(deputy.from_ms, now_ms) < to_ms <= deputy.from_ms + LONGEST_MS:
            raise InvalidInput("It ends after it begins, later than now, and within a year.", field="to")
        await self._record.add(deputy)
        return deputy

    async def remove(self, who: Principal, deputy_id: str) -> Deputy:
        """Let nobody stand in any more; raise NotFound, Forbidden. What he was handed stays with him."""
        deputy = await self._record.get(who.org_id, deputy_id)
        _may(who, deputy)
        await self._record.remove(who.org_id, deputy_id)
        return deputy


def _may(who: Principal, deputy: Deputy) -> None:
    if not who.at_least(Role.SUPERVISOR) and deputy.user_id != who.user_id:
        raise Forbidden("Only a supervisor says who stands in for somebody else.")
