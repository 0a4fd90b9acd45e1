"""Milestones and plans: what the files say, what they may leave out, what is refused."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.plan import BUILT_IN_MILESTONES, MilestoneRule, Plan, Target
from tests.unit.config.conftest import SMALL, Load, Refused

HOURS = "hours: {office: {monday: ['09:00-17:00']}}\n"


def test_nothing_said_nothing_promised(load_with: Load) -> None:
    organisation = load_with({})
    assert organisation.milestones == BUILT_IN_MILESTONES
    assert organisation.plans == {}
    assert organisation.queues["general"].plan == ""


def test_a_plan_with_its_times(load_with: Load) -> None:
    text = (
        "milestones:\n"
        "  repair: {name: Repair, starts: event:arrived, met_by: [status:open, resolved], paused_in: [waiting],\n"
        "    repeats: true, after: first_response}\n"
        "plans:\n"
        "  gold: {name: Gold, hours: office, milestones: {first_response: 30m, repair: [\n"
        "    {priority_at_least: 10, within: 4h}, {within: 2d}]}}\n"
        "  plain: {name: Plain, milestones: {resolution: 30d}}\n"
    )
    queues = "queues:\n  general:\n    name: General\n    plan: gold\n"
    organisation = load_with({"plans.yaml": text + HOURS, "queues.yaml": queues})
    assert organisation.milestones["repair"] == MilestoneRule(
        key="repair",
        name="Repair",
        starts=frozenset({"event:arrived"}),
        met_by=frozenset({"status:open", "resolved"}),
        after="first_response",
        repeats=True,
        paused_in=frozenset({"waiting"}),
    )
    gold = organisation.plans["gold"]
    assert gold == Plan(
        key="gold",
        name="Gold",
        hours="office",
        targets={
            "first_response": (Target(within_ms=1_800_000),),
            "repair": (Target(within_ms=14_400_000, priority_at_least=10), Target(within_ms=172_800_000)),
        },
    )
    assert [gold.within_ms("repair", priority) for priority in (9, 10, 11)] == [172_800_000, 14_400_000, 14_400_000]
    assert gold.within_ms("resolution", 0) == 0
    assert organisation.plans["plain"].hours == ""
    assert organisation.queues["general"].plan == "gold"
    assert organisation.watches_cases
    assert unpack(pack(organisation).compiled, version=0) == organisation


def test_an_own_milestone_replaces_a_built_in_one(load_with: Load) -> None:
    text = "milestones: {resolution: {name: Done, starts: accepted, met_by: closed}}\n"
    assert load_with({"plans.yaml": text}).milestones["resolution"].starts == {"accepted"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("milestones: {m: {name: M, starts: never, met_by: reply}}", "milestones.m.starts[1]: write one of"),
        ("milestones: {m: {name: M, starts: [], met_by: reply}}", "must not be empty"),
        ("milestones: {m: {name: M, starts: status:gone, met_by: reply}}", "there is no status of cases 'gone'"),
        ("milestones: {m: {name: M, starts: opened, met_by: reply, paused_in: [gone]}}", "no status of cases 'gone'"),
        ("milestones: {m: {name: M, starts: opened, met_by: reply, after: m}}", "there is no other milestone 'm'"),
        ("plans: {p: {name: P, milestones: {}}}", "must not be empty"),
        ("plans: {p: {name: P, milestones: {gone: 1h}}}", "there is no milestone 'gone'"),
        ("plans: {p: {name: P, hours: gone, milestones: {resolution: 1h}}}", "there is no business hours 'gone'"),
        ("plans: {p: {name: P, milestones: {resolution: 31d}}}", "must lie between"),
        (
            "plans: {p: {name: P, milestones: {resolution: [{within: 1h}, {within: 2h}]}}}",
            "this time is never asked for",
        ),
        (
            "plans: {p: {name: P, milestones: {resolution: [{within: 1h}, {within: 2h, priority_at_least: 1}]}}}",
            "this time is never asked for",
        ),
        ("hours: {always: {}}", "hours cannot be called 'always'"),
    ],
)
def test_what_is_refused(refused: Refused, text: str, expected: str) -> None:
    problems = refused({"plans.yaml": text + "\n"})
    assert any(expected in problem and problem.startswith("plans.yaml:1: ") for problem in problems), problems


def test_a_queue_with_a_plan_that_is_not_there(refused: Refused) -> None:
    problems = refused({"queues.yaml": SMALL["queues.yaml"] + "    plan: gold\n"})
    assert problems == ["queues.yaml:4: there is no plan 'gold'"]
