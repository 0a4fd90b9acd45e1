"""Users who are switched off are nobody to rules: a decision that names one is made again without him.

Likewise one that names somebody while others stand in for people is made again with these.

Else one rule for somebody who has left would keep its cases from being decided, and refuse what others change of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, select

from engine.model.approval import TurnState
from engine.model.casework import CaseDecision, CaseFacts, Decide, Effect
from engine.store.cases.deputy_rows import deputies_from
from engine.store.tables import users

_PEOPLE = frozenset({"user_ids", "logins"})


def without_absent(conn: Connection, decide: Decide) -> Decide:
    """Return the same function, which hears of the users that it names by itself and that are switched off.

    Costs a statement only where it gives a case an owner, or asks somebody. What a person wants is refused elsewhere.
    """

    def asked(facts: CaseFacts) -> CaseDecision:
        if facts.approvals:
            facts = _with_deputies(conn, facts)
        while True:
            decision = decide(facts)
            absent = _absent(conn, facts.case.org_id, _named(facts, decision)) - facts.absent
            known = facts
            if facts.deputies is None and _names(decision):
                facts = _with_deputies(conn, facts)
            if not absent and (facts is known or not facts.deputies):
                return decision
            facts = replace(facts, absent=facts.absent | absent)

    return asked


def _with_deputies(conn: Connection, facts: CaseFacts) -> CaseFacts:
    return replace(facts, deputies=deputies_from(conn, facts.case.org_id, facts.now_ms))


def _names(decision: CaseDecision) -> bool:
    """Say whether a decision names somebody by itself, for whom somebody else may stand in."""
    told = any(_PEOPLE & _recipients(one).keys() for one in decision.effects)
    owner = any(one.field == "owner_id" and one.to and not one.asked for one in decision.changes)
    return told or owner or bool(decision.approvals or decision.add_followers)


def _recipients(effect: Effect) -> Mapping[str, object]:
    """Return who is told; of an effect that tells nobody nothing."""
    to = effect.data.get("to")
    return to if isinstance(to, dict) else {}


def _named(facts: CaseFacts, decision: CaseDecision) -> frozenset[str]:
    owners = {str(one.to) for one in decision.changes if one.field == "owner_id" and not one.asked}
    known = {turn.user_id for one in facts.approvals for turn in one.turns}
    turns = [turn for one in decision.approvals for turn in one.turns if turn.state is TurnState.WAITING]
    return frozenset(owners | ({turn.user_id for turn in turns} - known)) - {""}


def _absent(conn: Connection, org_id: str, user_ids: frozenset[str]) -> frozenset[str]:
    if not user_ids:
        return frozenset()
    here = select(users.c.id).where(users.c.org_id == org_id, users.c.id.in_(sorted(user_ids)), users.c.active)
    return user_ids - frozenset(conn.scalars(here))
