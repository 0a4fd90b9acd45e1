"""Automation rules fire in their order, hear what others do, are held when they are at odds, and say why."""

import pytest

from engine.cases.automation import automated, automation
from engine.cases.draft import begin
from engine.model.automation import MOST_FIRINGS, By, Enabled, OccasionKind, On, Once
from engine.model.casework import EffectKind, Firing, Milestone, MilestoneState, SignalKind
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.escalation import ActionKind, NewChild, NotifyBy
from engine.model.macro import MacroAction, QuickText, Say
from tests.unit.cases.approval_world import process
from tests.unit.cases.automation_world import (
    HOUR,
    MESSAGE,
    NOON,
    OPENED,
    Life,
    case,
    changed,
    do,
    lines,
    on,
    organisation,
    priority,
    rule,
    signal,
    status,
    tag,
    when,
)


def test_a_rule_fires_when_it_hears_and_its_condition_holds() -> None:
    life = Life(rule("vip", OPENED, priority(9), when=when(queue="sales")))
    draft = life.told(SignalKind.OPENED)
    assert draft.case.priority == 9
    (change,) = draft.decision.changes
    assert (change.why, change.asked) == ("automation: Vip", False)
    assert life.fired() == [("rule:vip", 1)]
    assert lines(draft, "automation")[0].data == {
        "rule": "vip",
        "name": "Vip",
        "occasion": {"kind": "opened"},
        "because": [{"field": "queue", "operator": "equal", "value": "sales", "seen": "sales", "held": True}],
        "actions": [{"action": "set_priority", "points": 9}],
    }
    assert life.told(SignalKind.REPLY).decision.lines == ()


def test_nothing_is_said_of_rules_that_do_not_fire() -> None:
    life = Life(
        rule("off", OPENED, priority(9), enabled=Enabled.FALSE),
        rule("other", OPENED, priority(9), when=when(queue="support")),
        rule("later", MESSAGE, priority(9)),
    )
    draft = life.told(SignalKind.OPENED)
    assert (draft.decision.changes, draft.decision.lines, draft.decision.firings) == ((), (), ())
    assert life.outcomes() == [("off", "disabled"), ("other", "condition"), ("later", "not_heard")]
    assert [one["seen"] for turn in life.turns for one in turn.because] == ["sales"]


@pytest.mark.parametrize(
    ("listens", "told", "asked"),
    [
        (MESSAGE, (SignalKind.MESSAGE, {"text": "Hi"}), {}),
        (on(OccasionKind.REPLY), (SignalKind.REPLY, {}), {}),
        (on(OccasionKind.ACCEPTED), (SignalKind.ACCEPTED, {}), {}),
        (on(OccasionKind.ENDED), (SignalKind.ENDED, {}), {}),
        (on(OccasionKind.RATED), (SignalKind.RATED, {}), {}),
        (on(OccasionKind.RATED), None, {"rating": 2}),
        (on(OccasionKind.EVENT, "parcel.lost"), (SignalKind.EVENT, {"name": "parcel.lost"}), {}),
        (changed(), None, {"queue": "support"}),
        (changed("queue", by=By.PERSON), None, {"queue": "support"}),
        (changed("owner"), None, {"owner_id": "u"}),
        (changed("fields.size"), None, {"fields": {"size": 3}}),
        (changed("fields"), None, {"fields": {"size": 3}}),
        (on(OccasionKind.RESOLVED), None, {"status": "closed"}),
        (on(OccasionKind.CLOSED), None, {"status": "closed"}),
    ],
)
def test_what_a_rule_can_listen_to(
    listens: On, told: tuple[SignalKind, dict[str, object]] | None, asked: dict[str, object]
) -> None:
    life = Life(rule("a", listens, tag("heard")))
    signals = () if told is None else (signal(told[0], **told[1]),)
    assert life.decide(*signals, **asked).case.tags == ("heard",)


@pytest.mark.parametrize(
    ("listens", "asked"),
    [
        (changed("queue"), {"priority": 3}),
        (changed("queue", by=By.RULE), {"queue": "support"}),
        (changed("queue", by=By.ENGINE), {"queue": "support"}),
        (changed("fields.size"), {"fields": {"colour": "red"}}),
        (on(OccasionKind.CLOSED), {"status": "resolved"}),
        (on(OccasionKind.REOPENED), {"status": "waiting"}),
        (on(OccasionKind.EVENT, "parcel.lost"), {}),
    ],
)
def test_what_a_rule_does_not_hear(listens: On, asked: dict[str, object]) -> None:
    life = Life(rule("a", listens, tag("heard")))
    assert life.decide(signal(SignalKind.EVENT, name="parcel.found"), **asked).case.tags == ()


