"""Tasks and events: what people of the service desk mean to do, and the role that reminds them of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from engine.cases.sweep import ServedOrganisations
from engine.clock import Clock
from engine.errors import Conflict, InvalidInput
from engine.ids import NewId
from engine.model.activity import ACTIVITY_CHANGES, Activity, ActivityKind, ActivityStatus
from engine.model.visibility import EVERYTHING, Sight

BATCH = 200
EVERY_S = 1.0


class ActivityRecord(Protocol):
    """Keep activities in SQL; each method is one transaction."""

    async def get(self, org_id: str, noun_id: str) -> Activity:
        """Return one; raise NotFound."""
        ...

    async def list(
        self,
        org_id: str,
        *,
        wanted: Mapping[str, str],
        limit: int,
        before_id: str | None = None,
        sight: Sight = EVERYTHING,
    ) -> Sequence[Activity]:
        """Return those of a case, a contact or an account, newest first."""
        ...

    async def agenda(
        self, org_id: str, *, owner_id: str, due_before_ms: int, limit: int, after: tuple[int, str] = (0, "")
    ) -> Sequence[Activity]:
        """Return what is open and due before a time, soonest first."""
        ...

    async def someday(self, org_id: str, *, owner_id: str, limit: int) -> Sequence[Activity]:
        """Return what is open and has no due time."""
        ...

    async def create(self, noun: Activity) -> Activity:
        """Keep a new one; raise InvalidInput when what it refers to is not there."""
        ...

    async def change(
        self, org_id: str, noun_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> Activity:
        """Change one under its version; raise NotFound, InvalidInput, Conflict."""
        ...

    async def delete(self, org_id: str, noun_id: str) -> None:
        """Delete one; raise NotFound."""
        ...


class Reminding(Protocol):
    """Remind in SQL."""

    async def remind(self, org_id: str, *, now_ms: int, limit: int) -> Sequence[Activity]:
        """Remind the owners of what is due for it, once; return what they were reminded of."""
        ...


class Activities:
    """Write and list tasks and events."""

    def __init__(self, *, record: ActivityRecord, clock: Clock, new_id: NewId) -> None:
        self.record = record
        self._clock = clock
        self.new_id = new_id

    def now_ms(self) -> int:
        """Return the time."""
        return self._clock.now_ms()

    async def add(self, activity: Activity) -> Activity:
        """Keep a new activity; raise InvalidInput."""
        return await self.record.create(_checked(activity))

    async def change(self, org_id: str, activity_id: str, *, version: int, changes: Mapping[str, object]) -> Activity:
        """Change an activity; raise NotFound, InvalidInput, Conflict (``stale-version``, ``illegal-status``).

        Another reminder, or one for what is open again, is given again.
        """
        before = await self.record.get(org_id, activity_id)
        now_ms = self._clock.now_ms()
        after = _checked(replace(before, **changes))  # type: ignore[arg-type]  # named by the border's model
        wanted = {**changes, "due_ms": after.due_ms, **_consequences(before, after, now_ms)}
        return await self.record.change(org_id, activity_id, version=version, changes=wanted, now_ms=now_ms)


def _checked(activity: Activity) -> Activity:
    """Return the activity with its due time; raise InvalidInput when its times do not fit."""
    if activity.kind is ActivityKind.TASK:
        if activity.starts_ms or activity.ends_ms:
            raise InvalidInput("A task has a due time, not a start and an end.", field="starts_at")
        return activity
    if not activity.starts_ms or activity.ends_ms < activity.starts_ms:
        raise InvalidInput("An event needs a start, and an end that is not before it.", field="ends_at")
    return replace(activity, due_ms=activity.starts_ms)


def _consequences(before: Activity, after: Activity, now_ms: int) -> Mapping[str, object]:
    more: dict[str, object] = {}
    if after.status is not before.status:
        if after.status not in ACTIVITY_CHANGES[before.status]:
            raise Conflict(f"what is {before.status} cannot become {after.status}", slug="illegal-status")
        more["done_ms"] = now_ms if after.status is ActivityStatus.DONE else 0
    if after.remind_ms != before.remind_ms:
        more["reminded_ms"] = 0
    return more


class Reminders:
    """Remind people of what they mean to do (a role; safe in several processes)."""

    name = "reminders"

    def __init__(
        self,
        *,
        record: Reminding,
        organisations: ServedOrganisations,
        clock: Clock,
        told: Callable[[str, str], None],
    ) -> None:
        """``told`` hears of everybody who was reminded: organisation and user."""
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._told = told

    async def step(self) -> float:
        """Remind one batch per organisation; return the seconds to the next look."""
        full = False
        for organisation in self._organisations.all():
            found = await self._record.remind(organisation.id, now_ms=self._clock.now_ms(), limit=BATCH)
            for owner_id in {one.owner_id for one in found}:
                self._told(organisation.id, owner_id)
            full = full or len(found) == BATCH
        return 0.0 if full else EVERY_S
