"""Presence: sockets and leases, grace, signing out."""

import pytest

from engine.model.work import Outcome
from tests.integration.router.scene import Scene, kinds, organisation, single


async def test_a_first_connection_is_signed_out(scene: Scene) -> None:
    await scene.open()
    event = scene.take(await scene.router.connect_agent(scene.org_id, "ana", "one"))[0]
    assert event.data == {"status": "offline", "connected": True, "reason": "connected"}
    view = await scene.view("ana")
    assert (view.status, view.connected) == ("offline", True)


async def test_a_second_socket_is_no_news(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    for _ in range(2):
        assert kinds(scene.take(await scene.router.connect_agent(scene.org_id, "ana", "two"))) == []
    assert kinds(scene.take(await scene.router.disconnect_agent(scene.org_id, "ana", "two"))) == []
    assert await scene.offer_of("ana") == "i1"
    assert (await scene.router.disconnect_agent(scene.org_id, "ana", "two")).outcome is Outcome.REPEATED


async def test_the_socket_dies_during_an_offer(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", "ben")
    await scene.enqueue("i1")
    events = await scene.hang_up("ana")
    assert kinds(events) == ["presence", "rescinded", "offered"]
    assert (events[1].agent_id, events[2].agent_id) == ("ana", "ben")
    assert (await scene.view("ana")).used == 0


async def test_a_lapsed_lease_is_a_disconnection(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.sign_in("ben")
    await scene.enqueue("i1")
    scene.connections.pop("ana")  # its browser was killed: no word, no heartbeat
    await scene.advance(15_000)
    assert await scene.offer_of("ana") == "i1"
    await scene.advance(5_000)
    assert await scene.offer_of("ben") == "i1"
    assert not (await scene.view("ana")).connected


async def test_grace_then_everything_returns(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("talking")
    await scene.accept("ana")
    await scene.enqueue("wrapping")
    await scene.accept("ana")
    await scene.end("ana", "wrapping")
    await scene.hang_up("ana")
    assert kinds(await scene.advance(29_500)) == []
    assert await scene.items_of("ana") == {"talking": "active", "wrapping": "wrapup"}
    events = await scene.advance(500)
    assert sorted(kinds(events)) == ["closed", "lost", "presence"]
    assert next(event for event in events if event.kind == "lost").data["reason"] == "lost"
    view = await scene.view("ana")
    assert (view.status, view.used, view.items) == ("offline", 0, ())
    await scene.sign_in("ben")
    assert await scene.offer_of("ben") == "talking"


async def test_a_lost_item_keeps_its_rank(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, profiles=single()))
    await scene.sign_in("ana")
    await scene.enqueue("first")
    await scene.accept("ana")
    await scene.enqueue("second")
    await scene.hang_up("ana")
    await scene.advance(30_000)
    assert await scene.router.position(scene.org_id, ["first", "second"]) == {"first": 1, "second": 2}


async def test_back_within_grace(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    await scene.hang_up("ana")
    await scene.enqueue("i2")
    await scene.advance(20_000)
    assert kinds(scene.take(await scene.router.connect_agent(scene.org_id, "ana", "again"))) == ["presence", "offered"]
    scene.connections["ana"] = "again"
    await scene.advance(60_000)
    assert "i1" in await scene.items_of("ana")
    assert (await scene.view("ana")).status == "available"


async def test_a_late_heartbeat_raises_no_ghost(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    socket = scene.connections["ana"]
    await scene.hang_up("ana")
    assert kinds(scene.take(await scene.router.renew(scene.org_id, [("ana", socket)]))) == []
    assert not (await scene.view("ana")).connected


async def test_a_heartbeat_after_a_lapse_reconnects(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.advance(25_000, heartbeats=False)
    assert not (await scene.view("ana")).connected
    assert kinds(scene.take(await scene.router.renew(scene.org_id, list(scene.connections.items())))) == ["presence"]
    assert (await scene.view("ana")).connected


@pytest.mark.parametrize(
    ("open_work", "told"),
    [
        ("requeue", ["presence", "rescinded", "lost", "closed"]),
        ("end", ["presence", "rescinded", "ended", "closed", "closed"]),
    ],
)
async def test_signing_out_with_open_work(scene: Scene, open_work: str, told: list[str]) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("wrapping")
    await scene.accept("ana")
    await scene.end("ana", "wrapping")
    await scene.enqueue("talking")
    await scene.accept("ana")
    await scene.enqueue("ringing")
    events = scene.take(await scene.router.sign_out(scene.org_id, "ana", open_work))
    assert kinds(events) == told
    assert all(event.data["reason"] == "signed-out" for event in events)
    view = await scene.view("ana")
    assert (view.status, view.used, view.items, view.connected) == ("offline", 0, (), True)
    assert (await scene.router.sign_out(scene.org_id, "ana", open_work)).outcome is Outcome.REPEATED
    waiting = (await scene.router.board_view(scene.org_id)).queues["sales"].waiting
    assert waiting == {"requeue": 2, "end": 1}[open_work]


async def test_a_status_without_a_socket_is_not_availability(scene: Scene) -> None:
    await scene.open()
    scene.take(await scene.router.set_status(scene.org_id, "ana", "available"))
    await scene.enqueue("i1")
    assert (await scene.explained("i1"))["ana"] == "not-connected"
    await scene.advance(30_000)
    assert (await scene.view("ana")).status == "offline"


async def test_a_break_is_not_idleness(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana", "ben")
    scene.take(await scene.router.set_status(scene.org_id, "ana", "break"))
    scene.clock.ms += 1
    scene.take(await scene.router.set_status(scene.org_id, "ana", "available"))
    await scene.enqueue("i1")
    assert await scene.offer_of("ben") == "i1"
