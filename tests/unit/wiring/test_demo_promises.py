"""What demo data tell of promises agrees with the plans, and with itself."""

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import pytest

from engine.demo_data.loading import chunks, rows_of
from engine.demo_data.scale import Rows, Scale
from engine.model.escalation import Action, ActionKind, EscalationStep, RuleSet, Trigger, TriggerKind
from engine.model.organisation import Organisation
from engine.model.plan import Plan, Target
from engine.wiring.demo_promises import play_of
from tests.organisations import small_organisation

MINUTE_MS = 60_000
UNTIL_MS = 1_800_000_000_000
TARGETS = {
    "first_response": (Target(within_ms=60 * MINUTE_MS),),
    "resolution": (
        Target(within_ms=4 * 60 * MINUTE_MS, priority_at_least=8),
        Target(within_ms=24 * 60 * MINUTE_MS),
    ),
}
LATE = RuleSet(
    key="late",
    name="Late",
    trigger=Trigger(kind=TriggerKind.MILESTONE, milestone="first_response", shift_ms=-5 * MINUTE_MS),
    steps=(
        EscalationStep(key="1", after_ms=0, actions=(Action(kind=ActionKind.RAISE_PRIORITY, points=3),)),
        EscalationStep(key="2", after_ms=5 * MINUTE_MS, actions=(Action(kind=ActionKind.RAISE_PRIORITY, points=5),)),
    ),
)


def organisation() -> Organisation:
    small = small_organisation("o")
    queues = {key: replace(queue, plan="standard") for key, queue in small.queues.items()}
    plans = {"standard": Plan(key="standard", name="Standard", targets=TARGETS)}
    return replace(small, queues=queues, plans=plans, escalations={LATE.key: LATE})


def scale_of(configured: Organisation) -> Scale:
    return Scale(
        org_id="o",
        cases=600,
        until_ms=UNTIL_MS,
        agents=(("u1", "Ana"), ("u2", "Ben")),
        queues=tuple(configured.queues),
        plans=tuple(configured.plans),
        plan_of={key: one.plan for key, one in configured.queues.items()},
        play=play_of(configured),
    )


def everything(scale: Scale) -> dict[str, list[dict[str, Any]]]:
    rows: Rows = defaultdict(list)
    for chunk in chunks(scale):
        for table, some in rows_of(scale, chunk).items():
            rows[table] += some
    return dict(rows)


@pytest.fixture(scope="module")
def data() -> dict[str, list[dict[str, Any]]]:
    return everything(scale_of(organisation()))


def test_the_same_scale_is_the_same_data(data: dict[str, list[dict[str, Any]]]) -> None:
    assert everything(scale_of(organisation())) == data


def test_milestones_agree_with_plan_and_status(data: dict[str, list[dict[str, Any]]]) -> None:
    cases = {row["id"]: row for row in data["cases"]}
    plan = organisation().plans["standard"]
    assert len({row["id"] for row in data["milestones"]}) == len(data["milestones"])
    for row in data["milestones"]:
        case = cases[row["case_id"]]
        assert case["plan"] == row["plan"] == "standard"
        if row["state"] in ("running", "paused"):
            assert case["status"] not in ("resolved", "closed")
            assert row["target_ms"] == plan.within_ms(row["milestone"], case["priority"])
            assert (row["state"] == "paused") == (case["status"] == "waiting")
        else:
            assert 0 < row["started_ms"] <= row["met_ms"] <= UNTIL_MS
        assert row["missed_ms"] <= UNTIL_MS
        if row["state"] == "met" and row["milestone"] == "first_response":
            assert (row["missed_ms"] > 0) == (row["met_ms"] - row["started_ms"] > row["target_ms"])


def test_most_was_met_some_missed_and_some_runs(data: dict[str, list[dict[str, Any]]]) -> None:
    states = Counter(row["state"] for row in data["milestones"])
    missed = sum(1 for row in data["milestones"] if row["missed_ms"])
    assert states["met"] > 10 * states["running"] > 0
    assert len(data["milestones"]) > 5 * missed > 0
    assert any(row["due_ms"] > UNTIL_MS for row in data["milestones"])
    assert {row["status"] for row in data["activities"]} == {"open", "done"}
    due = [row["due_ms"] for row in data["activities"] if row["status"] == "open"]
    assert min(due) < UNTIL_MS < max(due)


def test_ladders_were_climbed_where_the_first_answer_was_late(data: dict[str, list[dict[str, Any]]]) -> None:
    first = {row["case_id"]: row for row in data["milestones"] if row["milestone"] == "first_response"}
    steps: dict[str, list[str]] = defaultdict(list)
    for row in data["firings"]:
        steps[row["case_id"]].append(row["step"])
        assert row["due_ms"] == row["at_ms"] <= UNTIL_MS
        assert row["at_ms"] <= (first[row["case_id"]]["met_ms"] or UNTIL_MS)
    late = {case_id for case_id, row in first.items() if row["missed_ms"]}
    assert {case_id for case_id, taken in steps.items() if "late/2" in taken} == late
    escalated = {row["id"] for row in data["cases"] if row["escalated_ms"]}
    assert escalated == set(steps)
    assert 0 < len(escalated) < len(data["cases"]) / 3


def test_what_is_waited_for_lies_ahead(data: dict[str, list[dict[str, Any]]]) -> None:
    over = {row["id"] for row in data["cases"] if row["status"] in ("resolved", "closed")}
    for row in data["case_timers"]:
        assert row["at_ms"] > UNTIL_MS
        assert row["case_id"] not in over
    waited = {(row["case_id"], row["timer"]) for row in data["case_timers"]}
    running = [row for row in data["milestones"] if row["due_ms"] > UNTIL_MS]
    assert {(row["case_id"], f"milestone:{row['milestone']}:{row['occurrence']}") for row in running} <= waited


def test_histories_stay_in_order(data: dict[str, list[dict[str, Any]]]) -> None:
    told = defaultdict(list)
    for row in data["case_events"]:
        told[row["case_id"]].append(row)
    for lines in told.values():
        assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
        times = [line["at_ms"] for line in lines]
        assert times == sorted(times)
    assert {"milestone_met", "milestone_missed", "escalated"} <= {row["kind"] for row in data["case_events"]}
