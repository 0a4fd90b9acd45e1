"""What a visitor is sent keeps its order, and whoever does not read is dropped."""

import asyncio

import pytest

from engine.channels.chat.outlet import Outlet
from engine.channels.socket import SocketClosed


class Slow:
    """A socket that takes frames at once while ``reads``, and else keeps the sender waiting until it does."""

    address, origin, host = "127.0.0.1", "", "localhost"

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.heard: list[str] = []
        self.closed = 0

    async def receive_text(self) -> str:
        raise SocketClosed

    def send_at_once(self, text: str) -> bool:
        if self.reads.is_set():
            self.heard.append(text)
        return self.reads.is_set()

    async def send_text(self, text: str) -> None:
        await self.reads.wait()
        await asyncio.sleep(0)
        self.heard.append(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed = code


async def test_nothing_overtakes_a_frame_that_waits() -> None:
    socket = Slow()
    outlet = Outlet(socket=socket, timeout_ms=5_000)
    waiting = [asyncio.create_task(outlet.send_text(str(number))) for number in range(3)]
    await asyncio.sleep(0)
    socket.reads.set()
    await outlet.send_text("3")
    await asyncio.gather(*waiting)
    await outlet.send_text("4")
    assert socket.heard == ["0", "1", "2", "3", "4"]


async def test_who_does_not_read_is_dropped() -> None:
    socket = Slow()
    with pytest.raises(SocketClosed):
        await Outlet(socket=socket, timeout_ms=1).send_text("hello")
    assert socket.closed == 1013
