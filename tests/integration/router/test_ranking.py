"""The order of items: three rankings, clocks, and changes while an item waits."""

import pytest

from engine.model.organisation import Queue, Ranking, RelaxationStep
from engine.model.work import Outcome
from tests.integration.router.scene import START_MS, Scene, kinds, organisation, single

STRICT = Queue(key="sales", name="Sales", ranking=Ranking.PRIORITY_THEN_AGE, target_ms=20_000)
DUE = Queue(key="sales", name="Sales", ranking=Ranking.DUE, target_ms=600_000, priority_step_ms=60_000)
SUPPORT = Queue(key="support", name="Support", wrapup_ms=0)


async def open_with(scene: Scene, sales: Queue, agents: dict[str, dict[str, int]] | None = None) -> None:
    queues = {"sales": sales, "support": SUPPORT}
    await scene.open(organisation(scene.org_id, agents or {"ana": {}}, queues=queues, profiles=single()))


async def change(scene: Scene, item_id: str, **changes: object) -> list[str]:
    return kinds(scene.take(await scene.router.change(scene.org_id, item_id, changes)))


async def test_priority_then_age(scene: Scene) -> None:
    await open_with(scene, STRICT)
    await scene.enqueue("old", age_ms=86_400_000)
    await scene.enqueue("urgent", priority=1)
    await scene.enqueue("urgent-too", priority=1)
    await scene.enqueue("lowest", priority=-1, age_ms=10**9)
    assert await scene.order("old", "urgent", "urgent-too", "lowest") == ["urgent", "urgent-too", "old", "lowest"]


@pytest.mark.parametrize("sales", [STRICT, Queue(key="sales", name="Sales", priority_step_ms=86_400_000)])
async def test_ranks_stay_exact_numbers_whatever_the_priority(scene: Scene, sales: Queue) -> None:
    await open_with(scene, sales)
    for number in range(3):
        await scene.enqueue(f"high{number}", priority=10**12)
        await scene.enqueue(f"low{number}", priority=-(10**12))
    names = ["high0", "high1", "high2", "low0", "low1", "low2"]
    assert await scene.order(*reversed(names)) == names
    ranks = [float(str((await scene.shown(name))["rank"])) for name in names]
    assert all(abs(rank) < 2**53 for rank in ranks)
    scene.take(await scene.router.reprioritise(scene.org_id, "high0", 5))
    scene.take(await scene.router.reprioritise(scene.org_id, "low2", 5))
    assert await scene.order(*reversed(names)) == ["high1", "high2", "high0", "low2", "low0", "low1"]


async def test_by_due_time(scene: Scene) -> None:
    await open_with(scene, DUE)
    await scene.enqueue("later", due_ms=START_MS + 90_000)
    await scene.enqueue("soon", due_ms=START_MS + 30_000)
    await scene.enqueue("by-target")  # in ten minutes
    await scene.enqueue("raised", due_ms=START_MS + 120_000, priority=1)
    assert await scene.order("later", "soon", "by-target", "raised") == ["soon", "raised", "later", "by-target"]
    assert await change(scene, "by-target", due=START_MS + 10_000) == ["changed"]
    assert await scene.order("later", "soon", "by-target") == ["by-target", "soon", "later"]


