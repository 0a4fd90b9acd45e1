"""Who gets what: skills, rank, idleness, passing over, and the explanation."""

from dataclasses import replace

from engine.model.organisation import Queue
from engine.model.work import Outcome, Requirement
from tests.integration.router.scene import Scene, kinds, organisation, single


async def test_an_item_goes_to_the_longest_idle_agent(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}, "ben": {}, "chen": {}}))
    await scene.sign_in("ben", "chen", "ana")
    assert kinds(await scene.enqueue("i1")) == ["enqueued", "offered"]
    await scene.enqueue("i2")
    assert (await scene.offer_of("ben"), await scene.offer_of("chen")) == ("i1", "i2")
    await scene.accept("ben")
    await scene.enqueue("i3")
    assert await scene.offer_of("ana") == "i3"


async def test_only_the_qualified_are_offered(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {"english": 3}, "ben": {"english": 7, "billing": 1}}))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1", skills={"english": 5})
    assert await scene.offer_of("ben") == "i1"
    await scene.enqueue("i2", skills={"billing": 2})
    assert await scene.explained("i2") == {"ana": "skill:billing", "ben": "skill:billing"}


async def test_a_queues_own_skills_are_required_too(scene: Scene) -> None:
    queues = {"sales": Queue(key="sales", name="Sales", skills={"english": 4})}
    await scene.open(organisation(scene.org_id, {"ana": {"english": 3}, "ben": {"english": 4}}, queues=queues))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1", skills={"english": 2})
    assert await scene.offer_of("ben") == "i1"


async def test_the_first_unmatched_item_does_not_block_the_next(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {"english": 5}}))
    await scene.enqueue("i1", skills={"billing": 1})
    await scene.enqueue("i2", skills={"english": 5})
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "i2"


async def test_an_agent_gets_the_best_ranked_item_of_all_his_queues(scene: Scene) -> None:
    queues = {
        "sales": Queue(key="sales", name="Sales", target_ms=60_000),
        "support": Queue(key="support", name="Support", target_ms=20_000),
    }
    await scene.open(organisation(scene.org_id, {"ana": {}}, queues=queues, profiles=single()))
    await scene.enqueue("late", "sales")
    await scene.advance(30_000)
    await scene.enqueue("urgent", "support")
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "urgent"


async def test_a_point_of_priority_is_worth_its_seconds_of_age(scene: Scene) -> None:
    queues = {"sales": Queue(key="sales", name="Sales", priority_step_ms=10_000)}
    await scene.open(organisation(scene.org_id, {"ana": {}}, queues=queues, profiles=single()))
    await scene.enqueue("old")
    await scene.advance(15_000)
    await scene.enqueue("one-point", priority=1)
    await scene.enqueue("two-points", priority=2)
    assert await scene.router.position(scene.org_id, ["old", "one-point", "two-points", "none"]) == {
        "two-points": 1,
        "old": 2,
        "one-point": 3,
        "none": 0,
    }


async def test_a_queues_priority_counts_for_all_its_items(scene: Scene) -> None:
    queues = {
        "sales": Queue(key="sales", name="Sales"),
        "support": Queue(key="support", name="Support", priority=1, priority_step_ms=10_000),
    }
    await scene.open(organisation(scene.org_id, {"ana": {}}, queues=queues))
    await scene.enqueue("old", "sales")
    await scene.advance(5_000)
    await scene.enqueue("new", "support")
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "new"


async def test_age_from_before_counts(scene: Scene) -> None:
    await scene.open()
    await scene.enqueue("i1")
    await scene.advance(5_000)
    await scene.enqueue("i2", age_ms=10_000)
    assert (await scene.router.position(scene.org_id, ["i2"])) == {"i2": 1}
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].longest_wait_ms == 10_000


async def test_reprioritising_moves_an_item_in_the_line(scene: Scene) -> None:
    await scene.open()
    for item in ("i1", "i2", "i3"):
        await scene.enqueue(item)
    reply = await scene.router.reprioritise(scene.org_id, "i3", 5)
    assert kinds(scene.take(reply)) == ["reprioritised"]
    assert reply.events[0].data["priority"] == 5
    assert (await scene.router.reprioritise(scene.org_id, "i3", 5)).outcome is Outcome.REPEATED
    assert await scene.router.position(scene.org_id, ["i1", "i2", "i3"]) == {"i3": 1, "i1": 2, "i2": 3}
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "i3"