def test_a_rule_may_ask_what_a_field_was() -> None:
    back = rule("back", on(OccasionKind.REOPENED), tag("again"), when=when(was_status="resolved"))
    life = Life(back, case=case(status="resolved"))
    draft = life.decide(status="open")
    assert draft.case.tags == ("again",)
    assert lines(draft, "automation")[0].data["because"] == [
        {"field": "was.status", "operator": "equal", "value": "resolved", "seen": "resolved", "held": True}
    ]


def test_a_milestone_that_is_met_or_missed_is_heard_once() -> None:
    life = Life(rule("late", on(OccasionKind.MILESTONE_MISSED, "first_response"), tag("late"), priority(5)))
    missed = Milestone(
        id="m", case_id="c", key="first_response", occurrence=1, plan="gold", hours="", target_ms=HOUR,
        state=MilestoneState.RUNNING, started_ms=NOON, missed_ms=NOON + HOUR,
    )  # fmt: skip
    draft = begin(life.facts).with_milestones(missed)
    assert automation(draft, life.rules).case.tags == ("late",)
    known = Life(rule("late", on(OccasionKind.MILESTONE_MISSED), tag("late")), milestones=(missed,))
    assert automation(begin(known.facts).with_milestones(missed), known.rules).case.tags == ()


def test_a_step_of_an_escalation_is_heard() -> None:
    life = Life(rule("told", on(OccasionKind.ESCALATED, "late"), tag("late")))
    for step, tags in (("late/begun", ()), ("late/1", ("late",)), ("other/1", ()), ("rule:late", ())):
        firing = Firing(case_id="c", step=step, occurrence=1, due_ms=NOON)
        assert automation(begin(life.facts).with_firing(firing), life.rules).case.tags == tags


# -- order --------------------------------------------------------------------------------------------------------


def test_a_case_hears_of_another_that_becomes_part_of_it() -> None:
    life = Life(rule("joined", on(OccasionKind.MERGED), tag("joined")))
    draft = begin(life.facts).with_line("merged", case_id="other", number=8)
    (turn,) = automated(draft, life.rules).turns
    assert automation(draft, life.rules).case.tags == ("joined",)
    assert turn.occasion is not None
    assert turn.occasion.told() == {"kind": "merged", "case_id": "other", "number": 8}
    for other in (begin(life.facts).with_line("merged", into="other"), begin(life.facts)):
        assert automation(other, life.rules).case.tags == ()


def test_what_a_rule_does_is_heard_by_others_in_the_same_decision() -> None:
    life = Life(
        rule("last", changed("tags"), priority(3)),  # stands first, and hears of the other in the second round
        rule("first", OPENED, tag("new")),
    )
    draft = life.told(SignalKind.OPENED)
    assert (draft.case.tags, draft.case.priority) == (("new",), 3)
    assert [one.data["rule"] for one in lines(draft, "automation")] == ["first", "last"]
    assert lines(draft, "automation")[1].data["occasion"] == {
        "kind": "changed", "name": "tags", "by": "rule", "from": [], "to": ["new"],
    }  # fmt: skip
    assert life.rounds == 3


def test_rules_are_asked_in_their_order() -> None:
    both = (rule("a", OPENED, priority(1)), rule("b", OPENED, priority(2)))
    assert Life(*both).told(SignalKind.OPENED).case.priority == 2
    assert Life(*reversed(both)).told(SignalKind.OPENED).case.priority == 1


def test_where_a_rule_stops_no_later_one_is_asked() -> None:
    life = Life(
        rule("a", OPENED, priority(1)),
        rule("b", OPENED, tag("b"), stop=True),
        rule("c", OPENED, tag("c")),
        rule("d", changed("tags"), tag("d")),
    )
    assert life.told(SignalKind.OPENED).case.tags == ("b",)
    assert life.outcomes() == [("a", "fired"), ("b", "fired"), ("c", "stopped"), ("d", "stopped")]
    assert life.turns[-1].stopped_by == "b"


def test_once_for_a_case() -> None:
    life = Life(rule("hello", MESSAGE, tag("wrote"), priority(1), once=Once.CASE))
    life.told(SignalKind.MESSAGE)
    life.decide(tags=())
    assert life.told(SignalKind.MESSAGE).case.tags == ()
    assert life.outcomes() == [("hello", "once")]


