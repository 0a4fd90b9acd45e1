"""What is told of a case from outside, and where its escalations stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.cases.ladders import Ladder, ladders_of
from engine.clock import Clock
from engine.model.case import CaseEvent
from engine.model.casework import Firing
from engine.model.organisation import Organisation


class HappeningRecord(Protocol):
    """Keep events in SQL; each method is one transaction."""

    async def tell(
        self,
        org_id: str,
        case_id: str,
        *,
        name: str,
        data: Mapping[str, object],
        actor_id: str,
        client_id: str,
        now_ms: int,
    ) -> CaseEvent:
        """Write an event and leave word for the case's clerk; the same ``client_id`` is the same event."""
        ...

    async def escalations(self, org_id: str, case_id: str) -> tuple[Sequence[Firing], Mapping[str, int]]:
        """Return a case's firings and timers; raise NotFound."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation as configured now; raise NotFound."""
        ...


class Happenings:
    """Take in events about cases."""

    def __init__(self, *, record: HappeningRecord, organisations: Organisations, clock: Clock) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock

    async def tell(
        self, org_id: str, case_id: str, *, name: str, data: Mapping[str, object], actor_id: str, client_id: str
    ) -> CaseEvent:
        """Take in an event. Idempotent by the actor's ``client_id``; raises NotFound."""
        return await self._record.tell(
            org_id,
            case_id,
            name=name,
            data=data,
            actor_id=actor_id,
            client_id=client_id,
            now_ms=self._clock.now_ms(),
        )

    async def ladders(self, org_id: str, case_id: str) -> Sequence[Ladder]:
        """Return where the case's escalations stand; raise NotFound."""
        firings, timers = await self._record.escalations(org_id, case_id)
        return ladders_of(self._organisations.get(org_id).escalations, firings, timers)
