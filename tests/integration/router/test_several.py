"""Offers accepted automatically, and the same item offered to several agents at once."""

from dataclasses import replace

from engine.model.organisation import Accept, CapacityProfile, ChannelCapacity, Organisation, Queue
from engine.model.work import EventKind, Outcome
from tests.integration.router.scene import Scene, kinds, organisation, single

THREE: dict[str, dict[str, int]] = {"ana": {}, "ben": {}, "chen": {}}


def shop(org_id: str, *, agents: dict[str, dict[str, int]] | None = None, **sales: object) -> Organisation:
    queue = replace(Queue(key="sales", name="Sales", wrapup_ms=0), **sales)  # type: ignore[arg-type] # its fields
    queues = {"sales": queue, "support": Queue(key="support", name="Support", wrapup_ms=0)}
    return organisation(org_id, agents or THREE, queues=queues)


def automatic(org_id: str, **changes: object) -> Organisation:
    return shop(org_id, accept=Accept.AUTOMATIC, **changes)  # type: ignore[arg-type] # a queue's fields


async def holders(scene: Scene, item_id: str) -> list[str]:
    """Return who is offered the item."""
    return [agent for agent in THREE if await scene.offer_of(agent) == item_id]


# -- accepted automatically ---------------------------------------------------------------------------------------


async def test_automatic_acceptance_is_one_step(scene: Scene) -> None:
    await scene.open(automatic(scene.org_id))
    await scene.sign_in("ana")
    events = await scene.enqueue("i1")
    assert kinds(events) == ["enqueued", "offered", "accepted"]
    assert (events[1].data["auto"], events[2].data["auto"]) == (True, True)
    assert events[1].assignment == events[2].assignment > 0
    assert await scene.items_of("ana") == {"i1": "active"}
    assert kinds(await scene.advance(30_000)) == []  # nothing times out


async def test_an_agent_is_filled_to_capacity_the_best_first(scene: Scene) -> None:
    await scene.open(automatic(scene.org_id, agents={"ana": {}}))
    for number in range(5):
        await scene.enqueue(f"i{number}", priority=number)
    scene.take(await scene.router.connect_agent(scene.org_id, "ana", "socket-ana"))
    events = scene.take(await scene.router.set_status(scene.org_id, "ana", "available"))
    assert kinds(events) == ["presence", *["offered", "accepted"] * 3]
    assert [event.item_id for event in events if event.kind is EventKind.ACCEPTED] == ["i4", "i3", "i2"]
    assert kinds(await scene.end("ana", "i3")) == ["ended", "closed", "offered", "accepted"]
    assert sorted(await scene.items_of("ana")) == ["i1", "i2", "i4"]


async def test_a_manual_offer_and_automatic_work_side_by_side(scene: Scene) -> None:
    await scene.open(automatic(scene.org_id, agents={"ana": {}}))
    await scene.sign_in("ana")
    await scene.enqueue("manual", "support")
    await scene.enqueue("auto")
    assert await scene.items_of("ana") == {"manual": "offered"}  # nothing else while an offer is pending
    assert (await scene.explained("auto"))["ana"] == "offer-pending"
    assert kinds(await scene.accept("ana")) == ["accepted", "offered", "accepted"]


async def test_a_bulk_fills_everybody(scene: Scene) -> None:
    await scene.open(automatic(scene.org_id, offer_to=3))
    await scene.sign_in(*THREE)
    for number in range(9):
        assert kinds(await scene.enqueue(f"i{number}")) == ["enqueued", "offered", "accepted"]
    assert [(await scene.view(agent)).used for agent in THREE] == [3, 3, 3]
    assert kinds(await scene.enqueue("i9")) == ["enqueued"]


async def test_an_open_offer_stays_manual_when_the_queue_becomes_automatic(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=2))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    await scene.configure(queues=automatic(scene.org_id).queues)
    assert await holders(scene, "i1") == ["ana", "ben"]
    assert kinds(await scene.accept("ana")) == ["rescinded", "accepted"]
    assert (await scene.view("ben")).used == 0
    assert kinds(await scene.enqueue("i2")) == ["enqueued", "offered", "accepted"]


# -- several at once ----------------------------------------------------------------------------------------------


async def test_the_first_who_accepts_wins(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=3))
    await scene.sign_in("ana", "ben")
    events = await scene.enqueue("i1")
    assert [(event.kind.value, event.agent_id) for event in events[1:]] == [("offered", "ana"), ("offered", "ben")]
    assert events[1].assignment != events[2].assignment
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].offered == 1
    events = await scene.accept("ben")
    assert [(event.kind.value, event.agent_id) for event in events] == [("rescinded", "ana"), ("accepted", "ben")]
    assert (events[0].data["reason"], events[0].data["state"]) == ("taken", "offered")
    assert events[1].assignment == await scene.assignment("ben", "i1")
    queue = (await scene.router.board_view(scene.org_id)).queues["sales"]
    assert (queue.offered, queue.active) == (0, 1)
    assert (await scene.view("ana")).used == 0


