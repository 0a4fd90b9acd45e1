"""Milestones start, stand still, are met and missed exactly, whenever the clerk comes by."""

from dataclasses import replace

import pytest

from engine.cases.draft import CaseRules, begin
from engine.cases.milestones import milestones_again
from engine.model.casework import MilestoneState, SignalKind
from engine.model.hours import Hours, Period
from engine.model.plan import MilestoneRule, Target
from tests.unit.cases.milestone_world import DAY, HOUR, MINUTE, World, organisation, plan

MONDAY = 1_767_571_200_000  # 2026-01-05T00:00Z
NINE = MONDAY + 9 * HOUR
OFFICE = Hours(key="office", periods=tuple(Period(weekday=day, start_minute=540, end_minute=1020) for day in range(5)))
GOLD = plan("gold", "office", first_response=HOUR, next_response=2 * HOUR, resolution=8 * HOUR)
SILVER = plan("silver", "office", first_response=2 * HOUR, resolution=16 * HOUR)
RUNNING, PAUSED, MET, CANCELLED = MilestoneState


def shop(*, queue: str = "gold", at_ms: int = NINE, priority: int = 0) -> World:
    world = World(organisation(GOLD, SILVER, hours={"office": OFFICE}), queue=queue, opened_ms=at_ms, priority=priority)
    world.decide(at_ms)
    return world


def test_a_queue_without_a_plan_promises_nothing() -> None:
    world = shop(queue="none")
    assert (world.facts.milestones, world.facts.timers, world.lines) == ((), {}, [])


def test_opening_starts_what_the_queues_plan_promises() -> None:
    world = shop()
    assert world.facts.case.plan == "gold"
    assert world.facts.timers == {
        "milestone:first_response:1": NINE + HOUR,
        "milestone:resolution:1": NINE + 8 * HOUR,
    }
    assert world.told() == ["milestone_started", "milestone_started"]


def test_out_of_hours_the_clock_starts_with_the_door() -> None:
    world = shop(at_ms=MONDAY - DAY)
    first = world.last("first_response")
    assert (first.started_ms, first.due_ms) == (MONDAY - DAY, NINE + HOUR)


def test_a_reply_meets_the_first_response_once() -> None:
    world = shop()
    world.tell(SignalKind.REPLY, NINE + 20 * MINUTE)
    world.tell(SignalKind.REPLY, NINE + 30 * MINUTE)
    world.decide(NINE + 31 * MINUTE)
    first = world.last("first_response")
    assert (first.state, first.met_ms, first.used_ms, first.missed_ms) == (MET, NINE + 20 * MINUTE, 20 * MINUTE, 0)
    assert "milestone:first_response:1" not in world.facts.timers


def test_it_is_missed_at_its_due_time_however_late_the_clerk_is() -> None:
    world = shop()
    world.run_timers(NINE + 2 * HOUR, lag_ms=7 * MINUTE)
    first = world.last("first_response")
    assert (first.state, first.missed_ms, first.due_ms) == (RUNNING, NINE + HOUR, NINE + HOUR)
    assert "milestone:first_response:1" not in world.facts.timers


@pytest.mark.parametrize(("late_ms", "missed"), [(-1, False), (0, False), (1, True)])
def test_what_is_met_at_its_due_time_is_in_time(late_ms: int, missed: bool) -> None:
    world = shop()
    world.tell(SignalKind.REPLY, NINE + HOUR + late_ms)
    world.decide(NINE + 3 * HOUR)
    first = world.last("first_response")
    assert (first.state, first.met_ms, bool(first.missed_ms)) == (MET, NINE + HOUR + late_ms, missed)
    assert world.told("first_response").count("milestone_missed") == int(missed)


def test_a_reply_that_is_heard_of_late_takes_the_miss_back() -> None:
    world = shop()
    world.run_timers(NINE + HOUR)
    assert world.last("first_response").missed_ms
    world.tell(SignalKind.REPLY, NINE + HOUR - 1)
    world.decide(NINE + HOUR + 5)
    first = world.last("first_response")
    assert (first.state, first.met_ms, first.missed_ms) == (MET, NINE + HOUR - 1, 0)
    line = world.lines[-1]
    assert line.kind == "milestone_met"
    assert line.data["before"] == {"due_ms": NINE + HOUR, "missed_ms": NINE + HOUR}


