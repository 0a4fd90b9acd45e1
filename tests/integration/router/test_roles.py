"""The background roles: ticker and projector."""

from collections.abc import Sequence

import pytest

from engine import failpoints
from engine.errors import Conflict, Unavailable
from engine.model.record import Applied
from engine.model.work import RoutingEvent
from engine.router.projector import BATCH, PAUSE_S, Projector
from engine.router.ticker import Ticker
from tests.integration.router.scene import Scene, kinds


class Ear:
    """Hear what the projector emits."""

    def __init__(self) -> None:
        self.heard: list[Applied] = []

    async def hear(self, applied: Sequence[Applied]) -> None:
        self.heard += applied


def projector(scene: Scene, ear: Ear | None = None, margin: int = 10_000) -> Projector:
    return Projector(
        org_id=scene.org_id,
        board=scene.board,
        stream=scene.router,
        history=scene.record,
        leases=scene.leases,
        emit=(ear or Ear()).hear,
        rebuilder=scene.reconciler,
        margin=margin,
    )


def ticker(scene: Scene) -> Ticker:
    return Ticker(org_id=scene.org_id, clockwork=scene.router, rebuild=scene.reconciler.run)


async def test_the_ticker_moves_time(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    role = ticker(scene)
    for _ in range(21):
        scene.clock.ms += 1_000
        await scene.router.renew(scene.org_id, [("ana", "socket-ana")])
        assert await role.step() == 0.2
    assert await scene.offer_of("ana") == ""


async def test_the_ticker_rebuilds_a_board_that_is_gone(scene: Scene) -> None:
    await scene.open()
    await scene.valkey.command("DEL", f"cb:{{{scene.org_id}}}:meta", f"cb:{{{scene.org_id}}}:events")
    await ticker(scene).step()
    assert scene.record.mark.epoch == 2
    await scene.enqueue("i1")


async def test_the_projector_writes_everything_once_and_in_order(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    ear = Ear()
    role = projector(scene, ear)
    await role.step()
    await scene.accept("ana")
    await role.step()
    assert [event.seq for event in scene.record.history] == [1, 2, 3, 4, 5, 6]
    assert [applied.event for applied in ear.heard] == scene.record.history
    assert scene.record.mark.seq == 6


async def test_one_projector_at_a_time(scene: Scene) -> None:
    await scene.open()
    first, second = projector(scene), projector(scene)
    assert (await first.step(), await second.step()) == (PAUSE_S, 1.0)


async def test_a_process_that_starts_catches_up_although_a_dead_one_holds_the_lease(scene: Scene) -> None:
    await scene.open()
    dead = projector(scene)
    await dead.step()
    for number in range(BATCH + 10):
        await scene.enqueue(f"i{number:03}")
    ear = Ear()
    starting = projector(scene, ear)
    await starting.catch_up()
    assert scene.record.mark.seq == BATCH + 11
    assert [applied.event.seq for applied in ear.heard] == list(range(2, BATCH + 12))
    assert await starting.step() == 1.0, "it took the lease"
    await starting.catch_up()
    assert len(ear.heard) == BATCH + 10
    await dead.step()
    assert [event.seq for event in scene.record.history] == list(range(1, BATCH + 12))


@pytest.mark.parametrize(("name", "again"), [("projector.before-commit", 3), ("projector.after-commit", 0)])
async def test_a_projector_that_dies_loses_nothing(scene: Scene, name: str, again: int) -> None:
    await scene.open()
    await scene.enqueue("i1")
    await scene.enqueue("i2")
    role = projector(scene)
    failpoints.arm(f"{name}=raise")
    try:
        with pytest.raises(Unavailable):
            await role.step()
    finally:
        failpoints.arm("")
    assert len(scene.record.history) == 3 - again
    await role.step()
    assert [event.seq for event in scene.record.history] == [1, 2, 3]


async def test_only_what_lies_behind_the_cursor_is_trimmed(scene: Scene) -> None:
    await scene.open()
    role = projector(scene, margin=100)
    for number in range(400):
        await scene.enqueue(f"i{number:03}")
        if number % 40 == 39:
            await role.step()
    assert scene.record.mark.seq == 401
    left = await scene.valkey.read_stream(scene.org_id, "0-0", count=1_000)
    assert 100 <= len(left) < 401
    assert left[-1][1]["first"] == "401"
    await scene.valkey.command("DEL", f"cb:{{{scene.org_id}}}:events")  # the fixture reads from the start


async def test_a_gap_in_the_numbers_rebuilds_the_board(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    await scene.enqueue("i1")
    role = projector(scene)
    await role.step()
    lost = (await scene.enqueue("i2"))[0]
    await scene.enqueue("i3")
    await scene.valkey.command("XDEL", f"cb:{{{scene.org_id}}}:events", lost.stream_id)
    await role.step()
    assert scene.record.mark.epoch == 2
    await role.step()
    assert kinds(scene.record.history).count("restored") == 1 + 1 + 3


async def test_a_board_behind_the_record_is_rebuilt(scene: Scene) -> None:
    await scene.open()
    meta = f"cb:{{{scene.org_id}}}:meta"
    await scene.valkey.command("COPY", meta, meta + ":before")
    await scene.enqueue("i1")
    await projector(scene).step()
    await scene.valkey.command("COPY", meta + ":before", meta, "REPLACE")
    await scene.leases._run("return redis.call('DEL', KEYS[1])", (scene.leases._key(f"projector:{scene.org_id}"),))
    await projector(scene).step()
    assert scene.record.mark.epoch == 2


async def test_a_board_that_tells_another_story_under_a_known_number_is_rebuilt(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.open()
    await scene.enqueue("i1")

    async def differs(org_id: str, events: Sequence[RoutingEvent], *, cursor_id: str) -> list[Applied]:
        raise Conflict("event 1:2 is known as accepted, not enqueued", slug="stale-epoch")

    role = projector(scene)
    with monkeypatch.context() as patch:
        patch.setattr(scene.record, "project", differs)
        assert await role.step() == 0.0
    assert scene.record.mark.epoch == 2
    await role.step()
    assert kinds(scene.record.history) == ["restored", "restored"], "only what the board says now"


async def test_the_projector_writes_a_long_stream_in_short_batches(scene: Scene) -> None:
    await scene.open()
    for number in range(BATCH + 10):
        await scene.enqueue(f"i{number:03}")
    role = projector(scene)
    assert (await role.step(), scene.record.mark.seq) == (0.0, BATCH)
    assert (await role.step(), scene.record.mark.seq) == (PAUSE_S, BATCH + 11)
