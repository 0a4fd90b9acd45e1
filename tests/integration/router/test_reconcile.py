"""A board that is lost, goes back in time or loses events is rebuilt: everybody keeps his conversations."""

import asyncio
from dataclasses import replace

import pytest

from engine import failpoints
from engine.errors import Unavailable
from engine.model.record import BoardMark
from engine.model.work import Outcome
from engine.router.reconcile import Reconciler
from tests.integration.router.scene import Scene, kinds, organisation, single


async def lively(scene: Scene) -> None:
    """Let ana talk and wrap up, ben have an offer, and two items wait."""
    await scene.open(organisation(scene.org_id, {"ana": {}, "ben": {"billing": 5}, "chen": {"billing": 5}}))
    await scene.sign_in("ana")
    await scene.enqueue("talking")
    await scene.accept("ana")
    await scene.enqueue("wrapping")
    await scene.accept("ana")
    await scene.end("ana", "wrapping")
    await scene.sign_in("ben")
    await scene.enqueue("ringing", skills={"billing": 1})
    await scene.enqueue("waiting", skills={"billing": 9})
    await scene.enqueue("urgent", skills={"billing": 9}, priority=7)


async def lose_board(scene: Scene) -> None:
    """Delete every key of the organisation, as if the server had lost its files."""
    keys = await scene.valkey.command("KEYS", f"cb:{{{scene.org_id}}}:*")
    await scene.valkey.command("DEL", *keys)


async def test_everybody_keeps_his_conversations(scene: Scene) -> None:
    await lively(scene)
    number = await scene.assignment("ana", "talking")
    await lose_board(scene)
    assert (await scene.router.end(scene.org_id, "talking", "ana", number)).outcome is Outcome.NO_BOARD
    assert await scene.reconciler.run(scene.org_id)
    assert await scene.items_of("ana") == {"talking": "active", "wrapping": "wrapup"}
    assert await scene.assignment("ana", "talking") == number
    view = await scene.view("ana")
    assert (view.status, view.connected, view.used) == ("available", False, 2)
    assert await scene.router.position(scene.org_id, ["urgent", "waiting", "ringing"]) == {
        "urgent": 1,
        "waiting": 3,
        "ringing": 2,
    }
    events = scene.take(await scene.router.renew(scene.org_id, list(scene.connections.items())))
    assert kinds(events) == ["presence", "presence", "offered"]
    assert await scene.offer_of("ben") == "ringing"
    assert kinds(await scene.end("ana", "talking")) == ["ended"]
    assert kinds(await scene.finish("ana", "wrapping")) == ["closed"]


async def test_events_of_the_rebuild(scene: Scene) -> None:
    await lively(scene)
    await lose_board(scene)
    await scene.reconciler.run(scene.org_id)
    events = await scene.stream()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {event.epoch for event in events} == {2}
    restored = {event.item_id: event.data["state"] for event in events if event.kind == "restored" and event.item_id}
    assert restored == {
        "talking": "active",
        "wrapping": "wrapup",
        "ringing": "queued",
        "waiting": "queued",
        "urgent": "queued",
    }
    assert [event.item_id for event in events if event.kind == "restored"][-1] == ""


async def test_numbers_of_assignments_are_never_used_again(scene: Scene) -> None:
    await lively(scene)
    last = max(event.assignment for event in scene.seen)
    await lose_board(scene)
    await scene.reconciler.run(scene.org_id)
    events = scene.take(await scene.router.renew(scene.org_id, list(scene.connections.items())))
    assert all(event.assignment > last for event in events if event.kind == "offered")


async def test_grace_begins_when_matching_starts(scene: Scene) -> None:
    await lively(scene)
    await lose_board(scene)
    scene.connections.clear()
    scene.clock.ms += 100_000
    await scene.reconciler.run(scene.org_id)
    assert "lost" not in kinds(await scene.advance(29_500))
    assert kinds(await scene.advance(500)).count("lost") == 1
    assert (await scene.view("ana")).status == "offline"


async def test_age_and_priority_come_back(scene: Scene) -> None:
    await lively(scene)
    await lose_board(scene)
    scene.record.items["waiting"] = replace(scene.record.items["waiting"], age_ms=90_000)
    await scene.reconciler.run(scene.org_id)
    assert (await scene.router.board_view(scene.org_id)).queues["sales"].longest_wait_ms == 90_000