def test_an_earlier_reply_that_is_heard_of_last_corrects_when_it_was_met() -> None:
    world = shop()
    world.tell(SignalKind.REPLY, NINE + 90 * MINUTE)
    world.decide(NINE + 91 * MINUTE)
    assert world.last("first_response").missed_ms
    world.tell(SignalKind.REPLY, NINE + 50 * MINUTE)
    world.decide(NINE + 92 * MINUTE)
    first = world.last("first_response")
    assert (first.met_ms, first.missed_ms, first.used_ms) == (NINE + 50 * MINUTE, 0, 50 * MINUTE)


def test_every_message_after_the_first_response_wants_a_reply() -> None:
    world = shop()
    world.tell(SignalKind.MESSAGE, NINE + MINUTE)  # not answered yet: the first response covers it
    world.tell(SignalKind.REPLY, NINE + 2 * MINUTE)
    world.tell(SignalKind.MESSAGE, NINE + 3 * MINUTE)
    world.tell(SignalKind.MESSAGE, NINE + 4 * MINUTE)  # the oldest that waits counts
    world.decide(NINE + 5 * MINUTE)
    second = world.last("next_response")
    assert (second.occurrence, second.started_ms, second.due_ms) == (1, NINE + 3 * MINUTE, NINE + 123 * MINUTE)
    world.tell(SignalKind.REPLY, NINE + 6 * MINUTE)
    world.tell(SignalKind.MESSAGE, NINE + 7 * MINUTE)
    world.decide(NINE + 8 * MINUTE)
    assert [(one.occurrence, one.state) for one in world.facts.milestones if one.key == "next_response"] == [
        (1, MET),
        (2, RUNNING),
    ]


def test_a_message_that_is_heard_of_after_its_reply_starts_nothing() -> None:
    world = shop()
    world.tell(SignalKind.REPLY, NINE + 5 * MINUTE)
    world.decide(NINE + 5 * MINUTE)
    world.tell(SignalKind.MESSAGE, NINE + 4 * MINUTE)
    world.decide(NINE + 6 * MINUTE)
    assert not [one for one in world.facts.milestones if one.key == "next_response"]


def test_waiting_for_the_customer_stops_the_resolution() -> None:
    world = shop()
    world.decide(NINE + HOUR, status="waiting")
    resolution = world.last("resolution")
    assert (resolution.state, resolution.used_ms, resolution.due_ms) == (PAUSED, HOUR, 0)
    assert "milestone:resolution:1" not in world.facts.timers
    assert world.state("first_response") is RUNNING
    world.decide(NINE + DAY, status="open")
    resolution = world.last("resolution")
    assert (resolution.state, resolution.due_ms) == (RUNNING, NINE + DAY + 7 * HOUR)


def test_what_was_missed_stays_so_over_a_pause() -> None:
    world = shop()
    world.decide(NINE + 9 * HOUR, status="waiting")
    assert world.last("resolution").missed_ms == NINE + 8 * HOUR
    world.decide(NINE + DAY, status="open")
    resolution = world.last("resolution")
    assert (resolution.missed_ms, resolution.due_ms) == (NINE + 8 * HOUR, NINE + 8 * HOUR)
    assert world.told("resolution").count("milestone_missed") == 1


def test_resolving_meets_the_resolution_and_ends_every_other_clock() -> None:
    world = shop()
    world.decide(NINE + HOUR, status="resolved")
    assert world.state("resolution") is MET
    assert world.state("first_response") is CANCELLED
    assert world.facts.timers == {}


def test_closing_an_open_case_resolves_it() -> None:
    world = shop()
    world.decide(NINE + HOUR, status="closed")
    assert world.state("resolution") is MET


def test_a_reopened_case_is_promised_anew() -> None:
    world = shop()
    world.decide(NINE + HOUR, status="resolved")
    world.decide(NINE + 2 * HOUR, status="open")
    resolution = world.last("resolution")
    assert (resolution.occurrence, resolution.state, resolution.due_ms) == (2, RUNNING, NINE + DAY + 2 * HOUR)
    world.tell(SignalKind.MESSAGE, NINE + 3 * HOUR)
    world.decide(NINE + 3 * HOUR)
    assert world.state("next_response") is RUNNING  # the first response is not outstanding any more