async def test_losing_is_no_miss_and_no_reason_to_be_passed_over(scene: Scene) -> None:
    await scene.open(replace(shop(scene.org_id, offer_to=2), missed_offers=1, missed_status="break"))
    await scene.sign_in("ana", "ben")
    for number in range(3):
        await scene.enqueue(f"i{number}")
        await scene.accept("ana")
    assert (await scene.view("ben")).status == "available"
    scene.take(await scene.transfer("ana", "i0", queue="sales"))
    assert await scene.offer_of("ben") == "i0"


async def test_whose_acceptance_comes_second_is_told_so(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=2))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    late = await scene.assignment("ana", "i1")
    won = await scene.assignment("ben", "i1")
    await scene.accept("ben")
    accept, decline = scene.router.accept, scene.router.decline
    assert (await accept(scene.org_id, "i1", "ana", late)).outcome is Outcome.STALE_ASSIGNMENT
    assert (await decline(scene.org_id, "i1", "ana", late)).outcome is Outcome.STALE_ASSIGNMENT
    assert (await accept(scene.org_id, "i1", "ana", won)).outcome is Outcome.NOT_YOURS
    assert (await accept(scene.org_id, "i1", "ben", won)).outcome is Outcome.REPEATED


async def test_one_declines_and_the_others_still_have_it(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=2))
    await scene.sign_in("ana", "ben", "chen")
    await scene.enqueue("i1")
    assert await holders(scene, "i1") == ["ana", "ben"]
    number = await scene.assignment("ana", "i1")
    events = await scene.decline("ana")
    assert kinds(events) == ["declined"]
    assert events[0].data["state"] == "offered"
    assert await holders(scene, "i1") == ["ben"]
    assert (await scene.router.decline(scene.org_id, "i1", "ana", number, "")).outcome is Outcome.REPEATED
    assert kinds(await scene.accept("ben")) == ["accepted"]


async def test_all_decline(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=2))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    await scene.decline("ana")
    events = await scene.decline("ben")
    assert kinds(events) == ["declined"]
    assert events[0].data["state"] == "queued"
    assert set((await scene.explained("i1")).values()) == {"passed-over", "not-connected"}
    await scene.sign_in("chen")
    assert await holders(scene, "i1") == ["chen"]


async def test_each_misses_on_his_own(scene: Scene) -> None:
    await scene.open(replace(shop(scene.org_id, offer_to=2), missed_offers=1, missed_status="break"))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    events = await scene.advance(20_000)
    assert kinds(events) == ["missed", "presence", "missed", "presence"]
    assert [event.data["state"] for event in events if event.kind is EventKind.MISSED] == ["offered", "queued"]
    assert (await scene.shown("i1"))["state"] == "queued"


async def test_one_of_them_goes(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=2))
    await scene.sign_in("ana", "ben", "chen")
    await scene.enqueue("i1")
    events = await scene.hang_up("ana")
    assert kinds(events) == ["presence", "rescinded"]
    assert events[1].data["state"] == "offered"
    events = scene.take(await scene.router.set_status(scene.org_id, "ben", "break"))
    assert kinds(events) == ["presence", "rescinded", "offered"]
    assert await holders(scene, "i1") == ["chen"]


async def test_the_customer_leaves_while_several_are_offered(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=3))
    await scene.sign_in(*THREE)
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    events = scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))
    assert kinds(events[:3]) == ["rescinded", "rescinded", "abandoned"]
    assert [event.agent_id for event in events[:3]] == ["ana", "ben", "chen"]
    assert kinds(events[3:]) == ["offered"]  # i2 goes to the first who is settled
    assert len(await holders(scene, "i2")) == 1


async def test_the_losers_get_what_waits(scene: Scene) -> None:
    await scene.open(replace(shop(scene.org_id, offer_to=2), profiles=single()))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    assert kinds(await scene.accept("ana")) == ["rescinded", "offered", "accepted"]
    assert await holders(scene, "i2") == ["ben"]


async def test_the_numbers_of_several_offers_survive_a_pick(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, offer_to=2))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    late = await scene.assignment("ben", "i1")
    events = scene.take(await scene.router.pick(scene.org_id, "i1", "ana"))
    assert kinds(events) == ["rescinded", "rescinded", "accepted"]
    assert (await scene.router.accept(scene.org_id, "i1", "ben", late)).outcome is Outcome.STALE_ASSIGNMENT
    assert [(await scene.view(agent)).used for agent in ("ana", "ben")] == [1, 0]


async def test_a_sole_agent_declines_neither_a_loop_nor_a_parked_item(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, agents={"ana": {}}, decline_memory_ms=0))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    assert kinds(await scene.decline("ana")) == ["declined"]
    assert kinds(await scene.advance(500)) == ["offered"]


async def test_weights_of_all_are_held_at_once(scene: Scene) -> None:
    profile = CapacityProfile(key="standard", units=2, channels={"chat": ChannelCapacity(weight=2)})
    await scene.open(replace(shop(scene.org_id, offer_to=2), profiles={"standard": profile}))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    assert [(await scene.view(agent)).used for agent in THREE] == [2, 2, 0]
