"""Run the assignment rules on a case because somebody asks for it."""

from __future__ import annotations

from typing import Protocol

from engine.cases.assignment import assign_again
from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules, Draft
from engine.cases.planner import planner
from engine.clock import Clock
from engine.ids import NewId
from engine.model.casework import Decide, Decided
from engine.model.organisation import Organisation


class DecidedRecord(Protocol):
    """Decide on cases in SQL."""

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Write what the pure function decides about the case."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Assigning:
    """Assign cases again."""

    def __init__(self, *, record: DecidedRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def assign(self, org_id: str, case_id: str, *, version: int = 0, actor_id: str) -> Decided:
        """Let the first rule that fits decide anew, in one transaction; its line of history says which, and why.

        Its owner goes before the one there is, since a person asks. Nothing happens to a case that is over. Raises
        NotFound; Conflict (``stale-version``) unless ``version`` is the case's, or 0.
        """
        rules = CaseRules(organisation=self._organisations.get(org_id), new_id=self._new_id)

        def first(draft: Draft, rules: CaseRules) -> Draft:
            return assign_again(wanted(Wish(version=version))(draft, rules), rules)

        decide = planner(rules, first=first)
        return await self._record.decide(org_id, case_id, decide, actor_id=actor_id, now_ms=self._clock.now_ms())
