"""Automation rules in the record: each firing once, whoever decides or dies; loops end; firings are counted."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from engine.cases.merging import CaseMerges
from engine.ids import id_source
from engine.model.automation import AutomationRule, FiringCount, OccasionKind, On
from engine.model.case import Case, CaseEvent
from engine.model.casework import CaseDecision, CaseFacts, Firing
from engine.model.escalation import Action, ActionKind, NewChild, NotifyBy
from engine.model.macro import MacroAction
from engine.model.organisation import Organisation
from engine.store.cases.facts import RULE_FIRINGS
from engine.store.store import Store
from tests.contract.store.building import START_MS, listed
from tests.contract.store.test_clocks import Hands, clerk_of, filed, seen_to
from tests.organisations import small_organisation
from tests.records import Ticking

HOUR = 3_600_000
ROOT = Path(__file__).parents[3]
RAISE = Action(kind=ActionKind.RAISE_PRIORITY, points=1)
TELL = Action(kind=ActionKind.NOTIFY, by=NotifyBy.CONSOLE, to=("supervisors",), text="{rule.name}")
CHILD = Action(kind=ActionKind.OPEN_CHILD, child=NewChild(subject="Look"))


def rule(key: str, kind: OccasionKind, *actions: Action, **more: object) -> AutomationRule:
    done = tuple(MacroAction(action=one) for one in actions)
    return AutomationRule(key=key, name=key.title(), on=(On(kind=kind),), actions=done, **more)  # type: ignore[arg-type]


def ruled(org: str, *rules: AutomationRule) -> Organisation:
    return small_organisation(org, automation=rules)


async def case_of(store: Store, org: str, **changes: object) -> Case:
    case = (await filed(store, org, **changes)).case
    assert case is not None
    return case


async def told(store: Store, org: str, case_id: str, kind: str) -> list[CaseEvent]:
    return [event for event in await store.cases.events(org, case_id) if event.kind == kind]


async def facts_of(store: Store, org: str, case_id: str) -> CaseFacts:
    return await store.cases.facts(org, case_id, now_ms=START_MS)


async def test_a_rule_fires_once_although_two_clerks_see_to_the_case(store: Store, url: str, org: str) -> None:
    hands = Hands(ruled(org, rule("up", OccasionKind.OPENED, RAISE, TELL)))
    made = [await case_of(store, org, conversation_key=f"{n}" * 64, token_hash=f"{n}" * 64) for n in "abcd"]
    clock = Ticking()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        await asyncio.gather(*(clerk_of(one, hands).step() for one in (store, other)))
    finally:
        await other.stop()
    for case in made:
        assert (await store.cases.get(org, case.id)).priority == case.priority + 1
        assert [event.data["rule"] for event in await told(store, org, case.id, "automation")] == ["up"]
        firings = (await facts_of(store, org, case.id)).firings
        assert [(one.step, one.occurrence) for one in firings] == [("rule:up", 1)]


CLERK = """
import asyncio, sys
from tests.contract.store.test_automation import raising
from tests.contract.store.test_clocks import Hands, seen_to
from tests.records import Ticking
from engine.failpoints import arm
from engine.ids import id_source
from engine.store.store import Store

async def main(url, org, place):
    arm(f"{place}=kill")
    clock = Ticking()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    await seen_to(store, Hands(raising(org)))

