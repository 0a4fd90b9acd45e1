"""Is the case entitled to service, and by what? A step of the planner. Pure.

Asked when a case is opened, and again when its contact, account or assets change. What counts is the day on which the
case was opened. A use is counted by the record when the case gets the entitlement, and given back when it gets another
one, is found to be another case, or turns out to be none (``refunds_use``). A case that stands in such a status is told
by being entitled without an entitlement; when it leaves it, the record signals that, and it claims anew.
"""

from __future__ import annotations

from engine.cases.draft import CaseRules, Draft
from engine.model.casework import CLAIM_FIELDS, RECLAIMED, SignalKind
from engine.model.service import Entitled
from engine.skills.entitlement import Claim, channel_names, day_of, verify

REFUNDED = "refunded"
"""Why a case's entitlement is empty, in its history."""


def entitlement(draft: Draft, rules: CaseRules) -> Draft:
    """Verify the case's entitlement where that is asked; its plan follows from it."""
    if draft.case.merged_into:
        return draft.with_change("entitlement_id", "", why="merged")
    if not _asked(draft):
        return draft
    facts, case = draft.facts, draft.case
    claim = Claim(
        on=day_of(rules.organisation, case.opened_ms),
        channels=channel_names(rules.organisation, case.origin),
        contact_id=case.contact_id,
        accounts=facts.account_line,
        assets=facts.assets,
        held=facts.case.entitlement_id,
    )
    verdict = verify(facts.promises, claim)
    usable = verdict.entitled is Entitled.ENTITLED and not draft.refunded
    held = verdict.entitlement.id if usable and verdict.entitlement else ""
    why = verdict.reason.value
    draft = draft.with_change("entitled", verdict.entitled.value, why=why)
    if held == case.entitlement_id:
        return draft
    return draft.with_change("entitlement_id", held, why=why).with_change("plan", verdict.plan, why="entitlement")


def refund(draft: Draft, _rules: CaseRules) -> Draft:
    """Give back the use of a case whose status says that it was none. Last of the steps: any of them may change it."""
    return draft.with_change("entitlement_id", "", why=REFUNDED) if draft.refunded else draft


def _asked(draft: Draft) -> bool:
    if draft.signalled(SignalKind.OPENED):
        return True
    fields = [_names(one.data.get("fields")) for one in draft.signalled(SignalKind.CHANGED)]
    return any(one & (CLAIM_FIELDS | {RECLAIMED}) for one in fields)


def _names(fields: object) -> frozenset[str]:
    return frozenset(fields) if isinstance(fields, list | tuple) else frozenset()
