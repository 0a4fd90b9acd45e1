"""Ladders that rules and macros begin: at once, one at a time, heard by other rules, with their cause."""

from typing import cast

import pytest

from engine.cases.deeds import Cause, do
from engine.cases.draft import Draft, begin
from engine.cases.escalation import escalation, escalation_again
from engine.model.automation import Enabled, OccasionKind
from engine.model.casework import Firing, SignalKind
from engine.model.escalation import Action, ActionKind, EscalationStep, RuleSet, Trigger, TriggerKind, Until
from tests.unit.cases.automation_world import (
    HOUR,
    MESSAGE,
    NOON,
    Life,
    case,
    lines,
    on,
    organisation,
    priority,
    rule,
    status,
    tag,
    when,
)
from tests.unit.cases.automation_world import do as doing

BEGIN = doing(ActionKind.ESCALATE, rule_set="call")
RAISE = Action(kind=ActionKind.RAISE_PRIORITY, points=5)
ASKED = Trigger(kind=TriggerKind.ACTION)


def rung(key: str, after_ms: int = 0) -> EscalationStep:
    return EscalationStep(key=key, after_ms=after_ms, actions=(RAISE,))


def ladder(*steps: EscalationStep, trigger: Trigger = ASKED, **more: object) -> RuleSet:
    rungs = steps or (rung("now"), rung("later", HOUR))
    return RuleSet(key="call", name="Call him", trigger=trigger, steps=rungs, **more)  # type: ignore[arg-type]


def life(rule_set: RuleSet, *rules: object, **facts: object) -> Life:
    made = rules or (rule("a", MESSAGE, BEGIN),)
    return Life(of=organisation(*made, escalations={"call": rule_set}), **facts)  # type: ignore[arg-type]


def action_of(draft: Draft) -> dict[str, object]:
    """Return what the history says of the only action of the rule that fired."""
    (action,) = cast("list[dict[str, object]]", lines(draft, "automation")[0].data["actions"])
    return action


def test_a_rule_begins_a_ladder_whose_steps_are_taken_at_once_and_later() -> None:
    here = life(ladder())
    draft = here.told(SignalKind.MESSAGE)
    assert here.fired() == [("call/begun", 1), ("rule:a", 1), ("call/now", 1)]
    assert draft.timers == {"escalation:call/later/1": here.facts.now_ms + HOUR}
    assert draft.case.priority == 5
    (taken,) = lines(draft, "escalated")
    assert (taken.data["trigger"], taken.data["cause"]) == ("action", "automation: A")
    (fired,) = lines(draft, "automation")
    assert fired.data["actions"] == [{"action": "escalate", "rule_set": "call"}]


def test_other_timers_of_escalation_stay() -> None:
    here = life(ladder())
    draft = begin(here.facts).with_timers("escalation", {"late/1/1": NOON + HOUR})
    begun, _ = do(draft, here.rules, Cause(rule_set="a", name="A", why="automation: A"), BEGIN.action)  # type: ignore[arg-type]
    climbed = escalation_again(begun, here.rules)
    assert set(climbed.timers) == {"escalation:late/1/1", "escalation:call/later/1"}
    assert escalation_again(climbed, here.rules) == climbed


def test_the_later_step_is_taken_by_the_decision_at_its_time() -> None:
    here = life(ladder())
    here.told(SignalKind.MESSAGE)
    at_ms = here.facts.now_ms + HOUR
    facts = here.decide(now_ms=at_ms).facts
    after = escalation(begin(facts), here.rules)
    assert [one.step for one in after.decision.firings] == ["call/later"]


def test_where_one_stands_nothing_is_begun_and_nothing_is_wrong() -> None:
    here = life(ladder())
    here.told(SignalKind.MESSAGE)
    draft = here.told(SignalKind.MESSAGE)
    assert here.fired()[3:] == [("rule:a", 2)]
    assert "fault" not in action_of(draft)