asyncio.run(main(*sys.argv[1:]))
"""


def raising(org: str) -> Organisation:
    return ruled(org, rule("up", OccasionKind.OPENED, RAISE, TELL), rule("next", OccasionKind.CHANGED, RAISE))


@pytest.mark.parametrize("place", ["clerk.before-commit", "clerk.after-commit"])
async def test_a_clerk_that_is_killed_does_no_rule_twice_and_none_not_at_all(
    store: Store, url: str, org: str, place: str
) -> None:
    case = await case_of(store, org)
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CLERK, url, org, place, cwd=ROOT)
    assert await asyncio.wait_for(child.wait(), 60) == -signal.SIGKILL
    before = (await store.cases.get(org, case.id)).priority
    assert before == case.priority + (2 if place == "clerk.after-commit" else 0)
    await seen_to(store, Hands(raising(org)))
    assert (await store.cases.get(org, case.id)).priority == case.priority + 2
    assert [event.data["rule"] for event in await told(store, org, case.id, "automation")] == ["up", "next"]
    firings = (await facts_of(store, org, case.id)).firings
    assert sorted((one.step, one.occurrence) for one in firings) == [("rule:next", 1), ("rule:up", 1)]


async def test_a_rule_that_opens_cases_ends(store: Store, org: str) -> None:
    hands = Hands(ruled(org, rule("child", OccasionKind.OPENED, CHILD)))
    case = await case_of(store, org)
    for _ in range(4):
        await seen_to(store, hands)
    parts = await listed(store, org, limit=10)
    assert len(parts) == 2
    (part,) = (one for one in parts if one.id != case.id)
    assert part.parent_id == case.id
    (line,) = await told(store, org, part.id, "automation")
    assert "the case is a part itself" in str(line.data["actions"])
    faults = await store.rule_firings.faults(org, since_ms=0)
    assert {key: (one.case_id, one.why["faults"]) for key, one in faults.items()} == {
        "rule:child": (part.id, ["the case is a part itself"])
    }
    assert await store.rule_firings.faults("other", since_ms=0) == {}


async def test_a_loop_through_another_system_is_held(store: Store, org: str) -> None:
    hands = Hands(ruled(org, rule("echo", OccasionKind.EVENT, RAISE, most_per_hour=3)))
    case = await case_of(store, org)
    for number in range(6):  # whoever hears of the change tells the event again
        at_ms = hands.at_ms = START_MS + number
        await store.happenings.tell(org, case.id, name="x", data={}, actor_id="u", client_id=f"{number}", now_ms=at_ms)
        await seen_to(store, hands)
    assert (await store.cases.get(org, case.id)).priority == case.priority + 3
    (held,) = await told(store, org, case.id, "automation_held")
    assert held.data["reason"] == "hour"
    counts = await store.rule_firings.counts(org, since_ms=START_MS - 1, today_ms=START_MS + 1)
    assert counts == {
        "rule:echo": FiringCount(today=2, week=3, last_ms=START_MS + 2),
        "held:echo": FiringCount(today=1, week=1, last_ms=START_MS + 3),
    }
    assert await store.rule_firings.counts("other", since_ms=0, today_ms=0) == {}


async def test_a_decision_sees_the_latest_firings_of_each_rule_and_all_steps(store: Store, org: str) -> None:
    case = await case_of(store, org)

    def fire(facts: CaseFacts) -> CaseDecision:
        names = [("rule:a", 150), ("rule:b", 2), ("late/1", 150)]
        made = [
            Firing(case_id=facts.case.id, step=step, occurrence=number, due_ms=START_MS)
            for step, most in names
            for number in range(1, most + 1)
        ]
        return CaseDecision(firings=tuple(made))

    await store.cases.decide(org, case.id, fire, now_ms=START_MS)
    seen: dict[str, list[int]] = {}
    for one in (await facts_of(store, org, case.id)).firings:
        seen.setdefault(one.step, []).append(one.occurrence)
    assert sorted(seen["rule:a"]) == list(range(151 - RULE_FIRINGS, 151))
    assert (len(seen["rule:b"]), len(seen["late/1"])) == (2, 150)


async def test_a_case_hears_once_of_another_that_becomes_part_of_it(store: Store, org: str) -> None:
    hands = Hands(ruled(org, rule("joined", OccasionKind.MERGED, RAISE)))
    kept, lost = [await case_of(store, org, conversation_key=f"{n}" * 64, token_hash=f"{n}" * 64) for n in "ab"]
    merging = CaseMerges(record=store.merges, organisations=hands, clock=hands, new_id=id_source(Ticking()))
    merge = await merging.merge(org, kept.id, lost.id, why="", actor_id="sue")
    assert await merging.merge(org, kept.id, lost.id, why="", actor_id="sue") == merge
    await clerk_of(store, hands).step()
    (fired,) = await told(store, org, kept.id, "automation")
    occasion = fired.data["occasion"]
    assert occasion == {"kind": "merged", "case_id": lost.id, "number": lost.number}
    assert (await store.cases.get(org, kept.id)).priority == kept.priority + 1
    assert (await merging.undo(org, merge.id, actor_id="sue")).left == 0
    assert len(await told(store, org, kept.id, "automation")) == 1, "parting is not joining"
    assert await told(store, org, lost.id, "automation") == []
