"""Deputies answer for who is away: a turn that waits goes to who stands in. A step of the planner; pure.

Nobody is asked about what he asked for himself, nor twice in one step; then the turn stays with who is away. Nor does
who asks choose who answers: whom he wrote down as somebody's deputy is not asked about it. A period that begins later
is a timer of the case, so that a turn that waits is handed on when it begins.
"""

from __future__ import annotations

from engine.cases.approvals import check_circle, process_for
from engine.cases.draft import CaseRules, Draft
from engine.cases.people import deputy_of
from engine.cases.turns import Handed, hand_on
from engine.errors import Conflict
from engine.model.approval import Approval, Turn
from engine.model.case_setup import CaseStatusKind

TIMERS = "deputy"


def standing_in(draft: Draft, rules: CaseRules) -> Draft:
    """Hand on the turns of who is away, and wait for who will be."""
    if draft.kind is CaseStatusKind.CLOSED or draft.case.merged_into:
        return draft.with_timers(TIMERS, {})
    for approval in draft.approvals:
        for turn in approval.waiting:
            draft = _handed_on(draft, rules, approval.id, turn)
    return draft.with_timers(TIMERS, _later(draft))


def _handed_on(draft: Draft, rules: CaseRules, approval_id: str, turn: Turn) -> Draft:
    approval = next(one for one in draft.approvals if one.id == approval_id)
    process = process_for(rules, approval)
    asker = "" if process.asker_may_approve else approval.asked_by
    deputy_id = deputy_of(draft, turn.user_id, not_by=asker) if turn.user_id else ""
    if not deputy_id or deputy_id == asker or not _may_stand_in(approval, turn, deputy_id):
        return draft
    return hand_on(draft, rules, approval, turn, Handed(process=process, to=deputy_id))


def _may_stand_in(approval: Approval, turn: Turn, deputy_id: str) -> bool:
    try:
        check_circle(approval, turn, deputy_id)
    except Conflict:
        return False
    return True


def _later(draft: Draft) -> dict[str, int]:
    """Return when periods begin of whose turn waits, by the deputy's id."""
    asked = {turn.user_id for one in draft.approvals for turn in one.waiting}
    coming = (one for one in draft.facts.deputies or () if one.user_id in asked and one.from_ms > draft.now_ms)
    return {one.id: one.from_ms for one in coming}
