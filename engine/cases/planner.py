"""The planner: all steps of a decision about a case, one after the other. Pure.

Each step is a module of its own and sees what those before it decided. What a person wants comes first; his change
is refused there, before anything else happens.
"""

from __future__ import annotations

from dataclasses import replace

from engine.cases.draft import CaseRules, Draft, Step, begin
from engine.cases.entitlement import entitlement
from engine.model.case import CaseStatus
from engine.model.casework import CaseDecision, CaseFacts, Decide

STEPS: tuple[Step, ...] = (entitlement,)
"""In this order: entitlement, assignment, milestones, escalation, routing."""


def planner(rules: CaseRules, *, first: Step | None = None) -> Decide:
    """Return the function that decides by ``rules``; ``first`` is what somebody wants of the case now."""
    steps = STEPS if first is None else (first, *STEPS)

    def decide(facts: CaseFacts) -> CaseDecision:
        draft = begin(facts)
        for step in steps:
            draft = step(draft, rules)
        return _at_rest(draft).finished()

    return decide


def _at_rest(draft: Draft) -> Draft:
    """A case that is closed for good has nothing to wait for."""
    return replace(draft, timers={}) if draft.case.status is CaseStatus.CLOSED else draft
