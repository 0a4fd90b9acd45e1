"""Leads: what an agent heard while he helped, handed to sales as work of its own.

Lead, work item and the case's line are one transaction; the item is put on the board after it, and swept in where a
crash comes between. So a lead reaches sales exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from engine.clock import Clock
from engine.errors import Conflict
from engine.ids import NewId
from engine.model.case import Case
from engine.model.organisation import Organisation
from engine.model.record import NewWork
from engine.model.service import Lead, LeadKind
from engine.model.visibility import EVERYTHING, Sight
from engine.model.work import WorkItem


class LeadRecord(Protocol):
    """Keep leads; each method is one transaction."""

    async def hand_over(self, lead: Lead, work: Callable[[Case, Lead], NewWork]) -> tuple[Lead, NewWork | None]:
        """Keep a lead with its work item; None: it was there before."""
        ...

    async def move(
        self, org_id: str, lead_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> Lead:
        """Change a lead under its version; raise NotFound, Conflict."""
        ...

    async def get(self, org_id: str, noun_id: str) -> Lead:
        """Return a lead; raise NotFound."""
        ...

    async def list(
        self,
        org_id: str,
        *,
        wanted: Mapping[str, str],
        limit: int,
        before_id: str | None = None,
        sight: Sight = EVERYTHING,
    ) -> Sequence[Lead]:
        """Return the newest first."""
        ...


class LeadWork(Protocol):
    """Make the work items that bring leads to sales."""

    def prepared(self, queue: str, case: Case, lead: Lead) -> NewWork:
        """Return the item, not kept yet; raise InvalidInput where nobody takes such work."""
        ...

    async def place(self, item: WorkItem) -> None:
        """Put a kept item on the board, if it is there."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Leads:
    """Hand leads to sales and follow them."""

    def __init__(self, *, record: LeadRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self.record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def hand_over(
        self,
        org_id: str,
        case_id: str,
        *,
        kind: LeadKind,
        about: Mapping[str, object],
        actor_id: str,
        client_id: str,
        work: LeadWork,
    ) -> Lead:
        """Keep a lead of a case and queue it for sales; ``about``: subject, notes, value_minor, currency.

        Idempotent by the actor's ``client_id`` on this case. Raises NotFound, Conflict (``no-sales-queue``).
        """
        queue = self._organisations.get(org_id).sales_queue
        if not queue:
            raise Conflict(
                "No queue takes leads.",
                slug="no-sales-queue",
                mend="Name one in the section leads of the configuration.",
            )
        now_ms = self._clock.now_ms()
        lead = Lead(
            id=self._new_id(),
            org_id=org_id,
            kind=kind,
            case_id=case_id,
            queue=queue,
            created_by=actor_id,
            client_id=client_id,
            created_ms=now_ms,
            updated_ms=now_ms,
            **about,  # type: ignore[arg-type] # the schema has checked the types
        )
        kept, new = await self.record.hand_over(lead, lambda case, one: work.prepared(queue, case, one))
        if new is not None:
            await work.place(new.item)
        return kept

    async def change(self, org_id: str, lead_id: str, *, version: int, changes: Mapping[str, object]) -> Lead:
        """Change a lead; raise NotFound, InvalidInput, Conflict (``stale-version``, ``illegal-status``)."""
        return await self.record.move(org_id, lead_id, version=version, changes=changes, now_ms=self._clock.now_ms())
