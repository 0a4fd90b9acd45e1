"""Work that changes hands: picks, transfers, consults, wrap-ups, agents who are lost."""

from dataclasses import replace

import pytest

from engine.model.organisation import CapacityProfile, ChannelCapacity, Organisation, Queue, WrapupMode
from engine.model.work import Outcome
from tests.integration.router.scene import Scene, channels_status, kinds, organisation


def shop(org_id: str, units: int = 1, **sales: object) -> Organisation:
    queue = replace(Queue(key="sales", name="Sales", wrapup_ms=0), **sales)  # type: ignore[arg-type] # its fields
    queues = {"sales": queue, "support": Queue(key="support", name="Support", wrapup_ms=0)}
    channels = {"chat": ChannelCapacity(), "email": ChannelCapacity(), "voice": ChannelCapacity()}
    return organisation(
        org_id,
        {"ana": {"english": 5}, "ben": {}, "chen": {}},
        queues=queues,
        profiles={"standard": CapacityProfile(key="standard", units=units, channels=channels)},
        statuses=channels_status(*channels),
    )


async def outcome(scene: Scene, item_id: str, agent: str, by: str = "agent", *, force: bool = False) -> Outcome:
    reply = await scene.router.pick(scene.org_id, item_id, agent, by=by, force=force)
    scene.note(reply.events)
    return reply.outcome


# -- picks ----------------------------------------------------------------------------------------------------------


async def test_an_agent_picks_what_waits(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 2))
    await scene.sign_in("ana", status="break")
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    events = scene.take(await scene.router.pick(scene.org_id, "i2", "ana"))
    assert kinds(events) == ["accepted"]
    assert (events[0].data["by"], events[0].data["who"], events[0].assignment > 0) == ("pick", "agent", True)
    assert await scene.items_of("ana") == {"i2": "active"}
    assert await outcome(scene, "i2", "ana") is Outcome.REPEATED
    assert await outcome(scene, "i2", "ben") is Outcome.WRONG_STATE
    assert await outcome(scene, "i9", "ana") is Outcome.UNKNOWN_ITEM
    assert await outcome(scene, "i1", "zoe") is Outcome.UNKNOWN_AGENT
    assert kinds(await scene.end("ana", "i2")) == ["ended", "closed"]
    assert await outcome(scene, "i2", "ana") is Outcome.WRONG_STATE


async def test_who_may_pick_what(scene: Scene) -> None:
    shape = shop(scene.org_id)
    await scene.open(
        replace(shape, agents=dict(shape.agents) | {"ben": replace(shape.agents["ben"], queues=("support",))})
    )
    await scene.enqueue("i1", skills={"english": 5})
    assert await outcome(scene, "i1", "ben") is Outcome.NOT_A_MEMBER
    assert await outcome(scene, "i1", "chen") is Outcome.NOT_QUALIFIED
    assert (await scene.shown("i1"))["state"] == "queued"
    assert await outcome(scene, "i1", "ben", "supervisor") is Outcome.OK


