"""Where a case stands: what its status becomes by itself, and what follows from it. Pure."""

from __future__ import annotations

from engine.cases.draft import CaseRules, Draft
from engine.model.case_setup import OVER, CaseStatusKind, first_of
from engine.model.casework import SignalKind


def taken_up(draft: Draft, rules: CaseRules) -> Draft:
    """Open a new case that an agent has taken work of, and one that waited for what its customer now wrote."""
    before = draft.kind_before
    accepted = before is CaseStatusKind.NEW and draft.signalled(SignalKind.ACCEPTED)
    answered = before is CaseStatusKind.WAITING and draft.signalled(SignalKind.MESSAGE)
    opened = first_of(rules.organisation.case_statuses, CaseStatusKind.OPEN)
    if opened and (accepted or answered) and not draft.changed("status"):
        return draft.with_change("status", opened)
    return draft


def reopened(draft: Draft, rules: CaseRules) -> Draft:
    """Take a case up again that is over, because its customer wants more of it."""
    opened = first_of(rules.organisation.case_statuses, CaseStatusKind.OPEN)
    return draft.with_change("status", opened) if opened and draft.kind in OVER else draft


def standing(draft: Draft, _rules: CaseRules) -> Draft:
    """Keep since when a case is over, and how often it was taken up again. Safe to repeat within a decision."""
    before, now, was = draft.kind_before in OVER, draft.kind in OVER, draft.facts.case
    draft = draft.with_change("closed_ms", (was.closed_ms or draft.now_ms) if now else 0)
    return draft.with_change("reopened", was.reopened + int(before and not now))