def test_several_messages_at_once_are_one_occasion() -> None:
    life = Life(rule("count", MESSAGE, do(ActionKind.RAISE_PRIORITY, points=1)))
    draft = life.decide(signal(SignalKind.MESSAGE), signal(SignalKind.MESSAGE))
    assert draft.case.priority == 1


# -- the guards ---------------------------------------------------------------------------------------------------

TO_AND_FRO = (
    rule("wait", changed("status"), status("waiting"), when=when(status="open")),
    rule("open", changed("status"), status("open"), when=when(status="waiting")),
)


def test_two_rules_that_undo_each_other_end_and_it_is_told() -> None:
    life = Life(*TO_AND_FRO, case=case(status="new"))
    draft = life.decide(status="open")
    assert draft.case.status == "open"
    assert [one.to for one in draft.decision.changes if one.field == "status"] == ["open", "waiting", "open"]
    (held,) = lines(draft, "automation_held")
    assert (held.data["rule"], held.data["reason"]) == ("wait", "again")
    assert held.data["occasion"] == {"kind": "changed", "name": "status", "by": "rule", "from": "waiting", "to": "open"}
    assert life.fired() == [("rule:wait", 1), ("rule:open", 1), ("held:wait", 1)]


def test_a_rule_does_not_hear_itself() -> None:
    life = Life(rule("up", changed("priority"), do(ActionKind.RAISE_PRIORITY, points=1)))
    draft = life.decide(priority=4)
    assert draft.case.priority == 5
    assert lines(draft, "automation_held") == []


def test_what_would_change_nothing_is_no_loop() -> None:
    life = Life(rule("tag", changed(), tag("seen")), rule("up", changed("tags"), priority(3)))
    draft = life.decide(queue="support")
    assert (draft.case.tags, draft.case.priority) == (("seen",), 3)
    assert lines(draft, "automation_held") == []


def test_a_rule_that_fires_too_often_within_an_hour_is_held_and_it_is_told_once() -> None:
    life = Life(rule("up", MESSAGE, do(ActionKind.RAISE_PRIORITY, points=1), most_per_hour=2))
    draft = [life.told(SignalKind.MESSAGE) for _ in range(5)]
    assert [one.case.priority for one in draft] == [1, 2, 2, 2, 2]
    assert [len(lines(one, "automation_held")) for one in draft] == [0, 0, 1, 0, 0]
    (held,) = lines(draft[2], "automation_held")
    assert (held.data["reason"], held.data["most_per_hour"]) == ("hour", 2)
    later = life.facts.now_ms + HOUR
    assert life.decide(signal(SignalKind.MESSAGE), now_ms=later).case.priority == 3
    assert life.decide(signal(SignalKind.MESSAGE), now_ms=later + 1).case.priority == 4
    assert len(lines(life.decide(signal(SignalKind.MESSAGE), now_ms=later + 2), "automation_held")) == 1


def test_a_rule_fires_so_often_on_a_case_and_then_no_more() -> None:
    last = Firing(case_id="c", step="rule:up", occurrence=MOST_FIRINGS, due_ms=NOON - HOUR, at_ms=NOON - 2 * HOUR)
    life = Life(rule("up", MESSAGE, priority(1)), firings=(last,))
    draft = life.told(SignalKind.MESSAGE)
    assert (draft.case.priority, lines(draft, "automation_held")[0].data["reason"]) == (0, "firings")
    assert lines(life.told(SignalKind.MESSAGE), "automation_held") == []


def test_a_chain_of_rules_has_an_end_and_it_is_told() -> None:
    first = rule("r0", OPENED, tag("t0"))
    chain = [
        rule(f"r{n}", changed("tags"), tag(f"t{n}"), when=_has(f"t{n - 1}")) for n in range(1, 20)
    ]  # in the wrong order each needs a round
    life = Life(*reversed([first, *chain]))
    draft = life.told(SignalKind.OPENED)
    assert len(draft.case.tags) == life.rounds == 10
    (held,) = lines(draft, "automation_held")
    assert (held.data["rule"], held.data["reason"]) == ("r10", "rounds")
    assert len(Life(first, *chain).told(SignalKind.OPENED).case.tags) == 20


def _has(word: str) -> Group:
    return Group(joint=Joint.ALL, parts=(Test(field="tags", operator=Operator.HAS, value=(word,)),))


