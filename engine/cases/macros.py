"""Macros: what an agent does again and again, done to a case at one stroke.

A macro is one decision: all of its actions and what follows from them by rules, or nothing. It leaves a firing named
after whoever asked and his id of the request, unique per case, so that it is done once however often it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.cases.draft import CaseRules, begin
from engine.cases.macro_step import Applicable, Asked, applied, macro_of, once, tried
from engine.cases.planner import planner
from engine.cases.values import case_values
from engine.clock import Clock
from engine.ids import NewId
from engine.model.casework import CaseFacts, Decide, Decided
from engine.model.organisation import Organisation
from engine.skills.conditions import matches


class MacroRecord(Protocol):
    """Decide on cases in SQL."""

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Write what the pure function decides about the case."""
        ...

    async def facts(self, org_id: str, case_id: str, *, now_ms: int) -> CaseFacts:
        """Return what a decision would see now; raise NotFound."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Macros:
    """Say which macros a case may have, and do them."""

    def __init__(self, *, record: MacroRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def offered(self, org_id: str, case_id: str, asked: Asked) -> Sequence[Applicable]:
        """Return the macros whose condition holds, with what they would do; nothing is written. Raises NotFound."""
        facts = await self._record.facts(org_id, case_id, now_ms=self._clock.now_ms())
        rules = self._rules(org_id)
        draft = begin(facts, rules.organisation.case_statuses)
        values = case_values(draft, rules)
        fitting = (one for one in rules.organisation.macros.values() if matches(one.when, values))
        return [tried(draft, rules, one, asked) for one in fitting]

    async def run(self, org_id: str, case_id: str, key: str, asked: Asked, *, version: int = 0) -> Decided:
        """Do a macro, once by what ``asked`` names.

        Raises NotFound (``unknown-macro``, ``unknown-case``); Conflict (``stale-version``, ``macro-not-offered``);
        InvalidInput where the case would lack what it needs.
        """
        rules = self._rules(org_id)
        first = once(asked, applied(macro_of(rules.organisation, key), asked, version=version))
        decide = planner(rules, first=first)
        return await self._record.decide(org_id, case_id, decide, actor_id=asked.actor_id, now_ms=self._clock.now_ms())

    def _rules(self, org_id: str) -> CaseRules:
        return CaseRules(organisation=self._organisations.get(org_id), new_id=self._new_id)
