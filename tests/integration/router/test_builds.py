"""Two builds of the function library at work on one board, command by command, as in a rolling upgrade.

What a library remembers between calls (``lib/cache.lua``, ``lib/recent.lua``) must be forgotten as soon as the other
one writes: the histories of the reference model are played with every command given to one of the two at random.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from engine.errors import CordboardError
from engine.model.work import Requirement, WorkItem
from engine.router.library import FOLDER, compose_library, library_name
from engine.valkey.client import Valkey
from tests.integration.router.model_deeds import Deeds
from tests.integration.router.scene import Scene

OTHER = f"{library_name()}b"


class TwoBuilds:
    """The board's server, which each command reaches through one of two libraries."""

    def __init__(self, valkey: Valkey, chance: Random) -> None:
        self._valkey = valkey
        self._chance = chance
        self.used = {library_name(): 0, OTHER: 0}

    async def load(self) -> None:
        """Load the other build: the same rules under other names."""
        source = compose_library().replace(library_name(), OTHER)
        await self._valkey.command("FUNCTION", "LOAD", "REPLACE", source)

    async def call(self, function: str, org_id: str, *arguments: str | int | bytes) -> Any:
        name = self._chance.choice((library_name(), OTHER))
        self.used[name] += 1
        return await self._valkey.call(function.replace(library_name(), name), org_id, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._valkey, name)


async def share(scene: Scene, chance: Random) -> TwoBuilds:
    """Let the scene's commands reach the board through both builds."""
    builds = TwoBuilds(scene.valkey, chance)
    await builds.load()
    scene.board._valkey = builds
    return builds


def play(address: str, seed: int, steps: Sequence[int]) -> None:
    """Play one history with both builds; raise AssertionError where router and reference differ."""

    async def history() -> None:
        twins = Deeds(address, seed)
        await twins.open()
        builds = await share(twins.scene, Random(f"builds/{seed}"))
        try:
            await twins.begin()
            for number in steps:
                await twins.act(number)
                await twins.check()
            await twins.check_all()
        finally:
            await twins.close()
        assert min(builds.used.values()) > 0

    asyncio.run(history())


@pytest.mark.parametrize("seed", range(1_000, 1_008))
def test_random_histories_of_two_builds(valkey_address: str, seed: int) -> None:
    play(valkey_address, seed, range(110))


async def test_each_sees_at_once_what_the_other_wrote(scene: Scene) -> None:
    await scene.open()
    builds = await share(scene, Random(1))
    await scene.sign_in("ana")
    for number in range(6):
        await scene.enqueue(f"i{number}")
    for number in range(6):
        await scene.accept("ana")
        assert await scene.items_of("ana") == {f"i{number}": "active"} | (
            {f"i{number + 1}": "offered"} if await scene.offer_of("ana") else {}
        )
        await scene.end("ana", f"i{number}")
        await scene.finish("ana", f"i{number}")
    assert await scene.items_of("ana") == {}
    assert min(builds.used.values()) > 0


class OneBuild:
    """The board's server as the other build reaches it."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def call(self, function: str, org_id: str, *arguments: str | int | bytes) -> Any:
        return await self._valkey.call(function.replace(library_name(), OTHER), org_id, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._valkey, name)


async def test_a_new_epoch_keeps_the_pause_that_the_other_build_made(scene: Scene) -> None:
    await scene.open()
    await TwoBuilds(scene.valkey, Random(1)).load()
    await scene.board.ask(scene.org_id, "set_queue", "sales", "", "", 5)
    await scene.router.tick(scene.org_id)
    scene.board._valkey = OneBuild(scene.valkey)
    await scene.board.ask(scene.org_id, "set_queue", "sales", "paused", "", "")
    scene.board._valkey = scene.valkey
    epoch = await scene.record.begin_epoch(scene.org_id, at_least=scene.record.mark.epoch)
    await scene.board.ask_in(epoch, scene.org_id, "open_board", epoch * 10**11)
    paused = await scene.valkey.command("EVAL", PAUSED, 1, f"cb:{{{scene.org_id}}}:meta", META_FORMAT)
    assert paused == ",sales,"
    await scene.reconciler.run(scene.org_id, force=True)


META_FORMAT = re.findall(r"'(<[ds]+)'", (FOLDER / "lib" / "fields.lua").read_text())[0]
PAUSED = "return ({struct.unpack(ARGV[1], redis.call('HGET', KEYS[1], 'core'))})[13]"


async def test_a_call_that_fails_half_way_is_known_to_the_other_build(scene: Scene) -> None:
    await scene.open()
    await TwoBuilds(scene.valkey, Random(1)).load()
    other = OneBuild(scene.valkey)
    await scene.enqueue("x0")
    await scene.enqueue("x1")
    scene.board._valkey = other
    await scene.enqueue("x2", queue="support")
    await scene.router.conclude(scene.org_id, "x1", "gone")  # the other build knows the ranks, and wrote last
    scene.board._valkey = scene.valkey
    commands = ("conclude_item", 2, "x0", "gone", "enqueue_item", 1, "{bad")
    with pytest.raises(CordboardError):
        await scene.board.ask_in(0, scene.org_id, "run_batch", 0, *commands)
    scene.board._valkey = other
    item = WorkItem(id="y", org_id=scene.org_id, kind="chat", queue="sales", requirement=Requirement())
    await scene.router.enqueue(item)
    shown = await scene.valkey.command("ZRANGE", f"cb:{{{scene.org_id}}}:1:lines:chat*0", 0, -1)
    assert shown == ["1", "2"]
    await scene.reconciler.run(scene.org_id, force=True)


async def test_what_cannot_be_packed_changes_no_record(scene: Scene) -> None:
    await scene.open()
    await scene.sign_in("ana")
    bad: dict[str, object] = {
        "id": "bad",
        "channel": "chat",
        "queue": "sales",
        "skills": {},
        "preferred": {},
        "interaction": None,
    }
    with pytest.raises(CordboardError):
        await scene.board.ask_in(0, scene.org_id, "enqueue_item", json.dumps(bad))
    assert await scene.items_of("ana") == {}
    await scene.reconciler.run(scene.org_id, force=True)