def test_what_the_customer_reopens_is_as_old_as_his_message() -> None:
    world = shop()
    world.tell(SignalKind.REPLY, NINE + MINUTE)
    world.decide(NINE + HOUR, status="resolved")
    world.tell(SignalKind.MESSAGE, NINE + 2 * HOUR)
    facts = replace(world.facts, now_ms=NINE + 3 * HOUR, signals=tuple(world.pending))
    rules = CaseRules(organisation=world.organisation, new_id=lambda: "id")
    from engine.cases.milestones import milestones  # noqa: PLC0415 - a step before it changes the status

    draft = milestones(begin(facts).with_change("status", "open"), rules)
    started = {one.key: one.started_ms for one in draft.milestones if one.state is RUNNING}
    assert started == {"resolution": NINE + 2 * HOUR, "next_response": NINE + 2 * HOUR}


def test_a_higher_priority_shortens_the_target_and_keeps_what_was_used() -> None:
    bands = (Target(within_ms=2 * HOUR, priority_at_least=10), Target(within_ms=8 * HOUR))
    world = World(organisation(plan("p", resolution=bands)), queue="p", opened_ms=NINE)
    world.decide(NINE)
    world.decide(NINE + HOUR, priority=10)
    resolution = world.last("resolution")
    assert (resolution.target_ms, resolution.due_ms, resolution.missed_ms) == (2 * HOUR, NINE + 2 * HOUR, 0)
    world.decide(NINE + 90 * MINUTE, priority=0)
    assert world.last("resolution").due_ms == NINE + 8 * HOUR
    world.decide(NINE + 4 * HOUR, priority=12)  # would have been due two hours ago: nobody could have known
    assert world.told("resolution")[-2:] == ["milestone_missed", "milestone_retargeted"]
    resolution = world.last("resolution")
    assert (resolution.due_ms, resolution.missed_ms) == (NINE + 4 * HOUR, NINE + 4 * HOUR)
    world.decide(NINE + 5 * HOUR, priority=0)
    resolution = world.last("resolution")
    assert (resolution.due_ms, resolution.missed_ms) == (NINE + 8 * HOUR, 0)


def test_a_paused_milestone_is_retargeted_too() -> None:
    bands = (Target(within_ms=HOUR, priority_at_least=10), Target(within_ms=8 * HOUR))
    world = World(organisation(plan("p", resolution=bands)), queue="p", opened_ms=NINE)
    world.decide(NINE)
    world.decide(NINE + 2 * HOUR, status="waiting")
    world.decide(NINE + 3 * HOUR, priority=10)
    assert world.last("resolution").missed_ms == NINE + 3 * HOUR
    world.decide(NINE + 4 * HOUR, priority=0)
    assert world.last("resolution").missed_ms == 0
    world.decide(NINE + 5 * HOUR, status="open")
    assert world.last("resolution").due_ms == NINE + 11 * HOUR


def test_another_plan_keeps_what_was_used_and_drops_what_it_does_not_promise() -> None:
    world = shop()
    world.tell(SignalKind.REPLY, NINE + MINUTE)
    world.tell(SignalKind.MESSAGE, NINE + 2 * MINUTE)
    world.decide(NINE + 3 * MINUTE)
    world.decide(NINE + HOUR, queue="silver")
    assert world.facts.case.plan == "silver"
    assert world.state("next_response") is CANCELLED
    resolution = world.last("resolution")
    assert (resolution.plan, resolution.target_ms, resolution.due_ms) == ("silver", 16 * HOUR, NINE + DAY + 8 * HOUR)


def test_other_hours_count_from_the_change() -> None:
    always = plan("always", resolution=8 * HOUR)
    world = World(organisation(GOLD, always, hours={"office": OFFICE}), queue="gold", opened_ms=MONDAY)
    world.decide(MONDAY)
    world.decide(NINE + HOUR, queue="always")
    resolution = world.last("resolution")
    assert (resolution.used_ms, resolution.hours, resolution.due_ms) == (HOUR, "", NINE + 8 * HOUR)


def test_a_promise_that_comes_later_counts_from_then_on() -> None:
    world = shop(queue="none")
    world.decide(NINE + HOUR, queue="gold")
    assert world.last("first_response").due_ms == NINE + 2 * HOUR
    begun = shop(queue="none")
    begun.decide(NINE + MINUTE, status="open")
    begun.decide(NINE + HOUR, queue="gold")
    assert [one.key for one in begun.facts.milestones] == ["resolution"]


def test_what_is_promised_again_starts_again() -> None:
    world = shop()
    world.decide(NINE + HOUR, queue="none")
    assert world.state("resolution") is CANCELLED
    world.decide(NINE + 2 * HOUR, queue="gold")
    assert [(one.key, one.occurrence) for one in world.facts.milestones if one.state is RUNNING] == [
        ("first_response", 2),
        ("resolution", 2),
    ]


