"""Room: an item's own weight, empty hands, parked work, negative room, pace, room held for heavy work."""

from dataclasses import replace

from engine.model.organisation import Accept, CapacityProfile, ChannelCapacity, Organisation, Queue
from engine.model.work import Outcome, Requirement, WorkItem
from tests.integration.router.scene import Scene, channels_status, kinds, organisation


def shop(
    org_id: str, units: int, agents: int = 1, sales: Queue | None = None, **channels: ChannelCapacity
) -> Organisation:
    """Return an organisation of ``units`` per agent; agents are called ana, ben, chen."""
    return organisation(
        org_id,
        {name: {} for name in ("ana", "ben", "chen")[:agents]},
        queues={
            "sales": sales or Queue(key="sales", name="Sales", wrapup_ms=0),
            "support": Queue(key="support", name="Support", wrapup_ms=0),
        },
        profiles={"standard": CapacityProfile(key="standard", units=units, channels=channels)},
        statuses=channels_status(*channels),
    )


async def take(scene: Scene, item_id: str, agent: str = "ana", **changes: object) -> bool:
    """Enqueue an item and accept it if it is offered to the agent; say whether."""
    await scene.enqueue(item_id, **changes)  # type: ignore[arg-type] # an item's fields
    if await scene.offer_of(agent) != item_id:
        return False
    await scene.accept(agent)
    return True


async def used(scene: Scene, agent: str = "ana") -> int:
    return (await scene.view(agent)).used


def work(scene: Scene, item_id: str, kind: str) -> WorkItem:
    item = WorkItem(id=item_id, org_id=scene.org_id, kind=kind, queue="sales", requirement=Requirement())
    scene.record.items[item_id] = item
    return item


async def test_an_items_own_weight(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 5, chat=ChannelCapacity()))
    await scene.sign_in("ana")
    await scene.enqueue("heavy", weight=4)
    await scene.tick()  # a weight never seen is made known to all agents first
    await scene.accept("ana")
    assert await used(scene) == 4
    assert not await take(scene, "heavier", weight=2)
    assert await scene.explained("heavier") == {"ana": "no-room"}
    assert await take(scene, "light")
    await scene.end("ana", "heavy")
    assert await scene.offer_of("ana") == "heavier"


async def test_a_new_weight_reaches_agents_by_and_by(scene: Scene) -> None:
    names: dict[str, dict[str, int]] = {f"agent-{number:03}": {} for number in range(130)}
    await scene.open(organisation(scene.org_id, names))
    await scene.sign_in("agent-129")
    await scene.enqueue("i1", weight=2)
    await scene.tick()
    assert await scene.offer_of("agent-129") == "i1"


async def test_work_that_needs_empty_hands(scene: Scene) -> None:
    voice = ChannelCapacity(exclusive=True, needs_empty=True)
    mail = ChannelCapacity(interruptible_by=frozenset({"voice"}))
    await scene.open(shop(scene.org_id, 9, voice=voice, chat=ChannelCapacity(), mail=mail))
    await scene.sign_in("ana")
    assert await take(scene, "c1", kind="chat")
    assert not await take(scene, "v1", kind="voice")
    assert await scene.explained("v1") == {"ana": "needs-empty"}
    assert await take(scene, "m1", kind="mail")
    await scene.end("ana", "c1")
    assert await scene.offer_of("ana") == "v1"  # the mail can wait


async def test_exclusive_work_joins_what_leaves_room_unless_it_needs_empty_hands(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 9, voice=ChannelCapacity(exclusive=True), chat=ChannelCapacity()))
    await scene.sign_in("ana")
    assert await take(scene, "c1", kind="chat")
    assert await take(scene, "v1", kind="voice")
    assert not await take(scene, "c2", kind="chat")


async def test_parked_work_holds_no_room(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 1, chat=ChannelCapacity()))
    await scene.sign_in("ana")
    assert await take(scene, "c1")
    await scene.enqueue("c2")
    events = scene.take(await scene.park("ana", "c1"))
    assert kinds(events) == ["parked", "offered"]
    assert (events[0].agent_id, events[1].item_id) == ("ana", "c2")
    assert await scene.items_of("ana") == {"c1": "parked", "c2": "offered"}
    queue = (await scene.router.board_view(scene.org_id)).queues["sales"]
    assert (queue.parked, queue.active, queue.offered) == (1, 0, 1)