def test_once_complete_it_may_begin_again_as_often_as_it_may() -> None:
    here = life(ladder(rung("now"), times=2))
    _, _, draft = [here.told(SignalKind.MESSAGE) for _ in range(3)]
    assert [number for step, number in here.fired() if step == "call/now"] == [1, 2]
    assert action_of(draft)["fault"] == "it has begun 2 times already"


@pytest.mark.parametrize(
    ("changes", "owner", "fault"),
    [
        ({"when": when(queue="support")}, "", "its condition does not hold"),
        ({"until": frozenset({Until.OWNED})}, "id-ana", "the case has an owner"),
        ({"trigger": Trigger(kind=TriggerKind.TIER)}, "", "there is no rule set call that can be begun"),
    ],
)
def test_what_is_not_begun_says_why(changes: dict[str, object], owner: str, fault: str) -> None:
    here = life(ladder(**changes), case=case(owner_id=owner))  # type: ignore[arg-type]
    draft = here.told(SignalKind.MESSAGE)
    assert (action_of(draft)["fault"], here.fired()) == (fault, [("rule:a", 1)])


def test_a_rule_set_that_is_gone_is_passed_over() -> None:
    here = Life(rule("a", MESSAGE, BEGIN))
    assert lines(here.told(SignalKind.MESSAGE), "automation")[0].data["actions"] == [
        {"action": "escalate", "rule_set": "call", "fault": "there is no rule set call that can be begun"}
    ]


def test_other_rules_hear_of_its_steps() -> None:
    hears = rule("b", on(OccasionKind.ESCALATED, "call"), tag("heard"))
    draft = life(ladder(), hears, rule("a", MESSAGE, BEGIN)).told(SignalKind.MESSAGE)
    assert draft.case.tags == ("heard",)


def test_a_rule_that_stops_the_others_still_begins_it() -> None:
    here = life(ladder(), rule("a", MESSAGE, BEGIN, stop=True), rule("b", MESSAGE, priority(1)))
    assert here.told(SignalKind.MESSAGE).case.priority == 5


def test_a_dry_run_begins_nothing() -> None:
    here = life(ladder(), rule("a", MESSAGE, BEGIN, enabled=Enabled.DRY_RUN))
    draft = here.told(SignalKind.MESSAGE)
    assert (here.fired(), draft.timers, draft.case.priority) == ([("dry:a", 1)], {}, 0)


def test_a_trigger_of_its_own_and_an_action_share_the_count() -> None:
    keyword = Trigger(kind=TriggerKind.KEYWORD, words=("lawyer",))
    firing = Firing(case_id="c", step="call/begun", occurrence=1, due_ms=NOON, at_ms=NOON)
    gone = Firing(case_id="c", step="call/stopped", occurrence=1, due_ms=NOON, at_ms=NOON)
    here = life(ladder(rung("later", HOUR), trigger=keyword), firings=(firing, gone))
    draft = here.told(SignalKind.MESSAGE)
    assert ("call/begun", 2) in here.fired()
    (begun,) = lines(draft, "escalation_begun")
    assert (begun.data["occurrence"], begun.data["cause"]) == (2, "automation: A")


def test_one_that_is_begun_on_a_case_that_is_over_goes_on() -> None:
    here = life(ladder(), rule("a", on(OccasionKind.RESOLVED), BEGIN), rule("z", MESSAGE, status("resolved")))
    here.told(SignalKind.MESSAGE)
    assert ("call/now", 1) in here.fired()
    facts = here.decide(now_ms=here.facts.now_ms + HOUR).facts
    assert [one.step for one in escalation(begin(facts), here.rules).decision.firings] == ["call/later"]


def test_what_a_macro_begins_climbs_with_the_rest() -> None:
    here = life(ladder())
    begun, fault = do(begin(here.facts), here.rules, Cause(rule_set="m", name="M", why="macro: M"), BEGIN.action)  # type: ignore[arg-type]
    after = escalation(begun, here.rules)
    assert (fault, [one.step for one in after.decision.firings]) == ("", ["call/begun", "call/now"])
    assert after.timers == {"escalation:call/later/1": NOON + HOUR}