async def test_due_counts_for_nothing_in_other_queues(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"))
    await scene.enqueue("first")
    await scene.enqueue("second", due_ms=1)
    assert await scene.order("second", "first") == ["first", "second"]


async def test_ranks_compare_across_queues(scene: Scene) -> None:
    await open_with(scene, DUE)
    await scene.enqueue("due", due_ms=START_MS + 60_000)
    await scene.advance(50_000)
    await scene.enqueue("now", "support")
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "now"


async def test_priority_changes_its_place(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"))
    for name in ("i1", "i2", "i3"):
        await scene.enqueue(name)
    assert await change(scene, "i3", priority=2) == ["changed"]
    assert (await scene.router.change(scene.org_id, "i3", {"priority": 2})).outcome is Outcome.REPEATED
    assert await scene.order("i1", "i2", "i3") == ["i3", "i1", "i2"]
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "i3"


async def test_skills_change_who_may_have_it_at_once(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"))
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"billing": 3})
    assert (await scene.router.change(scene.org_id, "i1", {"skills": {"billing": 3}})).outcome is Outcome.REPEATED
    assert await change(scene, "i1", skills={}) == ["changed", "offered"]
    assert await scene.offer_of("ana") == "i1"


async def test_a_changed_requirement_is_relaxed_as_far_as_its_age_says(scene: Scene) -> None:
    steps = (RelaxationStep(after_ms=10_000, lower={"billing": 2}),)
    await open_with(scene, Queue(key="sales", name="Sales", relaxation=steps))
    await scene.enqueue("i1", skills={"english": 3})
    await scene.advance(15_000)
    await change(scene, "i1", skills={"billing": 6})
    assert (await scene.shown("i1"))["requires"] == {"billing": 4}


async def test_another_queue_begins_a_segment_and_keeps_the_age(scene: Scene) -> None:
    steps = (RelaxationStep(after_ms=10_000, drop=frozenset({"billing"})),)
    await open_with(scene, Queue(key="sales", name="Sales", relaxation=steps))
    await scene.enqueue("i1", "support", skills={"billing": 3})
    await scene.advance(15_000)
    await scene.enqueue("i2")
    assert await change(scene, "i1", queue="sales") == ["changed"]
    assert await scene.order("i2", "i1") == ["i1", "i2"]
    shown = await scene.shown("i1")
    assert (shown["age_ms"], shown["stage"], shown["queue"]) == (15_001, 0, "sales")
    await scene.advance(10_000)
    assert await scene.stage("i1") == 1


async def test_a_preferred_agent_named_while_waiting(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"), {"ana": {}, "ben": {}})
    await scene.sign_in("ana", "ben")
    for name in ("busy-1", "busy-2"):
        await scene.enqueue(name)
    await scene.accept("ana")
    await scene.accept("ben")
    await scene.enqueue("i1")
    await scene.advance(60_000)
    await scene.enqueue("i2")
    assert await change(scene, "i1", preferred_agent="ben") == ["changed"]
    assert (await scene.explained("i1"))["ana"] == "held-for-another"
    await scene.end("ana", "busy-1")
    await scene.finish("ana", "busy-1")
    assert await scene.offer_of("ana") == "i2"
    await scene.advance(30_000)
    assert (await scene.shown("i1"))["held_for"] == ""


async def test_what_cannot_be_changed(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    ask = scene.router.change
    assert (await ask(scene.org_id, "i1", {"skills": {"billing": 3}})).outcome is Outcome.WRONG_STATE
    assert (await ask(scene.org_id, "i1", {"queue": "support"})).outcome is Outcome.WRONG_STATE
    assert (await ask(scene.org_id, "i1", {"queue": "gone"})).outcome is Outcome.WRONG_STATE
    assert (await ask(scene.org_id, "i9", {"priority": 1})).outcome is Outcome.UNKNOWN_ITEM
    assert await change(scene, "i1", priority=3) == ["changed"]
    await scene.enqueue("i2")
    assert (await ask(scene.org_id, "i2", {"queue": "gone"})).outcome is Outcome.UNKNOWN_QUEUE
    scene.take(await scene.router.conclude(scene.org_id, "i2", "visitor"))
    assert (await ask(scene.org_id, "i2", {"priority": 1})).outcome is Outcome.WRONG_STATE


async def test_a_decline_and_a_miss_keep_rank_and_age(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.advance(5_000)
    await scene.enqueue("i2")
    await scene.decline("ana")
    assert await scene.offer_of("ana") == "i2"
    await scene.decline("ana")
    assert await scene.order("i2", "i1") == ["i1", "i2"]
    assert (await scene.shown("i1"))["age_ms"] == 5_001
    await scene.advance(30_000)
    assert await scene.offer_of("ana") == "i1"
    await scene.advance(20_000)
    assert (await scene.shown("i1"))["age_ms"] == 55_001
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].longest_wait_ms == 55_001


async def test_a_transfer_takes_the_age_along_without_the_time_with_the_agent(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.advance(5_000)
    await scene.accept("ana")
    await scene.advance(40_000)
    await scene.enqueue("older", "support", age_ms=6_000)
    await scene.enqueue("younger", "support", age_ms=4_000)
    assert (await scene.transfer("ana", "i1", queue="support")).ok
    assert await scene.offer_of("ana") == "older"
    assert await scene.order("younger", "i1") == ["i1", "younger"]
    assert (await scene.shown("i1"))["age_ms"] == 5_000


async def test_parked_time_does_not_count(scene: Scene) -> None:
    await open_with(scene, Queue(key="sales", name="Sales"))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.advance(5_000)
    await scene.accept("ana")
    await scene.advance(7_000)
    scene.take(await scene.park("ana", "i1"))
    await scene.advance(100_000)
    scene.take(await scene.router.set_status(scene.org_id, "ana", "break"))
    scene.take(await scene.router.resume(scene.org_id, "i1"))
    await scene.advance(2_000)
    assert (await scene.shown("i1"))["age_ms"] == 7_000