async def test_parked_work_of_a_small_weight(scene: Scene) -> None:
    chat = ChannelCapacity(weight=3, parked_weight=1, maximum=1, exclusive=True)
    await scene.open(shop(scene.org_id, 4, chat=chat, voice=ChannelCapacity(weight=3, needs_empty=True)))
    await scene.sign_in("ana")
    assert await take(scene, "c1")
    scene.take(await scene.park("ana", "c1"))
    assert await used(scene) == 1
    assert await take(scene, "c2")  # neither the maximum nor exclusive work counts what is parked
    assert await used(scene) == 4
    await scene.end("ana", "c2")
    assert await take(scene, "v1", kind="voice")
    await scene.end("ana", "v1")
    assert await take(scene, "c3")
    scene.take(await scene.park("ana", "c3"))
    assert not await take(scene, "c4")
    assert kinds(scene.take(await scene.router.conclude(scene.org_id, "c1", "silence"))) == ["abandoned", "offered"]
    assert await scene.offer_of("ana") == "c4"


async def test_no_more_than_so_much_is_parked(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 3, chat=ChannelCapacity(parked_maximum=1)))
    await scene.sign_in("ana")
    assert await take(scene, "c1")
    assert await take(scene, "c2")
    scene.take(await scene.park("ana", "c1"))
    assert (await scene.park("ana", "c2")).outcome is Outcome.NO_ROOM
    assert await scene.items_of("ana") == {"c1": "parked", "c2": "active"}
    scene.take(await scene.router.conclude(scene.org_id, "c1", "silence"))
    scene.take(await scene.park("ana", "c2"))


async def test_parking_twice_and_late_commands(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 3, chat=ChannelCapacity()))
    await scene.sign_in("ana")
    assert await take(scene, "c1")
    number = await scene.assignment("ana", "c1")
    scene.take(await scene.park("ana", "c1"))
    router, org_id = scene.router, scene.org_id
    assert (await router.park(org_id, "c1", "ana", number, "")).outcome is Outcome.REPEATED
    assert (await router.end(org_id, "c1", "ana", number)).outcome is Outcome.STALE_ASSIGNMENT
    assert (await router.pick(org_id, "c1", "ana")).outcome is Outcome.WRONG_STATE
    scene.take(await router.resume(org_id, "c1"))
    assert (await router.resume(org_id, "c1")).outcome is Outcome.REPEATED


async def test_who_is_back_is_preferred(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 1, 2, chat=ChannelCapacity()))
    await scene.sign_in("ana", "ben")
    assert await take(scene, "c1")
    scene.take(await scene.park("ana", "c1"))
    await take(scene, "c2", "ben")
    assert await take(scene, "c3", "ana")
    await scene.end("ben", "c2")
    events = scene.take(await scene.router.resume(scene.org_id, "c1"))
    assert kinds(events) == ["resumed"]  # ben is free, but ana had it
    assert await scene.explained("c1") == {"ana": "no-room", "ben": "held-for-another"}
    assert kinds(await scene.advance(29_500)) == []
    assert kinds(await scene.advance(500)) == ["offered"]
    assert await scene.offer_of("ben") == "c1"


async def test_a_limit_lowered_below_what_is_parked(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 3, chat=ChannelCapacity()))
    await scene.sign_in("ana")
    for name in ("c1", "c2"):
        assert await take(scene, name)
        scene.take(await scene.park("ana", name))
    chat = ChannelCapacity(parked_maximum=1, maximum=1)
    await scene.configure(profiles={"standard": CapacityProfile(key="standard", units=1, channels={"chat": chat})})
    assert await scene.items_of("ana") == {"c1": "parked", "c2": "parked"}
    assert await take(scene, "c3")
    assert (await scene.park("ana", "c3")).outcome is Outcome.NO_ROOM


async def test_an_outside_fact_may_take_room_below_zero(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 2, chat=ChannelCapacity(), voice=ChannelCapacity()))
    await scene.sign_in("ana")
    for name in ("c1", "c2"):
        assert await take(scene, name)
    events = scene.take(await scene.router.assign(work(scene, "v1", "voice"), "ana"))
    assert kinds(events) == ["enqueued", "accepted"]
    assert (events[1].data["by"], events[1].agent_id) == ("outside", "ana")
    assert await used(scene) == 3
    await scene.enqueue("c3")
    assert kinds(await scene.end("ana", "c1")) == ["ended", "closed"]
    assert kinds(await scene.end("ana", "v1")) == ["ended", "closed", "offered"]
    assert (await scene.router.assign(work(scene, "v1", "voice"), "ana")).outcome is Outcome.REPEATED
    assert (await scene.router.assign(work(scene, "v2", "voice"), "zoe")).outcome is Outcome.UNKNOWN_AGENT


