"""One subscriber's socket, without a network."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Unavailable
from engine.events.feed import Feed
from engine.events.frames import Hello, PlacePart
from engine.events.stream import SocketGone, Stream
from engine.events.streams import Streams
from engine.model.outside import Place, ToldEvent
from engine.model.work import EventKind, RoutingEvent
from tests.servers import eventually

EVENT = RoutingEvent(org_id="acme", epoch=1, seq=1, stream_id="", at_ms=0, kind=EventKind.ENQUEUED, queue="sales")


class History:
    def __init__(self) -> None:
        self.events: list[ToldEvent] = []
        self.away = False

    def tell(self, count: int) -> None:
        first = len(self.events) + 1
        self.events += [ToldEvent(event=replace(EVENT, seq=first + n)) for n in range(count)]

    async def place(self, org_id: str) -> Place:
        return self.events[-1].place if self.events else (0, 0)

    async def places(self, org_ids: Sequence[str]) -> Mapping[str, Place]:
        return {org_id: await self.place(org_id) for org_id in org_ids}

    async def after(self, org_id: str, place: Place, *, limit: int) -> Sequence[ToldEvent]:
        if self.away:
            raise Unavailable("away", slug="store-unavailable")
        return [one for one in self.events if one.place > place][:limit]


class Wire:
    def __init__(self, *, reads: bool = True) -> None:
        self.reads = reads
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.gone = asyncio.Event()

    async def receive_text(self) -> str:
        await self.gone.wait()
        raise SocketGone

    async def send_text(self, text: str) -> None:
        if not self.reads and json.loads(text)["type"] == "event":
            await asyncio.Event().wait()
        self.sent.append(json.loads(text))

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


def stream(history: History, wire: Wire, **changes: Any) -> Stream:
    async def allowed() -> bool:
        return True

    values: dict[str, Any] = {
        "feed": Feed(history=history),
        "wire": wire,
        "org_id": "acme",
        "hello": Hello(after=PlacePart(epoch=0, seq=0)),
        "still_allowed": allowed,
        "mark_s": 60.0,
        "send_s": 60.0,
    }
    return Stream(**{**values, **changes})


async def test_who_does_not_read_is_cut_off() -> None:
    history, wire = History(), Wire(reads=False)
    history.tell(3)
    await stream(history, wire, send_s=0.05).run()
    assert wire.closed == (1013, "too slow")


async def test_a_part_that_is_away_sends_the_subscriber_home() -> None:
    history, wire = History(), Wire()
    history.away = True
    await stream(history, wire).run()
    assert wire.sent[-1]["slug"] == "store-unavailable"
    assert wire.closed == (1013, "store-unavailable")


async def test_who_goes_is_let_go() -> None:
    history, wire = History(), Wire()
    wire.gone.set()
    await stream(history, wire).run()
    assert wire.closed is None


async def test_more_than_a_page_comes_in_order_and_then_live() -> None:
    history, wire = History(), Wire()
    history.tell(450)
    feed = Feed(history=history)
    one = stream(history, wire, feed=feed)
    running = asyncio.create_task(one.run())
    await eventually(lambda: len(wire.sent) == 451)
    history.tell(1)
    await feed.step()
    await eventually(lambda: len(wire.sent) == 452)
    assert [frame["event"]["seq"] for frame in wire.sent[1:]] == list(range(1, 452))
    one.stop()
    await running
    assert wire.closed == (1012, "restart")


async def test_there_are_only_so_many_streams() -> None:
    history = History()
    streams = Streams(feed=Feed(history=history), most=1)

    async def allowed() -> bool:
        return True

    first = asyncio.create_task(streams.serve(Wire(), org_id="acme", hello=Hello(), still_allowed=allowed))
    await eventually(lambda: streams._open.get("acme"))
    with pytest.raises(Exception, match="Too many"):
        await streams.serve(Wire(), org_id="acme", hello=Hello(), still_allowed=allowed)
    streams.stop_all()
    await first