def test_a_part_opens_no_parts() -> None:
    opens = rule("child", OPENED, do(ActionKind.OPEN_CHILD, child=NewChild(subject="Look at {case.number}")))
    assert [one["subject"] for one in Life(opens).told(SignalKind.OPENED).decision.children] == ["Look at 7"]
    life = Life(opens, case=case(parent_id="p"))
    draft = life.told(SignalKind.OPENED)
    assert draft.decision.children == ()
    assert "fault" in str(lines(draft, "automation")[0].data["actions"])
    assert life.facts.firings[0].why["faults"] == ["the case is a part itself"]


# -- what is done -------------------------------------------------------------------------------------------------


def test_an_action_that_cannot_be_done_is_passed_over_and_said() -> None:
    life = Life(rule("a", OPENED, status("new"), tag("done")))
    draft = life.told(SignalKind.OPENED)
    assert draft.case.tags == ("done",)
    assert lines(draft, "automation")[0].data["actions"] == [
        {"action": "set_status", "status": "new", "fault": "open cannot become new"},
        {"action": "add_tags", "tags": ["done"]},
    ]


def test_what_needs_a_yes_is_passed_over_and_said() -> None:
    guard = {"refund": process()}
    wants = rule("a", OPENED, do(ActionKind.SET, fields={"refund": 150}), tag("done"))
    life = Life(of=organisation(wants, approvals=guard))
    draft = life.told(SignalKind.OPENED)
    assert (draft.case.fields, draft.case.tags) == ({}, ("done",))
    assert life.facts.firings[0].why["faults"] == ["this needs the approval refund"]


def test_filing_and_telling() -> None:
    told = do(ActionKind.NOTIFY, by=NotifyBy.CONSOLE, to=("supervisors",), text="{rule.name}: {case.subject}")
    life = Life(
        rule("a", OPENED, do(ActionKind.SET_TEAM, team="support"), do(ActionKind.SET_TYPE, type="none"), told),
        rule("b", changed("team"), do(ActionKind.REMOVE_TAGS, tags=("old",)), do(ActionKind.ASSIGN, who="team_lead")),
        case=case(tags=("old", "kept")),
    )
    draft = life.told(SignalKind.OPENED)
    assert (draft.case.team, draft.case.tags, draft.case.owner_id) == ("support", ("kept",), "id-sue")
    (effect,) = draft.decision.effects
    assert (effect.kind, effect.data["text"], effect.data["rule_set"]) == (EffectKind.CONSOLE, "A: Broken kettle", "a")


def test_what_a_rule_says_to_the_customer_is_no_answer() -> None:
    hello = QuickText(key="hello", name="Hello", text="{agent.name} has your message about {case.subject}.")
    says = rule("ack", MESSAGE, MacroAction(say=Say(quick_text="hello", public=True)), once=Once.CASE)
    answered = rule("answered", on(OccasionKind.REPLY), tag("answered"))
    life = Life(of=organisation(says, answered, quick_texts={"hello": hello}))
    draft = life.told(SignalKind.MESSAGE)
    (line,) = lines(draft, "comment")
    assert line.data == {"body": "Acme has your message about Broken kettle.", "public": True}
    assert draft.case.tags == ()


def test_a_dry_run_says_what_it_would_do_and_does_nothing() -> None:
    dry = rule("dry", OPENED, priority(9), tag("x"), enabled=Enabled.DRY_RUN, once=Once.CASE, stop=True)
    life = Life(dry, rule("next", changed("priority"), tag("heard")), rule("other", OPENED, tag("other")))
    draft = life.told(SignalKind.OPENED)
    assert (draft.case.priority, draft.case.tags) == (0, ("other",))
    line = lines(draft, "automation")[0]
    assert (line.data["dry_run"], line.data["changes"]) == (
        True,
        [{"field": "priority", "from": 0, "to": 9}, {"field": "tags", "from": (), "to": ("x",)}],
    )
    assert life.fired()[0] == ("dry:dry", 1)
    assert life.outcomes()[:1] == [("dry", "would_fire")]
    switched_on = Life(rule("dry", OPENED, priority(9), once=Once.CASE), firings=life.facts.firings)
    assert switched_on.told(SignalKind.OPENED).case.priority == 9


def test_a_merged_case_and_one_without_rules_are_left_alone() -> None:
    life = Life(rule("a", OPENED, tag("x")), case=case(merged_into="d"))
    draft = begin(life.facts)
    assert automation(draft, life.rules) is draft
    bare = Life()
    draft = begin(bare.facts)
    assert automation(draft, bare.rules) is draft