async def test_a_call_that_comes_in_during_an_offer(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 1, chat=ChannelCapacity(), voice=ChannelCapacity(exclusive=True)))
    await scene.sign_in("ana")
    await scene.enqueue("c1")
    scene.take(await scene.router.assign(work(scene, "v1", "voice"), "ana"))
    assert await scene.items_of("ana") == {"c1": "offered", "v1": "active"}
    await scene.accept("ana")
    assert await used(scene) == 2


async def test_what_is_assigned_to_somebody_who_is_not_there_comes_back(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 1, 2, chat=ChannelCapacity()))
    scene.take(await scene.router.assign(work(scene, "c1", "chat"), "ana"))
    await scene.sign_in("ben")
    assert "lost" in kinds(await scene.advance(30_500))
    assert await scene.offer_of("ben") == "c1"


async def test_who_comes_back_is_filled_at_a_pace(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", accept=Accept.AUTOMATIC)
    await scene.open(replace(shop(scene.org_id, 4, sales=sales, chat=ChannelCapacity()), fill_pace_ms=2_000))
    for number in range(9):
        await scene.enqueue(f"i{number}")
    await scene.sign_in("ana")
    held = [len(await scene.items_of("ana"))]
    for _ in range(4):
        assert (await scene.explained("i8"))["ana"] == "return-pace"
        await scene.advance(2_000)
        held.append(len(await scene.items_of("ana")))
    assert held == [1, 2, 3, 4, 4]


async def test_the_pace_is_over_once_he_is_idle(scene: Scene) -> None:
    sales = Queue(key="sales", name="Sales", accept=Accept.AUTOMATIC)
    await scene.open(replace(shop(scene.org_id, 4, sales=sales, chat=ChannelCapacity()), fill_pace_ms=2_000))
    await scene.sign_in("ana")
    await scene.enqueue("i0")
    await scene.enqueue("i1")
    assert len(await scene.items_of("ana")) == 2


def heavy_shop(org_id: str, agents: int = 1) -> Organisation:
    calls = Queue(key="sales", name="Sales", wrapup_ms=0, hold_room_after_ms=10_000)
    channels = {"chat": ChannelCapacity(), "voice": ChannelCapacity(weight=3, needs_empty=True)}
    return shop(org_id, 3, agents, calls, **channels)


async def busy(scene: Scene, *agents: str) -> None:
    """Let each agent hold two chats."""
    for agent in agents:
        for number in (1, 2):
            assert await take(scene, f"{agent}-{number}", agent, queue="support")


async def test_light_work_passes_until_room_is_held(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id))
    await scene.sign_in("ana")
    await busy(scene, "ana")
    assert not await take(scene, "call", kind="voice")
    assert await take(scene, "passes", queue="support")
    await scene.advance(10_000)
    assert (await scene.shown("call"))["room_held_of"] == "ana"
    await scene.end("ana", "passes")
    assert not await take(scene, "waits", queue="support")
    assert (await scene.explained("waits"))["ana"] == "room-held"
    await scene.end("ana", "ana-1")
    assert await scene.items_of("ana") == {"ana-2": "active"}
    await scene.end("ana", "ana-2")
    assert await scene.items_of("ana") == {"call": "offered"}
    await scene.accept("ana")
    await scene.end("ana", "call")
    assert await scene.offer_of("ana") == "waits"


async def test_room_is_held_of_one_agent_only_the_least_loaded(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id, 2))
    await scene.sign_in("ana", "ben")
    for number, agent in enumerate(("ana", "ben", "ana")):
        assert await take(scene, f"c{number}", agent, queue="support")
    assert not await take(scene, "call", kind="voice")
    await scene.advance(10_500)
    assert (await scene.shown("call"))["room_held_of"] == "ben"
    assert await take(scene, "c3", "ana", queue="support")


async def test_held_room_is_free_when_the_item_leaves(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id))
    await scene.sign_in("ana")
    await busy(scene, "ana")
    await take(scene, "call", kind="voice")
    await scene.advance(10_500)
    assert not await take(scene, "chat", queue="support")
    assert kinds(scene.take(await scene.router.conclude(scene.org_id, "call", "hung-up"))) == ["abandoned", "offered"]
    assert await scene.offer_of("ana") == "chat"


