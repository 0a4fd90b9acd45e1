"""The first escalation: work unanswered for too long is raised and shown to the supervisors.

Two systems have to know: SQL (what happened) and the board (who is next). SQL goes first, in one
transaction that is unique per work item and segment; the row stays unfinished until the board has
the new priority, an absolute number, so that doing it again does no harm. A crash in between is
taken up by the next step, here or in another process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.cases.sweep import ServedOrganisations
from engine.clock import Clock
from engine.failpoints import failpoint
from engine.model.organisation import Organisation
from engine.model.record import Escalation
from engine.model.work import Outcome, Reply

BATCH = 100
EVERY_S = 0.5

SETTLED = frozenset({Outcome.OK, Outcome.REPEATED, Outcome.UNKNOWN_ITEM, Outcome.WRONG_STATE})
"""Outcomes after which the board needs nothing more: done, or the item is no longer waiting."""


class EscalationRecord(Protocol):
    """Keep escalations in SQL; each method is one transaction."""

    async def due(self, org_id: str, *, rules: Mapping[str, tuple[int, int]], now_ms: int, limit: int) -> Sequence[str]:
        """Return ids of unanswered items older than their queue's limit, not yet escalated."""
        ...

    async def escalate(
        self, org_id: str, item_id: str, *, rules: Mapping[str, tuple[int, int]], now_ms: int
    ) -> Escalation | None:
        """Write escalation, priority, case event and alert; None when another was first."""
        ...

    async def unfinished(self, org_id: str, limit: int) -> Sequence[Escalation]:
        """Return escalations the board does not know yet."""
        ...

    async def finish(self, org_id: str, escalation_id: str) -> None:
        """Mark an escalation as known to the board. Idempotent."""
        ...


class Priorities(Protocol):
    """Change the priority of waiting work."""

    async def reprioritise(self, org_id: str, item_id: str, priority: int) -> Reply:
        """Set the item's priority (absolute) at once."""
        ...


class Escalator:
    """Find late work, raise it, tell the board."""

    name = "escalate"

    def __init__(
        self,
        *,
        record: EscalationRecord,
        priorities: Priorities,
        organisations: ServedOrganisations,
        clock: Clock,
    ) -> None:
        self._record = record
        self._priorities = priorities
        self._organisations = organisations
        self._clock = clock

    async def step(self) -> float:
        """Escalate one batch per organisation; return the seconds to the next look."""
        for organisation in self._organisations.all():
            await self._raise_late(organisation)
            await self._tell_board(organisation.id)
        return EVERY_S

    async def _raise_late(self, organisation: Organisation) -> None:
        rules = {
            queue.key: (queue.escalate_after_ms, queue.escalate_priority)
            for queue in organisation.queues.values()
            if queue.escalate_after_ms
        }
        if not rules:
            return
        now_ms = self._clock.now_ms()
        for item_id in await self._record.due(organisation.id, rules=rules, now_ms=now_ms, limit=BATCH):
            await self._record.escalate(organisation.id, item_id, rules=rules, now_ms=now_ms)
            failpoint("escalation.after-commit")

    async def _tell_board(self, org_id: str) -> None:
        for escalation in await self._record.unfinished(org_id, BATCH):
            reply = await self._priorities.reprioritise(org_id, escalation.item_id, escalation.priority)
            if reply.outcome in SETTLED:
                await self._record.finish(org_id, escalation.id)
