"""What a decision about a case needs to verify its entitlement, and the counting of what it decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from sqlalchemy import Connection

from engine.errors import Unavailable
from engine.ids import NewId
from engine.model.case import Case
from engine.model.casework import CLAIM_FIELDS, RECLAIMED, CaseDecision, CaseFacts, Decide, Signal, SignalKind
from engine.model.service import Entitled, Promise
from engine.store.cases.signals import add_signal
from engine.store.customers.promises import account_line, linked_assets, move_use, promises_of

TRIES = 20
"""A decision is asked so often, while others use up what it would claim."""


class ClaimFacts(TypedDict):
    """The facts of a claim, as ``CaseFacts`` calls them."""

    promises: tuple[Promise, ...]
    account_line: tuple[str, ...]
    assets: tuple[str, ...]


_NONE = ClaimFacts(promises=(), account_line=(), assets=())


def claim_of(conn: Connection, case: Case, signals: Sequence[Signal]) -> ClaimFacts:
    """Return what the case may claim; nothing unless ``signals`` tell that this may be other than before."""
    if not any(_concerns_claim(one) for one in signals):
        return _NONE
    line = account_line(conn, case.org_id, case.account_id)
    assets = linked_assets(conn, case.org_id, case.id)
    found = promises_of(conn, case.org_id, contact_id=case.contact_id, accounts=line, assets=assets)
    return ClaimFacts(promises=tuple(found), account_line=line, assets=assets)


def _concerns_claim(signal: Signal) -> bool:
    if signal.kind is SignalKind.OPENED:
        return True
    fields = signal.data.get("fields")
    return (
        signal.kind is SignalKind.CHANGED
        and isinstance(fields, list)
        and bool({*CLAIM_FIELDS, RECLAIMED}.intersection(fields))
    )


def claimed(conn: Connection, decide: Decide, facts: Callable[[], CaseFacts]) -> tuple[CaseFacts, CaseDecision]:
    """Ask for a decision and count the entitlement that it claims; ask again where another case was faster.

    Each time the facts are read anew, under the case's lock. Raises what ``decide`` raises, and Unavailable.
    """
    for _ in range(TRIES):
        now = facts()
        decision = decide(now)
        changes = {one.field: one.to for one in decision.changes}
        if move_use(conn, now.case.org_id, now.case.entitlement_id, changes):
            return now, decision
    raise Unavailable("the entitlement is used up faster than it can be claimed", slug="store-busy")


def tell_of_claim(conn: Connection, case: Case, changed: Mapping[str, object], *, new_id: NewId, now_ms: int) -> None:
    """Have the entitlement of a case that was verified before verified anew, when what it depends on has changed.

    So also when a case changes its status that is entitled and has given its use back: it may claim it again.
    """
    fields = sorted(CLAIM_FIELDS.intersection(changed))
    if "status" in changed and case.entitled == Entitled.ENTITLED and not case.entitlement_id:
        fields.append(RECLAIMED)
    if fields and case.entitled:
        add_signal(conn, case.org_id, case.id, SignalKind.CHANGED, new_id=new_id, at_ms=now_ms, fields=fields)