async def test_an_agent_who_is_configured_no_more_keeps_his_conversation(scene: Scene) -> None:
    await lively(scene)
    await lose_board(scene)
    agents = {login: setup for login, setup in scene.organisation.agents.items() if login != "ana"}
    queues = {"support": scene.organisation.queues["support"]}
    scene.organisation = replace(scene.organisation, agents=agents, queues=queues)
    await scene.reconciler.run(scene.org_id)
    scene.take(await scene.router.connect_agent(scene.org_id, "ana", "again"))
    assert "talking" in await scene.items_of("ana")
    await scene.end("ana", "talking")


async def test_a_healthy_board_is_left_alone(scene: Scene) -> None:
    await lively(scene)
    await scene.record.project(scene.org_id, scene.seen, cursor_id=scene.seen[-1].stream_id)
    assert not await scene.reconciler.run(scene.org_id)
    assert await scene.offer_of("ben") == "ringing"


async def test_many_calls_at_once_rebuild_once(scene: Scene) -> None:
    await lively(scene)
    await lose_board(scene)
    other = Reconciler(
        board=scene.board,
        record=scene.record,
        leases=scene.leases,
        configuration=scene._configuration,
    )
    answers = await asyncio.gather(*(who.run(scene.org_id) for who in (scene.reconciler, other) for _ in range(3)))
    assert answers.count(True) == 1
    assert scene.record.mark.epoch == 2


async def test_a_board_that_went_back_in_time_is_rebuilt(scene: Scene) -> None:
    await lively(scene)
    scene.record.mark = BoardMark(epoch=1, seq=len(scene.seen) + 50, stream_id=scene.seen[-1].stream_id)
    assert await scene.reconciler.run(scene.org_id)
    assert await scene.items_of("ana") == {"talking": "active", "wrapping": "wrapup"}
    keys = await scene.valkey.command("KEYS", f"cb:{{{scene.org_id}}}:1:*")
    assert keys == []  # nothing of the old epoch remains


async def test_a_board_of_another_layout_is_rebuilt(scene: Scene) -> None:
    await lively(scene)
    await scene.valkey.command("HSET", f"cb:{{{scene.org_id}}}:meta", "layout", "0")
    assert (await scene.router.tick(scene.org_id)).outcome is Outcome.WRONG_LAYOUT
    assert await scene.reconciler.run(scene.org_id)
    assert "talking" in await scene.items_of("ana")


@pytest.mark.parametrize("name", ["reconcile.after-open", "reconcile.after-assignments"])
async def test_a_crash_in_the_middle_begins_anew(scene: Scene, name: str) -> None:
    await lively(scene)
    number = await scene.assignment("ana", "talking")
    await lose_board(scene)
    failpoints.arm(f"{name}=raise")
    try:
        with pytest.raises(Unavailable):
            await scene.reconciler.run(scene.org_id)
    finally:
        failpoints.arm("")
    assert (await scene.router.end(scene.org_id, "talking", "ana", number)).outcome is Outcome.NO_BOARD
    assert (await scene.router.tick(scene.org_id)).outcome is Outcome.NO_BOARD
    assert await scene.reconciler.run(scene.org_id)
    assert scene.record.mark.epoch == 3
    assert await scene.items_of("ana") == {"talking": "active", "wrapping": "wrapup"}
    await scene.end("ana", "talking")


async def test_a_rival_of_an_older_epoch_is_refused(scene: Scene) -> None:
    await lively(scene)
    await lose_board(scene)
    await scene.reconciler.run(scene.org_id)
    answer = await scene.board.ask_in(1, scene.org_id, "restore_items", b"[]")
    assert answer.outcome is Outcome.STALE_EPOCH
    assert (await scene.board.ask_in(2, scene.org_id, "open_board", 0)).outcome is Outcome.STALE_EPOCH
    assert (await scene.board.ask_in(2, scene.org_id, "restore_items", b"[]")).outcome is Outcome.WRONG_STATE


async def test_a_process_that_knows_the_old_epoch_learns_the_new(scene: Scene) -> None:
    await scene.open(organisation(scene.org_id, {"ana": {}}, profiles=single()))
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    await scene.accept("ana")
    number = await scene.assignment("ana", "i1")
    await lose_board(scene)
    other = Scene(scene.valkey._address, scene.org_id)
    other.record, other.clock = scene.record, scene.clock
    other.reconciler._record = scene.record
    await other.open(scene.organisation)
    assert scene.board._epochs[scene.org_id] == 1
    assert (await scene.router.end(scene.org_id, "i1", "ana", number)).outcome is Outcome.OK
    assert scene.board._epochs[scene.org_id] == 2
    await other.close()