async def test_work_conserving_across_queues_and_wrap_up(scene: Scene) -> None:
    """An agent in two queues: his wrap-up in one holds his room for both, and frees it for either."""
    await scene.open(organisation(scene.org_id, {"ana": {}}, profiles=single()))
    await scene.sign_in("ana")
    await scene.enqueue("i1", "sales")
    await scene.accept("ana")
    await scene.end("ana", "i1")
    await scene.enqueue("i2", "support")
    assert await scene.explained("i2") == {"ana": "no-room"}
    assert kinds(await scene.finish("ana", "i1")) == ["closed", "offered"]
    assert await scene.items_of("ana") == {"i2": "offered"}


async def test_one_pending_offer_per_agent(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}))
    await scene.sign_in("ana")
    for item in ("i1", "i2", "i3", "i4"):
        await scene.enqueue(item)
    for item in ("i1", "i2", "i3"):
        assert await scene.offer_of("ana") == item
        await scene.accept("ana")
    assert await scene.offer_of("ana") == ""
    assert await scene.explained("i4") == {"ana": "no-room"}


async def test_a_decision_carries_its_reasons(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", "ben")
    offered = (await scene.enqueue("i1"))[1]
    assert offered.data["candidates"] == 2
    assert offered.data["expires_ms"] == scene.clock.ms + 20_000
    assert (offered.agent_id, offered.queue, offered.assignment > 0) == ("ana", "sales", True)


async def test_the_explanation_gives_each_agents_first_reason(scene: Scene) -> None:
    agents = {name: {"english": 5} for name in ("away", "break", "declined", "full", "offered", "unskilled")}
    small = organisation(scene.org_id, agents | {"unskilled": {}}, profiles=single())
    setups = dict(small.agents) | {"other": replace(small.agents["away"], login="other", queues=("support",))}
    await scene.open(replace(small, agents=setups))
    await scene.sign_in("full")
    await scene.enqueue("i1")
    await scene.accept("full")
    await scene.sign_in("declined")
    await scene.enqueue("i2", skills={"english": 5})
    await scene.decline("declined")
    await scene.sign_in("offered", "break", "unskilled")
    await scene.router.set_status(scene.org_id, "break", "break")
    await scene.enqueue("i3", "support")
    await scene.enqueue("i4", skills={"english": 5})
    assert await scene.offer_of("offered") == "i2"
    reasons = await scene.explained("i4")
    assert reasons == {
        "away": "not-connected",
        "break": "status",
        "declined": "offer-pending",
        "full": "no-room",
        "offered": "offer-pending",
        "unskilled": "skill:english",
        "other": "not-a-member",
    }


async def test_staff_are_counted_with_room_or_without(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {"english": 5}, "ben": {}, "chen": {"english": 5}}))
    english = Requirement(skills={"english": 5})
    assert await scene.router.staffed(scene.org_id, "sales", english) == 0
    await scene.sign_in("ana", "ben")
    await scene.sign_in("chen", status="break")
    assert await scene.router.staffed(scene.org_id, "sales", english) == 2
    assert await scene.router.staffed(scene.org_id, "nowhere", english) == 0
    await scene.hang_up("ana")  # a page that is being reloaded is no empty office
    assert await scene.router.staffed(scene.org_id, "sales", english) == 2
    await scene.advance(30_000)
    assert await scene.router.staffed(scene.org_id, "sales", english) == 1


async def test_the_board_tells_queues_and_agents(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    for item in ("i1", "i2", "i3"):
        await scene.enqueue(item)
    await scene.accept("ana")
    await scene.advance(2_000)
    view = await scene.router.board_view(scene.org_id)
    sales = view.queues["sales"]
    assert (sales.waiting, sales.offered, sales.active, sales.wrapup, sales.longest_wait_ms) == (1, 1, 1, 0, 2_000)
    assert view.queues["support"].waiting == 0
    assert [(line.agent_id, line.status, line.used, line.units, line.items) for line in view.agents] == [
        ("ana", "available", 2, 3, 2),
        ("ben", "offline", 0, 3, 0),
    ]