def test_an_entitlements_plan_goes_before_the_queues() -> None:
    world = World(organisation(GOLD, SILVER, hours={"office": OFFICE}), queue="silver", opened_ms=NINE)
    world.decide(NINE, plan="gold", entitlement_id="e")
    assert world.last("resolution").target_ms == 8 * HOUR
    world.decide(NINE + 1, queue="none")
    assert world.facts.case.plan == "gold"
    world.decide(NINE + 2, entitlement_id="", plan="")
    assert world.facts.case.plan == ""


def test_hours_that_were_changed_move_what_is_due() -> None:
    world = shop()
    shorter = replace(OFFICE, exceptions={"2026-01-05": ()})
    world.organisation = replace(world.organisation, hours={"office": shorter})
    world.tell(SignalKind.CHANGED, NINE + 1)
    world.decide(NINE + 1)
    assert world.last("first_response").due_ms == NINE + DAY + HOUR
    assert world.told("first_response") == ["milestone_started", "milestone_retargeted"]


def test_a_plan_that_is_configured_away_cancels_what_it_promised() -> None:
    world = shop()
    world.organisation = organisation(SILVER, hours={"office": OFFICE})
    world.tell(SignalKind.CHANGED, NINE + 1)
    world.decide(NINE + 1)
    assert world.facts.case.plan == ""
    assert {one.state for one in world.facts.milestones} == {CANCELLED}


def test_own_milestones_listen_to_statuses_and_to_other_systems() -> None:
    own = MilestoneRule(
        key="repair",
        name="Repair",
        starts=frozenset({"event:arrived"}),
        met_by=frozenset({"status:waiting", "event:sent"}),
        repeats=True,
    )
    world = World(organisation(plan("p", repair=HOUR), milestone_rules={"repair": own}), queue="p", opened_ms=NINE)
    world.tell(SignalKind.EVENT, NINE + 1, name="arrived")
    world.tell(SignalKind.EVENT, NINE + 2, name="elsewhere")
    world.tell(SignalKind.EVENT, NINE + 3, name="sent")
    world.tell(SignalKind.EVENT, NINE + 4, name="arrived")
    world.decide(NINE + 5)
    world.decide(NINE + 6, status="waiting")
    assert [(one.started_ms, one.met_ms) for one in world.facts.milestones] == [
        (NINE + 1, NINE + 3),
        (NINE + 4, NINE + 6),
    ]


def test_a_promise_of_regular_word_starts_again_with_each() -> None:
    word = MilestoneRule(
        key="word",
        name="Regular word",
        starts=frozenset({"accepted", "reply"}),
        met_by=frozenset({"reply"}),
        repeats=True,
    )
    world = World(organisation(plan("p", word=HOUR), milestone_rules={"word": word}), queue="p", opened_ms=NINE)
    world.tell(SignalKind.ACCEPTED, NINE)
    world.tell(SignalKind.REPLY, NINE + 30 * MINUTE)
    world.decide(NINE + 30 * MINUTE)
    assert world.facts.timers == {"milestone:word:2": NINE + 90 * MINUTE}


def test_a_case_that_was_found_to_be_another_promises_nothing() -> None:
    world = shop()
    world.decide(NINE + MINUTE, merged_into="other")
    assert {one.state for one in world.facts.milestones} == {CANCELLED}
    assert world.facts.timers == {}


def test_the_second_step_follows_what_rules_change() -> None:
    world = shop()
    facts = replace(world.facts, now_ms=NINE + MINUTE)
    rules = CaseRules(organisation=world.organisation, new_id=lambda: "id")
    draft = milestones_again(begin(facts).with_change("status", "waiting"), rules)
    assert {one.key: one.state for one in draft.milestones} == {"first_response": RUNNING, "resolution": PAUSED}
    draft = milestones_again(begin(facts).with_change("status", "resolved"), rules)
    assert {one.key: one.state for one in draft.milestones} == {"first_response": CANCELLED, "resolution": MET}
    draft = milestones_again(begin(facts).with_change("queue", "silver"), rules)
    assert {one.target_ms for one in draft.milestones} == {2 * HOUR, 16 * HOUR}
    bare = replace(shop(queue="none").facts, now_ms=NINE + MINUTE)
    draft = milestones_again(begin(bare).with_change("queue", "silver"), rules)
    assert {one.started_ms for one in draft.milestones} == {NINE + MINUTE}