async def test_another_agents_room_is_held_when_he_goes(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id, 2))
    await scene.sign_in("ana", "ben")
    for number, agent in enumerate(("ana", "ben", "ben")):
        await scene.router.assign(replace(work(scene, f"c{number}", "chat"), queue="support"), agent)
    await take(scene, "call", kind="voice")
    await scene.advance(10_500)
    assert (await scene.shown("call"))["room_held_of"] == "ana"
    scene.take(await scene.router.set_status(scene.org_id, "ana", "break"))
    await scene.advance(1_000)
    assert (await scene.shown("call"))["room_held_of"] == "ben"
    await scene.hang_up("ben")
    assert (await scene.shown("call"))["room_held_of"] == ""
    scene.take(await scene.router.set_status(scene.org_id, "ana", "available"))
    await scene.advance(1_000)
    assert (await scene.shown("call"))["room_held_of"] == "ana"


async def test_room_is_held_for_several_and_not_for_what_asks_otherwise_now(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id, 3))
    await scene.sign_in("ana", "ben", "chen")
    for number, agent in enumerate(("ana", "ben", "chen")):
        await scene.router.assign(replace(work(scene, f"c{number}", "chat"), queue="support"), agent)
    await take(scene, "call-1", kind="voice")
    await take(scene, "call-2", kind="voice")
    await scene.advance(12_000)
    held = [(await scene.shown(name))["room_held_of"] for name in ("call-1", "call-2")]
    assert sorted(map(str, held)) == ["ana", "ben"]
    scene.take(await scene.router.change(scene.org_id, "call-1", {"skills": {"billing": 3}}))
    await scene.enqueue("c9", "support", age_ms=100_000)
    assert await scene.offer_of(str(held[0])) == "c9" or await scene.offer_of("chen") == "c9"
    await scene.end(str(held[0]), f"c{('ana', 'ben', 'chen').index(str(held[0]))}")
    assert "call-1" not in await scene.items_of(str(held[0]))


async def test_held_room_ends_with_the_rule_and_with_the_skill(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id))
    await scene.sign_in("ana")
    await busy(scene, "ana")
    await take(scene, "call", kind="voice")
    await scene.advance(10_500)
    assert not await take(scene, "chat", queue="support")
    queues = dict(scene.organisation.queues)
    queues["sales"] = replace(queues["sales"], hold_room_after_ms=0)
    assert kinds(await scene.configure(queues=queues)) == ["offered"]
    assert await scene.offer_of("ana") == "chat"


async def test_an_agent_whose_skills_change_keeps_no_room(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id))
    agents = dict(scene.organisation.agents)
    await scene.configure(agents={"ana": replace(agents["ana"], skills={"english": 5})})
    await scene.sign_in("ana")
    await busy(scene, "ana")
    await take(scene, "call", kind="voice", skills={"english": 3})
    await scene.advance(10_500)
    assert (await scene.shown("call"))["room_held_of"] == "ana"
    await scene.configure(agents=agents)
    await scene.end("ana", "ana-1")
    await scene.end("ana", "ana-2")
    assert await scene.items_of("ana") == {}
    assert (await scene.shown("call"))["room_held_of"] == ""


async def test_no_room_is_held_for_a_paused_queue(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id))
    await scene.sign_in("ana")
    await busy(scene, "ana")
    await take(scene, "call", kind="voice")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.advance(12_000)
    assert (await scene.shown("call"))["room_held_of"] == ""
    assert await take(scene, "chat", queue="support")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    await scene.advance(2_000)
    assert (await scene.shown("call"))["room_held_of"] == "ana"


async def test_room_that_is_free_after_a_pause_is_not_offered_what_another_got(scene: Scene) -> None:
    await scene.open(heavy_shop(scene.org_id, 2))
    await scene.sign_in("ana", "ben")
    for number, agent in enumerate(("ana", "ben")):
        await scene.router.assign(replace(work(scene, f"c{number}", "chat"), queue="support"), agent)
    await take(scene, "call", kind="voice")
    await scene.advance(10_500)
    assert (await scene.shown("call"))["room_held_of"] == "ana"
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="paused"))
    await scene.end("ana", "c0")
    await scene.end("ben", "c1")
    scene.take(await scene.router.set_queue(scene.org_id, "sales", mode="open"))
    assert kinds(await scene.tick()) == ["offered"]
    assert sorted([len(await scene.items_of(agent)) for agent in ("ana", "ben")]) == [0, 1]
    assert await take(scene, "chat", "ana" if await scene.offer_of("ana") == "" else "ben", queue="support")
