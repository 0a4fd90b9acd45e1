"""Offers that are declined, missed or rescinded; decline memory; the engine's own downtime."""

from engine.model.organisation import Queue
from engine.model.work import Outcome
from tests.integration.router.scene import Scene, kinds, organisation, single


async def test_a_declined_item_goes_to_the_next_with_its_rank(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}, "ben": {}}, profiles=single()))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    events = await scene.decline("ana")
    assert kinds(events) == ["declined", "offered"]
    assert (events[0].data["reason"], events[1].item_id) == ("busy", "i2")
    assert await scene.router.position(scene.org_id, ["i1"]) == {"i1": 1}
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "i1"


async def test_a_sole_decliner_gets_it_again_after_the_memory_and_not_before(scene: Scene) -> None:
    queues = {"sales": Queue(key="sales", name="Sales", decline_memory_ms=5_000)}
    await scene.open(organisation(scene.org_id, {"ana": {}}, queues=queues))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    for _ in range(3):
        await scene.decline("ana")
        assert kinds(await scene.advance(4_500)) == []
        assert kinds(await scene.advance(500)) == ["offered"]


async def test_no_memory_is_no_tight_loop(scene: Scene) -> None:
    queues = {"sales": Queue(key="sales", name="Sales", decline_memory_ms=0)}
    await scene.open(organisation(scene.org_id, {"ana": {}}, queues=queues))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    assert kinds(await scene.decline("ana")) == ["declined"]
    assert kinds(await scene.advance(500)) == ["offered"]


async def test_a_missed_offer_returns_and_the_others_come_first(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    await scene.advance(19_500)
    events = await scene.advance(500)
    assert kinds(events) == ["missed", "offered"]
    assert (events[0].agent_id, events[1].agent_id) == ("ana", "ben")
    await scene.accept("ben")
    await scene.enqueue("i2")
    assert await scene.offer_of("ana") == "i2"


async def test_misses_in_a_row_change_the_status(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, missed_status="break", profiles=single()))
    await scene.sign_in("ana")
    for item in ("i1", "i2", "i3", "i4"):
        await scene.enqueue(item)
    events = await scene.advance(60_000)
    assert kinds(events).count("missed") == 3
    assert [event.data["misses"] for event in events if event.kind == "missed"] == [1, 2, 3]
    presence = next(event for event in events if event.kind == "presence")
    assert (presence.data["status"], presence.data["reason"]) == ("break", "missed")
    assert (await scene.view("ana")).status == "break"
    assert await scene.items_of("ana") == {}
    await scene.router.set_status(scene.org_id, "ana", "available")
    assert await scene.offer_of("ana") != ""


async def test_an_answer_ends_the_row_of_misses(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, missed_status="break"))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    await scene.enqueue("i3")
    await scene.advance(40_000)
    await scene.accept("ana")
    await scene.advance(30_000)
    assert (await scene.view("ana")).status == "available"


async def test_a_status_that_does_not_take_the_channel_rescinds(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    events = scene.take(await scene.router.set_status(scene.org_id, "ana", "break"))
    assert kinds(events) == ["presence", "rescinded", "offered"]
    assert events[2].agent_id == "ben"


async def test_accepting_too_late(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    number = await scene.assignment("ana", "i1")
    await scene.advance(20_000)
    assert (await scene.router.accept(scene.org_id, "i1", "ana", number)).outcome is Outcome.STALE_ASSIGNMENT


async def test_downtime_counts_against_nobody(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}, "ben": {}}))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    await scene.advance(5_000)
    scene.clock.ms += 3_600_000  # the engine stands still for an hour
    assert kinds(await scene.tick()) == []
    offer = (await scene.view("ana")).offers[0]
    assert offer.expires_ms == scene.clock.ms + 15_000
    assert (await scene.router.tick(scene.org_id)).stopped_ms == 3_600_000
    assert kinds(await scene.advance(14_500)) == []
    assert kinds(await scene.advance(500)) == ["missed", "offered"]


async def test_a_command_before_the_first_tick_notices_the_downtime_too(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.advance(1_000)
    scene.clock.ms += 600_000
    await scene.enqueue("i1")
    assert kinds(await scene.tick()) == []
    assert (await scene.view("ana")).offers[0].expires_ms == scene.clock.ms + 20_000


async def test_time_never_goes_back(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.advance(2_000)
    before = scene.clock.ms
    scene.clock.ms -= 60_000  # a skewed process
    reply = await scene.router.conclude(scene.org_id, "i1", "visitor")
    assert scene.take(reply)[0].at_ms == before


async def test_tombstones_go_after_their_time(scene: Scene) -> None:
    await scene.open()
    await scene.enqueue("i1")
    scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))
    assert (await scene.router.conclude(scene.org_id, "i1", "visitor")).outcome is Outcome.REPEATED
    scene.clock.ms += 3_600_001
    await scene.tick()
    assert (await scene.router.conclude(scene.org_id, "i1", "visitor")).outcome is Outcome.UNKNOWN_ITEM
