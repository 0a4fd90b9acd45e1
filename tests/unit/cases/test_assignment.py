"""Assignment: the first rule that fits decides, once by itself and again when it is asked for."""

from dataclasses import replace
from typing import Any

import pytest

from engine.cases.assignment import assign_again, assignment
from engine.cases.draft import CaseRules, begin
from engine.cases.values import case_values
from engine.model.assignment import AssignmentRule
from engine.model.case import Case
from engine.model.casework import CaseFacts, Signal, SignalKind
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.customer import Contact
from engine.model.service import Entitlement, EntitlementKind, Promise
from tests.organisations import small_organisation

CASE = Case(
    id="c", org_id="acme", number=1, subject="Kettle", contact_id="k", queue="sales", tags=("old",), status="open"
)
OPENED = Signal(id="s", org_id="acme", case_id="c", kind=SignalKind.OPENED, at_ms=1, data={"text": "我要退款"})
REFUND = Group(joint=Joint.ALL, parts=(Test(field="text", operator=Operator.HAS, value=("退款",)),))
GOLD = Group(joint=Joint.ALL, parts=(Test(field="tier", operator=Operator.EQUAL, value="gold"),))
LOOKED_AFTER = Contact(id="k", org_id="acme", name="Kim", tier="gold", owner_id="id-dee")
BILLING = AssignmentRule(
    name="refunds", when=REFUND, queue="support", skills={"billing": 3}, priority=5, tags=("refund",), route=True
)


def organisation(*rules: AssignmentRule) -> CaseRules:
    small = small_organisation()
    agents = {login: replace(setup, user_id=f"id-{login}") for login, setup in small.agents.items()}
    return CaseRules(organisation=replace(small, agents=agents, assignment=rules), new_id=lambda: "id")


def facts(case: Case = CASE, *signals: Signal, **changes: Any) -> CaseFacts:
    contact = Contact(id="k", org_id="acme", name="Kim", tier="gold")
    return replace(CaseFacts(case=case, now_ms=10, signals=signals, contact=contact), **changes)


def test_the_first_that_fits_decides() -> None:
    rules = organisation(AssignmentRule(name="never", when=Group(joint=Joint.ANY)), BILLING, AssignmentRule(name="all"))
    draft = assignment(begin(facts(CASE, OPENED)), rules)
    case = draft.case
    assert (case.queue, case.skills, case.priority, case.routed) == ("support", {"billing": 3}, 5, True)
    assert case.tags == ("old", "refund")
    assert {change.why for change in draft.decision.changes} == {"assignment: refunds"}


def test_the_history_says_which_and_why() -> None:
    draft = assignment(begin(facts(CASE, OPENED)), organisation(BILLING))
    (line,) = draft.decision.lines
    seen = {"field": "text", "operator": "has", "value": ["退款"], "seen": ["退款"], "held": True}
    assert (line.kind, line.data["rule"], line.data["because"]) == ("assigned", "refunds", [seen])


def test_it_happens_once() -> None:
    assert assignment(begin(facts()), organisation(BILLING)).decision == begin(facts()).decision


@pytest.mark.parametrize(
    ("owner", "owned_by", "owned", "again"),
    [
        ("ben", "", "id-ben", "id-ben"),
        ("ben", "id-ana", "id-ana", "id-ben"),
        ("account_owner", "", "id-cy", "id-cy"),
        ("contact_owner", "", "id-dee", "id-dee"),
        ("nobody", "id-ana", "id-ana", ""),
        ("gone", "id-ana", "id-ana", "id-ana"),
        ("", "id-ana", "id-ana", "id-ana"),
    ],
)
def test_an_owner_whom_a_person_has_chosen_stays(owner: str, owned_by: str, owned: str, again: str) -> None:
    rules = organisation(AssignmentRule(name="own", when=GOLD, owner=owner))
    draft = begin(facts(replace(CASE, owner_id=owned_by), OPENED, contact=LOOKED_AFTER, account_owner_id="id-cy"))
    assert assignment(draft, rules).case.owner_id == owned
    assert assign_again(draft, rules).case.owner_id == again


def test_asked_for_in_vain_it_says_so() -> None:
    draft = assign_again(begin(facts()), organisation(BILLING))
    assert [dict(line.data) for line in draft.decision.lines] == [{"rule": "", "asked": True}]


def test_a_case_that_is_over_is_left_alone() -> None:
    draft = assign_again(begin(facts(replace(CASE, status="closed"))), organisation(AssignmentRule(name="all")))
    assert draft.decision.lines == ()


@pytest.mark.parametrize("owner", ["contact_owner", "account_owner"])
@pytest.mark.parametrize("contact", [None, Contact(id="k", org_id="acme", name="Kim")])
def test_where_nobody_looks_after_the_customer_the_owner_stays(owner: str, contact: Contact | None) -> None:
    rules = organisation(AssignmentRule(name="own", owner=owner))
    draft = begin(facts(replace(CASE, owner_id="id-ana"), OPENED, contact=contact))
    assert assign_again(draft, rules).case.owner_id == "id-ana"


def test_who_looks_after_the_customer_is_seen_by_his_log_in() -> None:
    rules = organisation()
    contact = replace(LOOKED_AFTER, owner_id="id-ben")
    values = case_values(begin(facts(contact=contact, account_owner_id="id-gone")), rules)
    assert (values["contact.owner"], values["account.owner"]) == ("ben", "id-gone")
    assert {"contact.owner", "account.owner"}.isdisjoint(case_values(begin(facts()), rules))


def test_the_kind_of_the_entitlement_is_that_of_the_one_just_claimed() -> None:
    rules = organisation(
        AssignmentRule(
            name="field", when=Test(field="entitlement", operator=Operator.EQUAL, value="maintenance"), queue="support"
        )
    )
    maintained = Entitlement(id="e2", org_id="acme", name="Care", kind=EntitlementKind.MAINTENANCE)
    promises = (Promise(entitlement=maintained),)
    known = facts(replace(CASE, entitlement_id="e1"), OPENED, entitlement_kind="warranty", promises=promises)
    kept = begin(known)
    assert case_values(kept, rules)["entitlement"] == "warranty"
    assert assignment(kept, rules).case.queue == "sales"
    claimed = kept.with_change("entitlement_id", "e2", why="held")
    assert case_values(claimed, rules)["entitlement"] == "maintenance"
    assert assignment(claimed, rules).case.queue == "support"
    assert "entitlement" not in case_values(kept.with_change("entitlement_id", "", why="refunded"), rules)
