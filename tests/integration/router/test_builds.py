"""Two builds of the function library at work on one board, command by command, as in a rolling upgrade.

What a library remembers between calls (``lib/cache.lua``, ``lib/recent.lua``) must be forgotten as soon as the other
one writes: the histories of the reference model are played with every command given to one of the two at random.
"""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from engine.router.library import compose_library, library_name
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
