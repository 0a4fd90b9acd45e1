"""A rebuilt board: parked, scheduled, preferred and relaxed work comes back as it was, with its age."""

from dataclasses import replace

from engine.model.organisation import CapacityProfile, ChannelCapacity, Queue, RelaxationStep, WrapupMode
from engine.model.record import QueueState
from engine.model.work import Outcome, Requirement
from tests.integration.router.scene import Scene, channels_status, kinds, organisation

STEPS = (
    RelaxationStep(after_ms=10_000, lower={"english": 3}),
    RelaxationStep(after_ms=60_000, drop=frozenset({"english"})),
)


async def open_with(scene: Scene, **sales: object) -> None:
    queue = replace(Queue(key="sales", name="Sales", wrapup_ms=0), **sales)  # type: ignore[arg-type] # its fields
    queues = {"sales": queue, "support": Queue(key="support", name="Support", wrapup_ms=0)}
    channels = {
        "chat": ChannelCapacity(parked_weight=1, weight=2, maximum=1),
        "email": ChannelCapacity(weight=2),
        "voice": ChannelCapacity(weight=3),
    }
    await scene.open(
        organisation(
            scene.org_id,
            {"ana": {"english": 5}, "ben": {}},
            queues=queues,
            profiles={"standard": CapacityProfile(key="standard", units=3, channels=channels)},
            statuses=channels_status(*channels),
        )
    )


async def rebuild(scene: Scene, **ages: int) -> None:
    """Lose the board and rebuild it; ``ages`` are what the record knows."""
    for item_id, age_ms in ages.items():
        scene.record.items[item_id] = replace(scene.record.items[item_id], age_ms=age_ms)
    keys = await scene.valkey.command("KEYS", f"cb:{{{scene.org_id}}}:*")
    await scene.valkey.command("DEL", *keys)
    assert await scene.reconciler.run(scene.org_id)


async def back(scene: Scene) -> list[str]:
    """Let everybody's heartbeat come."""
    return kinds(scene.take(await scene.router.renew(scene.org_id, list(scene.connections.items()))))


async def test_parked_work_stays_with_its_agent(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    scene.take(await scene.park("ana", "i1"))
    await rebuild(scene, i1=4_000)
    await back(scene)
    view = await scene.view("ana")
    assert (await scene.items_of("ana"), view.used) == ({"i1": "parked"}, 1)
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].parked == 1
    await scene.sign_in("ben")
    events = scene.take(await scene.router.resume(scene.org_id, "i1"))
    assert kinds(events) == ["resumed", "offered"]
    assert await scene.offer_of("ana") == "i1"
    assert (await scene.shown("i1"))["age_ms"] == 4_000