async def test_room_for_a_pick(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    await scene.enqueue("i2")
    assert await outcome(scene, "i2", "ana") is Outcome.NO_ROOM
    assert await outcome(scene, "i2", "ana", "supervisor") is Outcome.NO_ROOM
    assert await outcome(scene, "i2", "ana", "supervisor", force=True) is Outcome.OK
    assert (await scene.view("ana")).used == 2
    await scene.enqueue("i3")
    await scene.end("ana", "i1")
    assert await scene.offer_of("ana") == ""  # room is not there until it is not negative
    await scene.end("ana", "i2")
    assert await scene.offer_of("ana") == "i3"


async def test_a_pick_takes_an_offer_from_another_and_one_takes_ones_own(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    late = await scene.assignment("ana", "i1")
    events = scene.take(await scene.router.pick(scene.org_id, "i1", "ben"))
    assert [(event.kind.value, event.agent_id) for event in events] == [("rescinded", "ana"), ("accepted", "ben")]
    assert (await scene.router.accept(scene.org_id, "i1", "ana", late)).outcome is Outcome.STALE_ASSIGNMENT
    await scene.enqueue("i2")
    assert kinds(scene.take(await scene.router.pick(scene.org_id, "i2", "ana"))) == ["rescinded", "accepted"]
    assert await scene.items_of("ana") == {"i2": "active"}
    assert kinds(await scene.advance(30_000)) == []


async def test_what_is_held_or_was_declined_can_be_picked(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana")
    await scene.enqueue("i1", preferred_agent="ben", preferred_required=True)
    assert await outcome(scene, "i1", "ana") is Outcome.OK
    await scene.end("ana", "i1")
    await scene.enqueue("i2")
    await scene.decline("ana")
    assert await outcome(scene, "i2", "ana") is Outcome.OK
    await scene.advance(31_000)
    assert await scene.items_of("ana") == {"i2": "active"}


async def test_a_supervisor_gives_to_somebody_who_is_away(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.enqueue("i1")
    assert await outcome(scene, "i1", "ben", "supervisor") is Outcome.OK
    assert kinds(await scene.advance(30_500)) == ["lost"]
    assert (await scene.shown("i1"))["state"] == "queued"


# -- transfers ------------------------------------------------------------------------------------------------------


async def test_a_transfer_does_not_come_back_to_who_made_it_for_a_while(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    assert kinds(scene.take(await scene.transfer("ana", "i1"))) == ["transferred"]
    assert (await scene.explained("i1"))["ana"] == "passed-over"
    assert kinds(await scene.advance(29_500)) == []
    assert kinds(await scene.advance(500)) == ["offered"]


async def test_a_transfer_to_skills(scene: Scene) -> None:
    await scene.open(shop(scene.org_id))
    await scene.sign_in("chen", "ben", "ana")
    await scene.enqueue("i1", skills={})
    await scene.accept("chen")
    scene.take(await scene.transfer("chen", "i1", english=4))
    assert await scene.offer_of("ana") == "i1"
    assert (await scene.shown("i1"))["queue"] == "sales"


# -- consults -------------------------------------------------------------------------------------------------------


async def consult(scene: Scene, *, units: int = 2) -> None:
    """Let ana talk with a customer and ask for advice."""
    await scene.open(shop(scene.org_id, units))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    await scene.enqueue("advice", parent_id="i1", attributes={"asked_by": "ana"})


async def test_a_consult_is_not_for_who_asks(scene: Scene) -> None:
    await consult(scene)
    assert (await scene.explained("advice"))["ana"] == "passed-over"
    await scene.advance(120_000)
    assert (await scene.explained("advice"))["ana"] == "passed-over"
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "advice"


@pytest.mark.parametrize("state", ["queued", "offered", "active"])
async def test_a_consult_ends_with_what_it_was_asked_for(scene: Scene, state: str) -> None:
    await consult(scene)
    if state != "queued":
        await scene.sign_in("ben")
    if state == "active":
        await scene.accept("ben")
    told = kinds(await scene.end("ana", "i1"))
    theirs = ["ended", "closed"] if state == "active" else ["abandoned"]
    assert sorted(told) == sorted([*theirs, "ended", "closed"])
    assert (await scene.shown("advice"))["state"] == "closed"
    assert await scene.items_of("ben") == {}


async def test_a_consult_that_is_over_ends_nothing(scene: Scene) -> None:
    await consult(scene)
    await scene.sign_in("ben")
    await scene.accept("ben")
    assert kinds(await scene.end("ben", "advice")) == ["ended", "closed"]
    assert await scene.items_of("ana") == {"i1": "active"}
    assert kinds(await scene.end("ana", "i1")) == ["ended", "closed"]


async def test_a_consult_goes_on_when_its_item_changes_hands(scene: Scene) -> None:
    await consult(scene)
    scene.take(await scene.transfer("ana", "i1", queue="support"))
    assert (await scene.shown("advice"))["state"] == "queued"
    scene.take(await scene.router.conclude(scene.org_id, "i1", "visitor"))
    assert (await scene.shown("advice"))["state"] == "closed"


# -- wrap-up --------------------------------------------------------------------------------------------------------


async def test_no_wrap_up(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, wrapup_mode=WrapupMode.NONE, wrapup_ms=30_000))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    assert kinds(await scene.end("ana", "i1")) == ["ended", "closed"]


async def test_a_timed_wrap_up_that_is_extended(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, wrapup_ms=10_000, wrapup_extend_ms=5_000, wrapup_extensions=2))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    number = await scene.assignment("ana", "i1")
    extend = scene.router.extend_wrapup
    assert (await extend(scene.org_id, "i1", "ana", number)).outcome is Outcome.WRONG_STATE
    await scene.end("ana", "i1")
    start = scene.clock.ms
    await scene.advance(9_000)
    for count, more in enumerate((15_000, 20_000), start=1):
        (extended,) = scene.take(await extend(scene.org_id, "i1", "ana", number))
        assert (extended.kind.value, extended.agent_id, extended.assignment) == ("wrapup_extended", "ana", number)
        assert extended.data == {"state": "wrapup", "deadline_ms": start + more, "extensions": count}
        assert (await scene.view("ana")).items[0].deadline_ms == start + more
    assert (await extend(scene.org_id, "i1", "ana", number)).outcome is Outcome.REFUSED
    assert (await extend(scene.org_id, "i1", "ben", number)).outcome is Outcome.NOT_YOURS
    assert (await extend(scene.org_id, "i1", "ana", number + 1)).outcome is Outcome.STALE_ASSIGNMENT
    assert kinds(await scene.advance(10_500)) == []
    assert kinds(await scene.advance(500)) == ["closed"]


async def test_a_manual_wrap_up_has_no_end_of_its_own(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, wrapup_ms=10_000, wrapup_mode=WrapupMode.MANUAL, wrapup_extensions=3))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    await scene.end("ana", "i1")
    assert kinds(await scene.advance(120_000)) == []
    number = await scene.assignment("ana", "i1")
    assert (await scene.router.extend_wrapup(scene.org_id, "i1", "ana", number)).outcome is Outcome.REFUSED
    assert kinds(await scene.finish("ana", "i1")) == ["closed"]


# -- lost agents ----------------------------------------------------------------------------------------------------


async def lost_with(scene: Scene, *works: str) -> list[str]:
    """Let ana hold work of these kinds and be lost; return what is told then."""
    await scene.open(shop(scene.org_id, 5))
    await scene.sign_in("ana")
    for kind in works:
        await scene.enqueue(f"a-{kind}", kind=kind)
        await scene.advance(1_000)
        await scene.accept("ana")
    await scene.hang_up("ana")
    return kinds(await scene.advance(30_500))


async def test_a_lost_agents_chats_come_back_with_their_age_and_his_mail_and_calls_stay(scene: Scene) -> None:
    assert await lost_with(scene, "chat", "email", "voice") == ["presence", "lost"]
    assert await scene.items_of("ana") == {"a-email": "active", "a-voice": "active"}
    assert (await scene.view("ana")).status == "offline"
    shown = await scene.shown("a-chat")
    assert (shown["state"], shown["age_ms"]) == ("queued", 1_000 + 500)
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "a-chat"
    await scene.sign_in("ana")
    assert kinds(await scene.end("ana", "a-email")) == ["ended", "closed"]


async def test_what_a_kind_does_is_configured(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 5))
    kind = scene.organisation.kinds
    await scene.configure(kinds=dict(kind) | {"chat": kind["email"]})
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    await scene.hang_up("ana")
    await scene.advance(31_000)
    assert await scene.items_of("ana") == {"i1": "active"}


async def test_signing_out_gives_chats_back_keeps_mail_and_what_is_parked(scene: Scene) -> None:
    await scene.open(shop(scene.org_id, 5))
    await scene.sign_in("ana")
    for name, kind in (("c1", "chat"), ("c2", "chat"), ("m1", "email")):
        await scene.enqueue(name, kind=kind)
        await scene.accept("ana")
    scene.take(await scene.park("ana", "c2"))
    assert kinds(scene.take(await scene.router.sign_out(scene.org_id, "ana", "requeue"))) == ["presence", "lost"]
    assert await scene.items_of("ana") == {"m1": "active", "c2": "parked"}
    await scene.sign_in("ben")
    await scene.accept("ben")
    scene.take(await scene.router.resume(scene.org_id, "c2"))  # ana is not signed in: anybody's
    assert await scene.offer_of("ben") == "c2"
