"""Two processes on one record and one board: hints cross over; what they miss, catch-up finds."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.conversations.fanout import Fanout
from engine.conversations.processes import KEY, Processes
from engine.loops import Loop, Role
from engine.model.conversation import Author
from engine.model.signal import Receipt, VisitorOnline
from tests.integration.chat.house import House, new_token, running_house, visiting
from tests.servers import eventually


@dataclass
class Process:
    """A house with its fan-out."""

    house: House
    processes: Processes
    fanout: Fanout


@contextlib.asynccontextmanager
async def running_process(name: str, org: str, address: str, folder: Path) -> AsyncIterator[Process]:
    async with running_house(org, address, folder) as house:
        processes = Processes(commands=house.valkey, process_id=name)
        fanout = Fanout(hub=house.hub, bus=house.valkey, company=processes, process_id=name)
        house.hub.join(fanout)
        roles: list[Role] = [processes, fanout, fanout.receiver]
        loops = [Loop(role) for role in roles]
        for loop in loops:
            loop.start()
        try:
            yield Process(house=house, processes=processes, fanout=fanout)
        finally:
            for loop in loops:
                await loop.stop()
            await processes.sign_off()


@pytest.fixture
async def pair(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[tuple[Process, Process]]:
    async with (
        running_process(f"one-{org}", org, valkey_address, tmp_path) as one,
        running_process(f"two-{org}", org, valkey_address, tmp_path) as two,
    ):
        for process in (one, two):
            await process.processes.step()
            assert not process.processes.alone
        await one.house.staff()
        await _joined(one, two)
        yield one, two


async def _joined(one: Process, two: Process) -> None:
    """Wait until hints reach either from the other: a subscription takes a moment."""
    for here, there in ((one, two), (two, one)):
        listener = there.house.hub.subscribe("o", "probe")

        async def heard(here: Process = here, listener: object = listener) -> bool:
            here.house.hub.publish(VisitorOnline(interaction_id="probe", online=True))
            await asyncio.sleep(0)
            return bool(listener._waiting)  # type: ignore[attr-defined]

        look: Callable[[], Awaitable[bool]] = heard
        await eventually(look)
        listener.close()


async def test_two_tabs_on_two_processes_hear_each_other_live(pair: tuple[Process, Process]) -> None:
    one, two = pair
    token = new_token()
    async with visiting(one.house, token=token) as here, visiting(two.house, token=token) as there:
        await here.open("hello")
        interaction = await one.house.interaction(token)
        await there.resume()
        await there.entry("hello")
        for number in range(10):
            await (here, there)[number % 2].say(f"line {number}")
        for tab in (here, there):
            if "line 9" not in tab.bodies():
                await tab.entry("line 9")
            assert tab.bodies() == ["hello", *(f"line {number}" for number in range(10))]
        one.house.transcript.typing(interaction.org_id, interaction.id, Author.AGENT, name="Ana", on=True)
        assert (await there.expect("typing"))["name"] == "Ana"
        await one.house.transcript.agent_mark(interaction.org_id, interaction.id, read_seq=2)
        assert (await there.expect("receipt"))["read_seq"] == 2


async def test_catch_up_finds_what_no_hint_told(pair: tuple[Process, Process]) -> None:
    one, two = pair
    async with visiting(one.house) as eve:
        await eve.open("hello")
        await eve.entry("hello")
        interaction = await one.house.interaction(eve.token)
        two.house.hub._relay = None  # the bus is gone
        await two.house.say(interaction, "can you hear me?")
        await one.house.catch_up.step()
        await eve.entry("can you hear me?")
        await one.house.catch_up.step()
        await eve.say("yes")
        assert eve.bodies()[:2] == ["hello", "can you hear me?"]


async def test_alone_nothing_is_published(org: str, valkey_address: str, tmp_path: Path) -> None:
    async with running_process(f"solo-{org}", org, valkey_address, tmp_path) as solo:
        await solo.house.valkey.command("DEL", KEY)
        await solo.processes.step()
        assert solo.processes.alone
        solo.fanout.relay(VisitorOnline(interaction_id="i", online=True))
        assert solo.fanout._out.empty()
        await solo.house.valkey.command("ZADD", KEY, 2**52, "another")
        await solo.processes.step()
        solo.fanout.relay(VisitorOnline(interaction_id="i", online=True))
        assert not solo.fanout._out.empty()
        await solo.house.valkey.command("ZREM", KEY, "another")


async def test_strange_messages_on_the_bus_are_passed_over(pair: tuple[Process, Process]) -> None:
    one, two = pair
    listener = two.house.hub.inbox()
    listener.follow("i")
    for payload in (b"", b"[]", b'["x",[["later","o",{}]]]', b'["x",[["typing","o",{}]]]', b"\xff"):
        await one.house.valkey.publish("cordboard:conversations", payload)
    signal = Receipt(interaction_id="i", who=Author.AGENT, received_seq=1, read_seq=1)
    one.house.hub.publish(signal)
    async with asyncio.timeout(60):
        assert await listener.get() == signal
