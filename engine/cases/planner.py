"""The planner: all steps of a decision about a case, one after the other. Pure.

Each step is a module of its own and sees what those before it decided. What a person wants comes first; his change
is refused there, before anything else happens.
"""

from __future__ import annotations

from dataclasses import replace

from engine.cases.approvals import overdue, settled
from engine.cases.assignment import assignment
from engine.cases.automation import automation
from engine.cases.draft import CaseRules, Draft, Step, begin
from engine.cases.entitlement import entitlement, refund
from engine.cases.escalation import escalation
from engine.cases.milestones import milestones, milestones_again
from engine.cases.moved import moved
from engine.cases.routing import routing
from engine.cases.standing import standing, taken_up
from engine.cases.standing_in import standing_in
from engine.model.case_setup import CaseStatusKind
from engine.model.casework import CaseDecision, CaseFacts, Decide

BEFORE_RULES: tuple[Step, ...] = (entitlement, assignment, milestones, escalation)
"""What automation rules hear of; in this order."""
STEPS: tuple[Step, ...] = (*BEFORE_RULES, automation, milestones_again, routing)
"""In this order: entitlement, assignment, milestones, escalation, automation, milestones again, routing."""


def planner(rules: CaseRules, *, first: Step | None = None) -> Decide:
    """Return the function that decides by ``rules``; ``first`` is what somebody wants of the case now."""
    steps = (
        *(() if first is None else (first,)),
        overdue,
        moved,
        taken_up,
        standing,
        *STEPS,
        standing,
        refund,
        standing_in,
        settled,
    )

    def decide(facts: CaseFacts) -> CaseDecision:
        draft = begin(facts, rules.organisation.case_statuses)
        for step in steps:
            draft = step(draft, rules)
        return _at_rest(draft).finished(rules.organisation.filing)

    return decide


def _at_rest(draft: Draft) -> Draft:
    """A case that is closed for good has nothing to wait for."""
    return replace(draft, timers={}) if draft.kind is CaseStatusKind.CLOSED else draft
