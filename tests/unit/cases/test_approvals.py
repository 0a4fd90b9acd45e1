"""What needs a yes is not done without it; who is asked, what he may do, and what time does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.cases.macro_step import Asked, applied
from engine.errors import Conflict, CordboardError
from engine.model.approval import ApprovalState, Need, NewApproval, Then, TurnState
from engine.model.casework import EffectKind
from engine.model.escalation import Action, ActionKind, EscalationStep, RuleSet, Trigger, TriggerKind
from engine.model.macro import Macro, MacroAction
from tests.unit.cases.approval_world import HOUR, NOON, World, at_least, equal, organisation, process, step

BIG: dict[str, Any] = {"fields": {"refund": 150}}
SET_BIG = Action(kind=ActionKind.SET, fields={"refund": 150})
ASKED = NewApproval(process="refund", changes=BIG, reason="{case.number}")
ASK_BIG = Action(kind=ActionKind.ASK_APPROVAL, approval=ASKED)
ASK_WRONG = Action(kind=ActionKind.ASK_APPROVAL, approval=NewApproval(process="refund", changes={"status": "none"}))


def world(*steps: object, **changes: object) -> World:
    return World(organisation=organisation(process(*steps, **changes)))  # type: ignore[arg-type]


def slug_of(deed: Callable[[], object]) -> str:
    with pytest.raises(CordboardError) as refused:
        deed()
    return refused.value.slug


def test_a_guarded_change_is_refused_and_says_what_to_do() -> None:
    here = world()
    with pytest.raises(Conflict) as refused:
        here.change(**BIG)
    assert refused.value.slug == "needs-approval"
    assert refused.value.fields["processes"] == [{"key": "refund", "name": "Refund"}]
    assert "POST /api/v1/cases/c/approvals" in refused.value.mend
    here.change(fields={"refund": 99})
    assert here.refund == 99


def test_who_brings_a_case_under_a_process_with_what_it_has_needs_the_yes() -> None:
    here = world(when=equal("queue", "sales"))
    here.case = replace(here.case, queue="support")
    here.change(**BIG)  # it is for other cases: free
    here.change(subject="Green tea")
    assert slug_of(lambda: here.change(queue="sales")) == "needs-approval"
    here.change(fields={"refund": 10})
    here.change(queue="sales")


@pytest.mark.parametrize(
    ("changes", "free"),
    [
        ({"subject": "Green tea"}, True),  # of a case with a great refund: nothing to do with it
        ({"fields": {"refund": 120}}, False),  # another great one
        ({"fields": {"refund": 10}}, True),
        ({"fields": {"refund": None}}, True),
    ],
)
def test_only_the_change_itself_is_guarded(changes: dict[str, object], free: bool) -> None:
    here = world()
    here.case = replace(here.case, fields={"refund": 150})
    if free:
        here.change(**changes)
    else:
        assert slug_of(lambda: here.change(**changes)) == "needs-approval"


def test_a_process_is_for_the_cases_it_names_as_they_are_or_would_be() -> None:
    here = world(when=equal("queue", "sales"))
    here.change(**BIG)
    assert here.refund == 150
    moved = world(when=equal("queue", "sales"))
    assert slug_of(lambda: moved.change(queue="sales", **BIG)) == "needs-approval"
    moved.case = replace(moved.case, queue="sales")
    assert slug_of(lambda: moved.change(queue="support", **BIG)) == "needs-approval"


def test_of_two_processes_for_one_field_the_first_counts_and_other_fields_need_theirs() -> None:
    low, high = process(key="refund"), process(key="huge", changes=at_least("fields.refund", 500))
    urgent = process(key="urgent", changes=at_least("priority", 10))
    here = World(organisation=organisation(low, high, urgent))
    with pytest.raises(Conflict) as refused:
        here.change(priority=20, fields={"refund": 900})
    assert [one["key"] for one in refused.value.fields["processes"]] == ["refund", "urgent"]  # type: ignore[attr-defined]
    assert slug_of(lambda: here.ask("refund", priority=20, **BIG)) == "needs-approval"
    assert slug_of(lambda: here.ask("huge", fields={"refund": 900})) == "needs-approval"
    here.answer(here.ask("refund", fields={"refund": 900}), "lea")
    assert here.refund == 900


def test_the_change_is_made_with_the_yes_and_told() -> None:
    here = world()
    one = here.ask(**BIG)
    assert here.asked_now(one) == ["lea"]
    assert "refund" not in here.case.fields
    done = here.answer(one, "lea", version=1)
    assert (done.state, done.version, here.refund) == (ApprovalState.APPROVED, 2, 150)
    assert [kind for kind, _ in here.lines] == ["approval_asked", "approval_answered", "approval_ended"]
    alerts = [(data["alert"], data["to"]) for kind, data in here.told if kind is EffectKind.CONSOLE]
    assert alerts == [("approval-asked", {"user_ids": ["id-lea"]}), ("approval-ended", {"user_ids": ["id-ana"]})]


def test_mail_and_webhook_are_told_where_the_process_says_so() -> None:
    here = world(email=True, webhook="erp")
    here.answer(here.ask(**BIG), "lea")
    kinds = [EffectKind.CONSOLE, EffectKind.EMAIL, EffectKind.WEBHOOK]
    assert [kind for kind, _ in here.told] == kinds * 2
    events = [(data["event"], data["webhook"], data["state"]) for _, data in here.told if "event" in data]
    assert events == [("approval.asked", "erp", "waiting"), ("approval.ended", "erp", "approved")]


@pytest.mark.parametrize(
    ("asker", "owner", "by", "need", "turns"),
    [
        ("ana", "", ("team_lead",), Need.ANY, ["lea"]),
        ("lea", "", ("team_lead",), Need.ANY, ["role:supervisor"]),  # not himself
        ("lea", "", ("team_lead", "ben"), Need.ANY, ["ben"]),
        ("lea", "", ("team_lead", "ben"), Need.ALL, ["role:supervisor", "ben"]),  # a yes that is needed is not left out
        ("ana", "ben", ("owner_lead",), Need.ANY, ["lea"]),
        ("ana", "ada", ("owner_lead",), Need.ANY, ["role:supervisor"]),
        ("ana", "", ("role:admin", "sue", "sue"), Need.ANY, ["role:admin", "sue"]),
        ("", "", ("team_lead",), Need.ANY, ["lea"]),
    ],
)
def test_who_is_asked(asker: str, owner: str, by: tuple[str, ...], need: Need, turns: list[str]) -> None:
    here = world(step(*by, need=need))
    here.case = replace(here.case, owner_id=f"id-{owner}" if owner else "")
    assert here.asked_now(here.ask(by=asker, **BIG)) == turns


@pytest.mark.parametrize(
    ("by", "slug"),
    [("ana", "not-approver"), ("ben", "not-approver"), ("lea", ""), ("sue", "not-approver"), ("ada", "not-approver")],
)
def test_only_whose_turn_it_is_answers(by: str, slug: str) -> None:
    here = world()
    one = here.ask(**BIG)
    if slug:
        assert slug_of(lambda: here.answer(one, by)) == slug
    else:
        assert here.answer(one, by, yes=False).state is ApprovalState.REFUSED
    assert here.refund is None


@pytest.mark.parametrize(("own", "slug"), [(True, ""), (False, "not-approver")])
def test_who_asked_answers_only_where_he_may(own: bool, slug: str) -> None:
    here = world(step("role:supervisor"), asker_may_approve=own)
    one = here.ask(by="sue", **BIG)
    if slug:
        assert slug_of(lambda: here.answer(one, "sue")) == slug
        here.answer(one, "ada")  # of a role above
    else:
        here.answer(one, "sue")
    assert here.refund == 150


def test_all_of_a_step_have_to_say_yes_each_for_himself() -> None:
    here = world(step("lea", "role:supervisor", need=Need.ALL), step("role:admin"))
    one = here.ask(**BIG)
    here.answer(one, "lea")
    assert slug_of(lambda: here.answer(one, "lea")) == "not-approver"
    here.answer(one, "sue")
    assert (here.asked_now(one), here.refund) == (["role:admin"], None)
    assert here.answer(one, "ada").state is ApprovalState.APPROVED
    assert here.refund == 150


def test_steps_are_for_the_case_as_it_would_be() -> None:
    steps = (step("lea"), step("sue", when=at_least("fields.refund", 500)), step("ada", when=equal("status", "new")))
    small, great = world(*steps), world(*steps)
    assert small.answer(small.ask(**BIG), "lea").state is ApprovalState.APPROVED
    one = great.ask(fields={"refund": 900})
    great.answer(one, "lea")
    assert great.asked_now(one) == ["sue"]
    none = world(step("lea", when=equal("status", "new")), step("sue", when=equal("status", "new")))
    assert none.asked_now(none.ask(**BIG)) == ["sue"]  # somebody has to say yes


def test_what_is_asked_for_is_tried_as_a_real_change() -> None:
    here = world(changes=equal("status", "closed"))
    here.case = replace(here.case, status="resolved")
    assert slug_of(lambda: here.ask(status="waiting")) == "illegal-status"
    assert slug_of(lambda: here.ask(fields={"refund": -1})) == "invalid-input"
    assert slug_of(lambda: here.ask("none")) == "unknown-process"
    assert slug_of(lambda: here.ask(macro="none")) == "unknown-macro"
    here.ask()
    assert slug_of(here.ask) == "approval-waiting"
    elsewhere = world(when=equal("queue", "sales"))
    assert slug_of(lambda: elsewhere.ask(**BIG)) == "approval-not-offered"
    elsewhere.case = replace(elsewhere.case, status="closed", queue="sales")
    assert slug_of(lambda: elsewhere.ask(**BIG)) == "approval-not-offered"


def test_what_is_not_possible_by_then_has_failed_and_says_why() -> None:
    here = world(changes=equal("status", "waiting"))
    one = here.ask(status="waiting")
    here.change(status="resolved")
    done = here.answer(one, "lea")
    assert (done.state, here.case.status) == (ApprovalState.FAILED, "resolved")
    assert "cannot become" in done.fault
    here.refused = "there is no user x"
    other = world()
    asked = other.ask(**BIG)
    other.refused = "there is no user x"
    assert other.answer(asked, "lea").fault == "there is no user x"
    assert other.refund is None


def test_a_turn_is_handed_on_and_never_around_in_a_circle() -> None:
    here = world()
    one = here.ask(**BIG)
    assert slug_of(lambda: here.delegate(one, "ben", "sue")) == "not-approver"
    assert slug_of(lambda: here.delegate(one, "lea", "ana")) == "invalid-input"
    assert slug_of(lambda: here.delegate(one, "lea", "lea")) == "delegation-circle"
    after = here.delegate(one, "lea", "ben")
    assert [turn.state for turn in after.turns] == [TurnState.DELEGATED, TurnState.WAITING]
    assert slug_of(lambda: here.delegate(one, "ben", "lea")) == "delegation-circle"
    assert slug_of(lambda: here.answer(one, "lea")) == "not-approver"
    here.delegate(one, "sue", "ada")  # a supervisor, for whoever is away
    assert here.asked_now(one) == ["ada"]
    assert here.answer(one, "ada").state is ApprovalState.APPROVED


def test_a_turn_is_not_handed_to_who_has_said_yes_in_the_step() -> None:
    here = world(step("lea", "ben", need=Need.ALL))
    one = here.ask(**BIG)
    here.answer(one, "ben")
    assert slug_of(lambda: here.delegate(one, "lea", "ben")) == "delegation-circle"  # he could not answer again


def test_who_asked_does_not_choose_who_answers() -> None:
    here = world(step("lea"))
    one = here.ask(by="sue", **BIG)
    assert slug_of(lambda: here.delegate(one, "sue", "ben")) == "not-approver"
    assert slug_of(lambda: here.delegate(one, "sue", "ben", turn=1)) == "not-approver"
    assert slug_of(lambda: here.delegate(one, "ada", "ben", turn=2)) == "invalid-input"
    here.delegate(one, "ada", "ben", turn=1)
    own = world(step("lea"), asker_may_approve=True)
    own.delegate(own.ask(by="sue", **BIG), "sue", "ben")


def test_the_turn_of_a_role_is_handed_on_by_who_has_it() -> None:
    here = world(step("role:admin"))
    one = here.ask(**BIG)
    assert slug_of(lambda: here.delegate(one, "sue", "ben")) == "not-approver"
    here.delegate(one, "ada", "sue")
    assert here.asked_now(one) == ["sue"]


@pytest.mark.parametrize(("by", "slug"), [("ana", ""), ("sue", ""), ("lea", "not-approver"), ("ben", "not-approver")])
def test_who_asked_or_a_supervisor_takes_it_back(by: str, slug: str) -> None:
    here = world()
    one = here.ask(**BIG)
    if slug:
        assert slug_of(lambda: here.withdraw(one, by)) == slug
    else:
        assert here.withdraw(one, by).state is ApprovalState.WITHDRAWN
        assert slug_of(lambda: here.answer(one, "lea")) == "approval-over"


def test_who_comes_second_is_told() -> None:
    here = world(step("lea", "ben"), step("role:supervisor"))
    one = here.ask(**BIG)
    here.answer(one, "lea", version=1)
    assert slug_of(lambda: here.answer(one, "ben", version=1)) == "stale-version"


@pytest.mark.parametrize(
    ("then", "state", "refund"),
    [(Then.REFUSE, ApprovalState.TIMED_OUT, None), (Then.APPROVE, ApprovalState.APPROVED, 150)],
)
def test_the_end_of_its_time_counts_as_of_then(then: Then, state: ApprovalState, refund: object) -> None:
    here = world(step("lea", timeout_ms=2 * HOUR, then=then))
    one = here.ask(**BIG)
    assert here.timers == {f"approval:{one.id}": NOON + 2 * HOUR}
    here.wait(5 * HOUR)
    done = here.approvals[one.id]
    assert (done.state, done.decided_ms, here.refund) == (state, NOON + 2 * HOUR, refund)
    assert here.timers == {}


def test_an_answer_after_the_time_is_too_late_though_nobody_has_looked() -> None:
    here = world(step("lea", timeout_ms=HOUR))
    one = here.ask(**BIG)
    here.now_ms += HOUR
    assert slug_of(lambda: here.answer(one, "lea")) == "approval-over"
    assert here.ask(**BIG).id != one.id  # what is over by then is in nobody's way
    assert here.approvals[one.id].state is ApprovalState.TIMED_OUT


def test_further_steps_take_over_one_after_the_other_in_business_time() -> None:
    late = {"timeout_ms": 4 * HOUR, "hours": "office"}
    here = world(step("lea", then=Then.NEXT, **late), step("sue", then=Then.NEXT, **late), step("ada", **late))
    one = here.ask(**BIG)
    assert one.due_ms == NOON + 4 * HOUR  # Friday, 16:00
    here.wait(3 * 24 * HOUR)  # Monday, 12:00; Sue had until 12:00
    assert here.asked_now(one) == ["ada"]
    due = [turn.decided_ms for turn in here.approvals[one.id].turns if turn.state is TurnState.TIMED_OUT]
    assert due == [NOON + 4 * HOUR, NOON + 3 * 24 * HOUR]
    assert here.answer(one, "ada").state is ApprovalState.APPROVED


def test_a_step_that_is_asked_instead_is_left_out_where_the_one_before_answered() -> None:
    steps = (step("lea", timeout_ms=HOUR, then=Then.NEXT), step("sue", instead=True))
    in_time, late = world(*steps), world(*steps)
    assert in_time.answer(in_time.ask(**BIG), "lea").state is ApprovalState.APPROVED
    one = late.ask(**BIG)
    late.wait(HOUR)
    assert late.asked_now(one) == ["sue"]
    assert late.answer(one, "sue").state is ApprovalState.APPROVED


def test_a_time_that_goes_on_to_nobody_refuses() -> None:
    here = world(step("lea", timeout_ms=HOUR, then=Then.NEXT), step("sue", when=equal("status", "new")))
    one = here.ask(**BIG)
    here.wait(HOUR)
    assert (here.approvals[one.id].state, here.refund) == (ApprovalState.TIMED_OUT, None)


def test_who_does_not_answer_is_reminded_and_not_for_what_was_slept_through() -> None:
    here = world(step("lea", timeout_ms=24 * HOUR, remind_ms=2 * HOUR))
    one = here.ask(**BIG)
    here.wait(5 * HOUR)
    reminded = [data for _, data in here.told if data["alert"] == "approval-reminded"]
    assert [data["to"] for data in reminded] == [{"user_ids": ["id-lea"]}]
    assert here.timers == {f"approval:{one.id}": NOON + 24 * HOUR, f"approval:{one.id}/remind": NOON + 6 * HOUR}


@pytest.mark.parametrize("changes", [{"status": "closed"}, {"merged_into": "k"}])
def test_a_case_that_is_over_for_good_waits_for_nothing(changes: dict[str, object]) -> None:
    here = world(step("lea", timeout_ms=HOUR))
    one = here.ask(**BIG)
    here.case = replace(here.case, **changes)  # type: ignore[arg-type]
    here.decide()
    assert (here.approvals[one.id].state, here.timers) == (ApprovalState.WITHDRAWN, {})


def test_a_process_that_is_configured_no_more_can_still_be_ended() -> None:
    here = world()
    one = here.ask(**BIG)
    here.organisation = organisation()
    assert here.answer(one, "lea", yes=False).state is ApprovalState.REFUSED


def macros(*actions: Action, **changes: object) -> World:
    macro = Macro(key="refund-all", name="Refund all", actions=tuple(MacroAction(action=one) for one in actions))
    made = organisation(process(**changes), macros={"refund-all": macro})  # type: ignore[arg-type]
    return World(organisation=made)


def run(here: World) -> None:
    asked = Asked(actor_id="id-ana", agent_name="Ana", once="1")
    here.decide(applied(here.organisation.macros["refund-all"], asked))


def test_a_macro_that_does_what_is_guarded_is_refused_and_done_once_approved() -> None:
    here = macros(SET_BIG)
    assert slug_of(lambda: run(here)) == "needs-approval"
    here.answer(here.ask(macro="refund-all"), "lea")
    assert here.refund == 150
    named = macros(Action(kind=ActionKind.RAISE_PRIORITY, points=1), macros=frozenset({"refund-all"}))
    assert slug_of(lambda: run(named)) == "needs-approval"
    named.answer(named.ask(macro="refund-all"), "lea")
    assert named.case.priority == 1


def test_a_macro_and_a_rule_ask_themselves() -> None:
    here = macros(ASK_BIG)
    run(here)
    (one,) = here.approvals.values()
    assert (one.asked_by, one.reason, dict(one.changes)) == ("id-ana", "7", BIG)
    here.answer(one, "lea")
    assert here.refund == 150


@pytest.mark.parametrize(
    ("action", "fault"),
    [(SET_BIG, "this needs the approval refund"), (ASK_BIG, ""), (ASK_WRONG, "'none' is no status")],
)
def test_a_rule_is_passed_over_where_somebody_has_to_say_yes(action: Action, fault: str) -> None:
    steps = (EscalationStep(key="1", after_ms=0, actions=(action, Action(kind=ActionKind.RAISE_PRIORITY, points=3))),)
    rules = RuleSet(key="late", name="Late", trigger=Trigger(kind=TriggerKind.AGE, after_ms=1), steps=steps)
    here = World(organisation=organisation(process(), escalations={"late": rules}))
    here.case = replace(here.case, opened_ms=1)
    here.decide()
    told = next(data for kind, data in here.lines if kind == "escalated")
    (first, _second) = told["actions"]  # type: ignore[misc]
    assert first.get("fault", "").startswith(fault)  # type: ignore[has-type]
    assert bool(fault) == ("fault" in first)  # type: ignore[has-type]
    assert (here.refund, here.case.priority) == (None, 3)
    assert [one.asked_by for one in here.approvals.values()] == ([""] if action is ASK_BIG else [])
