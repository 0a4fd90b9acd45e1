"""Routing: keep a case's work item in step with the case. Pure.

A routed case waits for an agent as a work item of kind ``case`` whenever it needs one: when the rules route it, when
it is reopened, when its customer writes and nobody is at it, when its owner lets go of it. This step only says that
something is to be done about the item; ``engine.cases.work`` does it after the commit, and looks then how case and
item stand. So nothing that is said here can be out of date by the time it is done.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.cases.draft import CaseRules, Draft
from engine.model.case_setup import OVER, CaseStatusKind
from engine.model.casework import EffectKind, Milestone, MilestoneState, SignalKind

ASKED = ("priority", "queue", "skills")
"""Fields of a case that its waiting item asks for."""


def routing(draft: Draft, rules: CaseRules) -> Draft:
    """Let the case's work item follow what was decided."""
    draft = _follow_board(draft, rules)
    what = _wanted(draft)
    return draft.with_new_effect(EffectKind.WORK, rules, **what) if what else draft


def _follow_board(draft: Draft, rules: CaseRules) -> Draft:
    """What a waiting item asks for is changed on the board at once, whatever kind of work it is."""
    if not draft.facts.has_work:
        return draft  # what is made later asks for what the case says then
    changed = [name for name in ASKED if draft.changed(name)]
    if _due(draft.milestones) != _due(draft.facts.milestones):
        changed.append("due")
    if not changed or draft.kind in OVER or not draft.case.queue:
        return draft
    return draft.with_new_effect(EffectKind.BOARD, rules, fields=changed)


def _due(milestones: Iterable[Milestone]) -> int:
    """Return when the next promised step is due, 0 when none runs."""
    return min((one.due_ms for one in milestones if one.due_ms and one.state is MilestoneState.RUNNING), default=0)


def _is_routed(draft: Draft) -> bool:
    return draft.case.routed or bool(draft.case.item_id)


def _is_asked(draft: Draft) -> bool:
    """Say whether a person wants the owner, not a rule that a new case went by."""
    return any(change.asked for change in draft.decision.changes if change.field == "owner_id")


def _wanted(draft: Draft) -> dict[str, object]:
    """Return what is to be done about the item: empty = nothing.

    ``open``: it may be made; ``give``: its owner was changed to this one (``to``); ``resume``: it need not stay parked.
    """
    opened = bool(draft.signalled(SignalKind.OPENED))
    given = draft.changed("owner_id") and (_is_asked(draft) or not opened)
    if not _is_routed(draft) and not given and not draft.changed("routed"):
        return {}
    now, before = draft.kind, draft.kind_before
    wrote = bool(draft.signalled(SignalKind.MESSAGE))
    back = before is CaseStatusKind.WAITING and now is not CaseStatusKind.WAITING
    begun = draft.changed("routed") or opened or back or (before in OVER and now not in OVER)
    let_go = draft.changed("owner_id") and not draft.case.owner_id
    ended = bool(draft.signalled(SignalKind.ENDED))
    asks_again = (draft.changed("queue") or ended) and not draft.case.owner_id
    what: dict[str, object] = {}
    if draft.case.routed and now not in OVER and (begun or wrote or let_go or asks_again):
        what["open"] = True
    if given:
        what |= {"give": True, "to": draft.case.owner_id}
    if wrote or back:
        what["resume"] = True
    settled = now is not before or draft.changed("merged_into") or draft.changed("routed")
    told = any(signal.kind is SignalKind.ACCEPTED or "item_id" in signal.data for signal in draft.signals)
    return what or ({"settle": True} if settled or told else {})
