"""One subscriber's socket: from its place on, then live, in order and without a gap.

Nothing is queued: the next page is read when the last one is sent. A subscriber that does not read is cut off with 1013
and resumes from the last place it knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from engine.errors import CordboardError, InvalidInput
from engine.events.feed import Feed
from engine.events.frames import ErrorFrame, EventFrame, Frame, Hello, MarkFrame, PlacePart, Welcome, encode
from engine.events.payload import event_part
from engine.model.outside import Interest, Place

MARK_S = 10.0
"""A mark at least this often, so that both sides know that the other lives; then the token is asked for again, too."""
SEND_S = 10.0
POLICY, RESTART, OVERLOADED = 1008, 1012, 1013


class SocketGone(Exception):
    """The other side is gone."""


class Wire(Protocol):
    """One accepted WebSocket."""

    async def receive_text(self) -> str:
        """Return the next frame; raise SocketGone, ProtocolError."""
        ...

    async def send_text(self, text: str) -> None:
        """Send a frame, waiting while the other side does not read; raise SocketGone."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close; bounded in time."""
        ...


class Stream:
    """Tell one subscriber."""

    def __init__(
        self,
        *,
        feed: Feed,
        wire: Wire,
        org_id: str,
        hello: Hello,
        still_allowed: Callable[[], Awaitable[bool]],
        mark_s: float,
        send_s: float,
    ) -> None:
        self._feed = feed
        self._wire = wire
        self._org_id = org_id
        self._hello = hello
        self._still_allowed = still_allowed
        self._mark_s = mark_s
        self._send_s = send_s
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Close with 1012: the subscriber comes back at once, elsewhere or after a restart."""
        self._stopped.set()

    async def run(self) -> None:
        """Serve the socket until either side ends it. Cancellation closes nothing: the caller does."""
        ends = {
            asyncio.create_task(self._tell(), name="events-tell"),
            asyncio.create_task(self._listen(), name="events-listen"),
            asyncio.create_task(self._stopped.wait(), name="events-stop"),
        }
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ends:
                one.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        await self._close(next((error for one in done if (error := one.exception())), None))

    async def _close(self, error: BaseException | None) -> None:
        if isinstance(error, SocketGone):
            return
        if isinstance(error, TimeoutError):
            await self._wire.close(OVERLOADED, "too slow")
        elif isinstance(error, InvalidInput):
            await self._refuse(POLICY, error)
        elif isinstance(error, CordboardError):  # a part is away: the subscriber comes back
            await self._refuse(OVERLOADED, error)
        elif error is not None:
            await self._wire.close(1011, "internal")
            raise error
        elif self._stopped.is_set():
            await self._wire.close(RESTART, "restart")
        else:
            await self._wire.close(POLICY, "signed out")

    async def _refuse(self, code: int, error: CordboardError) -> None:
        try:
            await self._send(ErrorFrame(slug=error.slug, detail=str(error)))
        except (SocketGone, TimeoutError):
            return
        await self._wire.close(code, error.slug)

    async def _listen(self) -> None:
        """Notice when the other side goes; it has nothing more to say."""
        while True:
            await self._wire.receive_text()

    async def _tell(self) -> None:
        """Send what is wanted; returns when the token has ended."""
        interest, place = self._hello.interest, await self._start()
        await self._send(Welcome(after=_part(place)))
        clock = asyncio.get_running_loop().time
        due = clock() + self._mark_s
        while True:
            place = await self._send_page(interest, place, wait_s=max(0.0, due - clock()))
            if clock() >= due:
                if not await self._still_allowed():
                    return
                await self._send(MarkFrame(after=_part(place)))
                due = clock() + self._mark_s

    async def _start(self) -> Place:
        end, after = await self._feed.end(self._org_id), self._hello.after
        if after is None:
            return end
        place = (after.epoch, after.seq)
        if place > end:
            raise InvalidInput("the history does not reach this place", slug="unknown-place", field="after")
        return place

    async def _send_page(self, interest: Interest, place: Place, *, wait_s: float) -> Place:
        for told in await self._feed.after(self._org_id, place, wait_s=wait_s):
            if interest.wants(told.event):
                await self._send(EventFrame(event=event_part(told)))
            place = told.place
        return place

    async def _send(self, frame: Frame) -> None:
        async with asyncio.timeout(self._send_s):
            await self._wire.send_text(encode(frame))


def _part(place: Place) -> PlacePart:
    return PlacePart(epoch=place[0], seq=place[1])
