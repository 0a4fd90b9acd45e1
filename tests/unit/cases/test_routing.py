"""What the planner says is to be done about a case's work item."""

from dataclasses import replace

import pytest

from engine.cases.draft import CaseRules, Draft, begin
from engine.cases.routing import routing
from engine.model.case import Case
from engine.model.casework import CaseFacts, EffectKind, Milestone, MilestoneState, Signal, SignalKind
from tests.organisations import small_organisation

RULES = CaseRules(organisation=small_organisation(), new_id=lambda: "id")
CASE = Case(id="c", org_id="acme", number=1, subject="Kettle", contact_id="", queue="sales", status="open")
ROUTED = replace(CASE, routed=True, item_id="i", owner_id="ana")


def said(case: Case, *kinds: SignalKind, **changes: object) -> list[tuple[EffectKind, object]]:
    """Return the effects on a case to which something happened and that is changed."""
    signals = tuple(
        Signal(id=kind, org_id="acme", case_id="c", kind=kind, at_ms=1, data={"text": "hello"}) for kind in kinds
    )
    draft = begin(CaseFacts(case=case, now_ms=10, signals=signals))
    for name, to in changes.items():
        draft = draft.with_change(name, to)
    return [(effect.kind, dict(effect.data)) for effect in routing(draft, RULES).decision.effects]


@pytest.mark.parametrize("changes", [{"subject": "x"}, {"status": "waiting"}, {"tags": ("a",)}])
def test_of_a_case_that_is_not_routed_nothing_is_said(changes: dict[str, object]) -> None:
    assert said(CASE, SignalKind.MESSAGE, **changes) == []


@pytest.mark.parametrize("changes", [{}, {"subject": "x"}, {"tags": ("a",)}])
def test_what_is_no_matter_of_the_item_is_not_said(changes: dict[str, object]) -> None:
    assert said(ROUTED, **changes) == []


def test_what_waiting_work_asks_for_is_told_the_board() -> None:
    assert said(CASE, priority=4, queue="support") == [(EffectKind.BOARD, {"fields": ["priority", "queue"]})]
    assert said(CASE, priority=4, status="closed") == []


def test_another_due_time_is_told_the_board() -> None:
    one = Milestone(
        id="m",
        case_id="c",
        key="first_response",
        occurrence=1,
        plan="gold",
        hours="",
        target_ms=5,
        state=MilestoneState.RUNNING,
        started_ms=1,
        due_ms=100,
    )
    draft: Draft = begin(CaseFacts(case=CASE, now_ms=10, milestones=(one,)))
    assert routing(draft, RULES).decision.effects == ()
    met = routing(draft.with_milestones(replace(one, state=MilestoneState.MET, due_ms=0)), RULES).decision.effects
    assert [(effect.kind, effect.data) for effect in met] == [(EffectKind.BOARD, {"fields": ["due"]})]


@pytest.mark.parametrize(
    ("before", "changes", "what"),
    [
        (CASE, {"routed": True}, {"open": True}),
        (CASE, {"owner_id": "ben"}, {"give": True, "to": "ben"}),
        (ROUTED, {"routed": False}, {"settle": True}),
        (replace(ROUTED, status="resolved"), {"status": "open"}, {"open": True}),
        (replace(ROUTED, status="waiting"), {"status": "open"}, {"open": True, "resume": True}),
        (ROUTED, {"status": "waiting"}, {"settle": True}),
        (ROUTED, {"status": "closed"}, {"settle": True}),
        (ROUTED, {"merged_into": "d"}, {"settle": True}),
        (ROUTED, {"owner_id": "ben"}, {"give": True, "to": "ben"}),
        (ROUTED, {"owner_id": ""}, {"open": True, "give": True, "to": ""}),
        (replace(ROUTED, item_id=""), {"owner_id": "ben"}, {"give": True, "to": "ben"}),
    ],
)
def test_what_is_said_of_the_item(before: Case, changes: dict[str, object], what: dict[str, object]) -> None:
    assert said(before, **changes) == [(EffectKind.WORK, what)]


def test_a_customer_who_writes_brings_work_back() -> None:
    assert said(ROUTED, SignalKind.MESSAGE) == [(EffectKind.WORK, {"open": True, "resume": True})]


def test_a_case_moved_while_nobody_owns_it_waits_again() -> None:
    effects = said(replace(ROUTED, owner_id="", item_id=""), queue="support")
    assert effects == [(EffectKind.BOARD, {"fields": ["queue"]}), (EffectKind.WORK, {"open": True})]
