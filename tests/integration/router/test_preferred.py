"""Work held for one agent: preferred, required, handed to him."""

from dataclasses import replace

from engine.model.organisation import Organisation, Queue
from engine.model.work import Outcome
from tests.integration.router.scene import Scene, kinds, organisation, single


def shop(org_id: str, **sales: object) -> Organisation:
    queue = replace(Queue(key="sales", name="Sales", wrapup_ms=0), **sales)  # type: ignore[arg-type] # its fields
    queues = {"sales": queue, "support": Queue(key="support", name="Support", wrapup_ms=0)}
    return organisation(org_id, {"ana": {}, "ben": {}, "chen": {"billing": 5}}, queues=queues, profiles=single())


async def busy(scene: Scene, agent: str) -> None:
    await scene.sign_in(agent)
    await scene.enqueue(f"busy-{agent}")
    await scene.accept(agent)


async def test_he_comes_before_who_has_been_idle_longer(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana", "ben")
    offered = (await scene.enqueue("i1", preferred_agent="ben"))[1]
    assert (offered.agent_id, offered.data["by"]) == ("ben", "preferred")


async def test_it_waits_for_him_a_while_and_is_his_before_all_else(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await busy(scene, "ben")
    await scene.enqueue("other", priority=99)
    await scene.sign_in("ana")
    await scene.accept("ana")
    await scene.enqueue("urgent", priority=99)
    assert kinds(await scene.enqueue("i1", preferred_agent="ben")) == ["enqueued"]
    assert (await scene.explained("i1"))["ana"] == "held-for-another"
    assert kinds(await scene.end("ben", "busy-ben")) == ["ended", "closed", "offered"]
    assert await scene.offer_of("ben") == "i1"


async def test_then_it_is_for_everybody(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, preferred_wait_ms=10_000))
    await busy(scene, "ben")
    await scene.sign_in("ana")
    await scene.enqueue("i1", preferred_agent="ben")
    assert kinds(await scene.advance(9_500)) == []
    assert kinds(await scene.advance(500)) == ["offered"]
    assert await scene.offer_of("ana") == "i1"


async def test_nobody_waits_for_who_is_not_signed_in(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana")
    assert kinds(await scene.enqueue("i1", preferred_agent="ben")) == ["enqueued", "offered"]
    assert await scene.offer_of("ana") == "i1"
    await scene.accept("ana")
    await scene.end("ana", "i1")
    assert kinds(await scene.enqueue("i2", preferred_agent="nobody")) == ["enqueued", "offered"]


async def test_no_wait_means_only_if_he_is_free(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, preferred_wait_ms=0))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1", preferred_agent="ben")
    assert await scene.offer_of("ben") == "i1"
    await scene.enqueue("i2", preferred_agent="ben")
    assert await scene.offer_of("ana") == "i2"


async def test_a_break_is_waited_out_and_leaving_is_not(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana")
    await scene.sign_in("ben", status="break")
    assert kinds(await scene.enqueue("i1", preferred_agent="ben")) == ["enqueued"]
    scene.take(await scene.router.set_status(scene.org_id, "ben", "offline"))
    assert kinds(await scene.tick()) == ["offered"]
    assert await scene.offer_of("ana") == "i1"


async def test_many_items_are_set_free_in_batches(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, preferred_wait_ms=600_000))
    await scene.sign_in("ben", status="break")
    for number in range(130):
        await scene.enqueue(f"i{number:03}", preferred_agent="ben")
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == ""
    scene.take(await scene.router.set_status(scene.org_id, "ben", "offline"))
    await scene.tick()
    assert await scene.offer_of("ana") == "i000"
    assert (await scene.shown("i129"))["held_for"] == ""


async def test_his_decline_ends_it(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1", preferred_agent="ben")
    assert kinds(await scene.decline("ben")) == ["declined", "offered"]
    assert await scene.offer_of("ana") == "i1"
    await scene.decline("ana")
    await scene.advance(30_500)
    assert await scene.offer_of("ana") + await scene.offer_of("ben") != ""


async def test_his_miss_ends_it_too(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, preferred_wait_ms=600_000))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1", preferred_agent="ben")
    assert kinds(await scene.advance(20_000)) == ["missed", "offered"]
    assert await scene.offer_of("ana") == "i1"


async def test_required_waits_for_him_whether_he_is_there_or_not_until_its_bound(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, required_wait_ms=60_000))
    await scene.sign_in("ana")
    await scene.enqueue("i1", preferred_agent="ben", preferred_required=True)
    assert kinds(await scene.advance(50_000)) == []
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "i1"
    await scene.hang_up("ben")
    await scene.advance(9_000)
    assert (await scene.shown("i1"))["held_for"] == "ben"
    await scene.advance(1_000)
    assert await scene.offer_of("ana") == "i1"


async def test_required_without_a_bound(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, required_wait_ms=0))
    await scene.sign_in("ana")
    await scene.enqueue("i1", preferred_agent="ben", preferred_required=True)
    await scene.advance(2_000)
    scene.clock.ms += 10 * 86_400_000
    await scene.advance(2_000)
    assert (await scene.explained("i1"))["ana"] == "held-for-another"
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "i1"


async def test_handed_to_an_agent_it_needs_neither_his_skill_nor_his_queue(scene: Scene) -> None:
    shape = shop(scene.org_id)
    ben = replace(shape.agents["ben"], queues=("support",))
    await scene.open(replace(shape, agents=dict(shape.agents) | {"ben": ben}))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    await scene.accept("ana")
    events = scene.take(await scene.transfer("ana", "i1", to="ben", billing=9))
    assert kinds(events) == ["transferred", "offered"]
    assert (events[1].agent_id, events[0].data["to_agent"]) == ("ben", "ben")


async def test_handed_to_an_agent_who_is_busy_it_waits_for_him(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await busy(scene, "ben")
    await scene.sign_in("ana", "chen")
    await scene.enqueue("i1")
    await scene.accept("ana")
    assert kinds(scene.take(await scene.transfer("ana", "i1", to="ben"))) == ["transferred"]
    assert (await scene.explained("i1"))["chen"] == "held-for-another"
    await scene.end("ben", "busy-ben")
    assert await scene.offer_of("ben") == "i1"
    assert kinds(await scene.decline("ben")) == ["declined", "offered"]
    assert await scene.offer_of("chen") == "i1"  # not back to ana


async def test_nobody_hands_work_to_himself_or_to_a_stranger(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    assert (await scene.transfer("ana", "i1", to="ana")).outcome is Outcome.INVALID
    assert (await scene.transfer("ana", "i1", to="zoe")).outcome is Outcome.UNKNOWN_AGENT
    assert await scene.items_of("ana") == {"i1": "active"}


async def test_what_waits_for_him_stands_in_its_queues_line(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await busy(scene, "ben")
    await scene.enqueue("i1", preferred_agent="ben")
    await scene.enqueue("i2")
    assert await scene.order("i2", "i1") == ["i1", "i2"]
    scene.take(await scene.router.reprioritise(scene.org_id, "i2", 9))
    scene.take(await scene.router.reprioritise(scene.org_id, "i1", 99))
    assert await scene.order("i2", "i1") == ["i1", "i2"]
    scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))
    await scene.end("ben", "busy-ben")
    assert await scene.offer_of("ben") == "i2"