async def test_scheduled_work_keeps_its_time(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana")
    moment = scene.clock.ms + 60_000
    await scene.enqueue("later", not_before_ms=moment)
    await scene.enqueue("soon", not_before_ms=scene.clock.ms + 5_000)
    scene.clock.ms += 30_000
    await rebuild(scene)
    await back(scene)
    assert (await scene.shown("later"))["state"] == "scheduled"
    assert await scene.offer_of("ana") == "soon"  # its time came while the board was away
    await scene.accept("ana")
    await scene.end("ana", "soon")
    await scene.advance(moment - scene.clock.ms - 500)
    assert await scene.offer_of("ana") == ""
    await scene.advance(500)
    assert await scene.offer_of("ana") == "later"


async def test_a_preferred_agent_is_waited_for_as_long_as_was_left(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana", "ben")
    scene.take(await scene.router.set_status(scene.org_id, "ben", "break"))
    await scene.enqueue("i1", preferred_agent="ben")
    await scene.advance(10_000)
    await rebuild(scene, i1=10_000)
    assert await back(scene) == ["presence", "presence"]
    assert (await scene.explained("i1"))["ana"] == "held-for-another"
    await scene.advance(19_500)
    assert await scene.offer_of("ana") == ""
    await scene.advance(500)
    assert await scene.offer_of("ana") == "i1"


async def test_a_required_agent_too(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana")
    await scene.enqueue("i1", preferred_agent="ben", preferred_required=True)
    await rebuild(scene)
    assert await back(scene) == ["presence"]
    assert (await scene.explained("i1"))["ana"] == "held-for-another"
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "i1"


async def test_relaxation_goes_on_from_its_age(scene: Scene) -> None:
    await open_with(scene, relaxation=STEPS)
    await scene.sign_in("ben")
    await scene.enqueue("i1", skills={"english": 8})
    await scene.enqueue("i2", skills={"english": 8})
    await rebuild(scene, i1=12_000, i2=59_000)
    await back(scene)
    assert [await scene.stage(name) for name in ("i1", "i2")] == [1, 1]
    assert (await scene.shown("i1"))["requires"] == {"english": 5}
    assert await scene.order("i1", "i2") == ["i2", "i1"]
    assert kinds(await scene.advance(1_000)) == ["relaxed", "offered"]
    assert await scene.offer_of("ben") == "i2"


async def test_a_consult_hangs_on_its_item_again_and_is_not_for_who_asked(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana")
    await scene.enqueue("i1", kind="email")
    await scene.accept("ana")
    await scene.enqueue("advice", parent_id="i1", attributes={"asked_by": "ana"})
    await rebuild(scene)
    await back(scene)
    assert (await scene.explained("advice"))["ana"] == "passed-over"
    assert kinds(await scene.end("ana", "i1")) == ["abandoned", "ended", "closed"]


async def test_a_manual_wrap_up_goes_on(scene: Scene) -> None:
    await open_with(scene, wrapup_mode=WrapupMode.MANUAL)
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    await scene.end("ana", "i1")
    await rebuild(scene)
    await back(scene)
    assert kinds(await scene.advance(60_000)) == []
    assert kinds(await scene.finish("ana", "i1")) == ["closed"]


async def test_due_time_weight_and_preferred_skills_come_back(scene: Scene) -> None:
    await open_with(scene)
    await scene.enqueue("i1", skills={"english": 2}, preferred={"english": 9}, weight=3, due_ms=77)
    await rebuild(scene, i1=1_000)
    assert (await scene.shown("i1"))["requires"] == {"english": 9}
    await scene.sign_in("ana")
    await scene.advance(29_000)
    assert await scene.offer_of("ana") == "i1"
    assert (await scene.view("ana")).used == 3


async def test_more_different_requirements_than_are_allowed_now(scene: Scene) -> None:
    await open_with(scene)
    for number in range(5):
        await scene.enqueue(f"i{number}", skills={"english": 1 + number})
    scene.organisation = replace(scene.organisation, signature_limit=2)
    await rebuild(scene)
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].waiting == 5
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == "i0"


async def test_limits_and_closed_hours_do_not_keep_out_what_was_in(scene: Scene) -> None:
    await open_with(scene, limit_items=3)
    for number in range(3):
        await scene.enqueue(f"i{number}")
    queues = dict(scene.organisation.queues)
    scene.organisation = replace(scene.organisation, queues=queues | {"sales": replace(queues["sales"], limit_items=1)})
    await rebuild(scene)
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].waiting == 3


async def test_many_agents_get_their_work_again_by_and_by(scene: Scene) -> None:
    names = [f"agent-{number:03}" for number in range(150)]
    await scene.open(organisation(scene.org_id, {name: {} for name in names}))
    await scene.sign_in(*names)
    for number in range(160):
        await scene.enqueue(f"i{number:03}")
    await rebuild(scene)
    scene.take(await scene.router.renew(scene.org_id, list(scene.connections.items())))
    await scene.tick()
    offered = (await scene.router.board_view(scene.org_id)).queues["sales"].offered
    assert offered == 150


async def test_a_paused_queue_is_paused_on_a_board_that_lost_everything(scene: Scene) -> None:
    await open_with(scene)
    await scene.enqueue("i1")
    scene.record.queues = {"sales": QueueState(mode="paused"), "gone": QueueState(mode="draining")}
    keys = await scene.valkey.command("KEYS", f"cb:{{{scene.org_id}}}:*")
    await scene.valkey.command("DEL", *keys)
    assert await scene.reconciler.run(scene.org_id)
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == ""
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    await scene.tick()
    assert await scene.offer_of("ana") == "i1"


async def test_a_paused_queue_stays_paused_in_the_next_epoch(scene: Scene) -> None:
    await open_with(scene)
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    scene.take(await scene.router.set_queue(scene.org_id, "support", closed=True))
    await scene.enqueue("i1")
    assert await scene.reconciler.run(scene.org_id, force=True)
    await scene.sign_in("ana")
    assert await scene.offer_of("ana") == ""
    queues = (await scene.router.board_view(scene.org_id)).queues
    assert (queues["sales"].mode, queues["support"].closed) == ("paused", True)
    assert (await scene.router.set_queue(scene.org_id, "sales", mode="paused")).outcome is Outcome.REPEATED


async def test_relaxation_counts_from_the_segment_that_a_transfer_began(scene: Scene) -> None:
    await open_with(scene, relaxation=STEPS)
    await scene.sign_in("ana")
    await scene.enqueue("i1", skills={"english": 5}, age_ms=40_000)
    await scene.accept("ana")
    (transferred, *_) = scene.take(await scene.transfer("ana", "i1", queue="sales", english=5))
    assert transferred.data["segment_ms"] == 40_000
    known = scene.record.items["i1"]
    scene.record.items["i1"] = replace(known, segment_ms=40_000, requirement=Requirement(skills={"english": 5}))
    await rebuild(scene, i1=45_000)
    assert ((await scene.shown("i1"))["age_ms"], await scene.stage("i1")) == (45_000, 0)
    await scene.advance(5_000)
    assert await scene.stage("i1") == 1  # ten seconds after the transfer, not after its first arrival
    await scene.advance(50_000)
    assert await scene.stage("i1") == 2


async def test_parked_work_is_resumed_in_the_parking_that_was_meant(scene: Scene) -> None:
    await open_with(scene)
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    first = await scene.assignment("ana", "i1")
    (parked, *_) = scene.take(await scene.router.park(scene.org_id, "i1", "ana", first, "waiting", seen_seq=7))
    assert parked.data == {"reason": "waiting", "seen_seq": 7}
    (resumed, *_) = scene.take(await scene.router.resume(scene.org_id, "i1", first))
    assert resumed.data["age_ms"] == 0
    await scene.accept("ana")
    second = await scene.assignment("ana", "i1")
    assert (await scene.router.resume(scene.org_id, "i1", first)).outcome is Outcome.REPEATED
    scene.take(await scene.park("ana", "i1"))
    assert (await scene.router.resume(scene.org_id, "i1", first)).outcome is Outcome.STALE_ASSIGNMENT
    scene.record.items["i1"] = replace(scene.record.items["i1"], assignment=second)
    await rebuild(scene)
    assert (await scene.router.resume(scene.org_id, "i1", first)).outcome is Outcome.STALE_ASSIGNMENT
    assert kinds(scene.take(await scene.router.resume(scene.org_id, "i1", second)))[0] == "resumed"
