"""Relations of contacts and accounts: dates are days where the organisation is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.customers.contract import Organisations, RelationRecord
from engine.errors import InvalidInput
from engine.ids import NewId
from engine.model.customer import Relation


class Relations:
    """Keep what contacts are, and were, to accounts."""

    def __init__(self, *, record: RelationRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def of_contact(self, org_id: str, contact_id: str) -> Sequence[Relation]:
        """Return a contact's relations, present and past: the direct one first, then the newest."""
        return await self._record.of_contact(org_id, contact_id)

    async def of_account(
        self, org_id: str, account_id: str, *, limit: int, before_id: str, current: bool
    ) -> Sequence[Relation]:
        """Return an account's relations, newest first; ``current``: without those that have ended."""
        current_on = self.today(org_id) if current else ""
        return await self._record.of_account(
            org_id, account_id, limit=limit, before_id=before_id, current_on=current_on
        )

    async def add(self, org_id: str, contact_id: str, account_id: str, *, values: Mapping[str, Any]) -> Relation:
        """Add a relation, or return the same one that goes on; a direct one ends the direct one of before.

        Raises InvalidInput, NotFound, Conflict.
        """
        empty = Relation(
            id=self._new_id(),
            org_id=org_id,
            contact_id=contact_id,
            account_id=account_id,
            created_ms=self._clock.now_ms(),
        )
        return await self._record.add(replace(empty, **_checked(values)), today=self.today(org_id))

    async def change(self, org_id: str, relation_id: str, *, values: Mapping[str, Any]) -> Relation:
        """Set role, dates or notes; an end date ends it. Raises InvalidInput, NotFound, Conflict."""
        return await self._record.change(org_id, relation_id, changes=_checked(values))

    def today(self, org_id: str) -> str:
        """Return the day it is where the organisation is."""
        zone = ZoneInfo(self._organisations.get(org_id).time_zone)
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, zone).date().isoformat()


def _checked(values: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("from_date", "to_date"):
        day = str(values.get(name, ""))
        try:
            wrong = bool(day) and date.fromisoformat(day).isoformat() != day
        except ValueError:
            wrong = True
        if wrong:
            raise InvalidInput("A day is written as 2026-11-22.", field=name)
    return values
