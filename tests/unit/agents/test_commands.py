"""Commands of one socket: beside one another, bounded, ended with the socket."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from engine.agents.commands import Commands
from tests.servers import eventually


class Hall:
    """Commands that last until the doors open."""

    def __init__(self) -> None:
        self.inside: list[int] = []
        self.left: list[int] = []
        self.doors = asyncio.Event()

    def visit(self, number: int) -> Callable[[], Coroutine[Any, Any, None]]:
        async def command() -> None:
            self.inside.append(number)
            try:
                await self.doors.wait()
            finally:
                self.left.append(number)

        return command


async def test_a_command_does_not_hold_up_who_sent_it() -> None:
    hall, commands = Hall(), Commands(name="test")
    await commands.begin(hall.visit(1))
    await commands.begin(hall.visit(2))
    await eventually(lambda: hall.inside == [1, 2])
    assert hall.left == []
    hall.doors.set()
    await eventually(lambda: sorted(hall.left) == [1, 2])


async def test_who_sends_too_many_waits() -> None:
    hall, commands = Hall(), Commands(name="test", at_once=2)
    for number in (1, 2):
        await commands.begin(hall.visit(number))
    third = asyncio.create_task(commands.begin(hall.visit(3)))
    await eventually(lambda: hall.inside == [1, 2])
    assert not third.done()
    hall.doors.set()
    await third
    await eventually(lambda: sorted(hall.left) == [1, 2, 3])


async def test_what_runs_ends_with_the_socket() -> None:
    hall, commands = Hall(), Commands(name="test")
    await commands.begin(hall.visit(1))
    await eventually(lambda: hall.inside == [1])
    await commands.close()
    assert hall.left == [1]
    await commands.close()
