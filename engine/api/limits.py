"""What every request must keep within: the size of its body and the time it may take. Pure ASGI."""

import asyncio
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.api.problem import answer, problem

_NO_LONGER: Mapping[str, int] = {}


class _TooLarge(HTTPException):
    """The body has grown beyond the limit. An HTTPException, because the framework turns any other into a 400."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(413, _detail(most_bytes))


class BodyLimit:
    """Refuse bodies beyond a size with 413, whether or not they announce it.

    ``longer``: sizes of some paths; of all beneath one that ends with a slash.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int, longer: Mapping[str, int] = _NO_LONGER) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._longer = longer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most_bytes = _of_path(self._longer, scope["path"], self._most_bytes)
        if _announced(scope) > most_bytes:
            await self._refuse(most_bytes, scope, receive, send)
            return
        guard = _Guard(receive, send, most_bytes=most_bytes)
        try:
            await self._app(scope, guard.receive, guard.send)
        except _TooLarge:
            if guard.started:
                raise
            await self._refuse(most_bytes, scope, receive, send)

    async def _refuse(self, most_bytes: int, scope: Scope, receive: Receive, send: Send) -> None:
        response = answer(problem("too-large", _detail(most_bytes)))
        response.headers["Connection"] = "close"  # the rest of the body is not read
        await response(scope, receive, send)


class _Guard:
    def __init__(self, receive: Receive, send: Send, *, most_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._most_bytes = self._left = most_bytes
        self.started = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLarge(self._most_bytes)
        return message

    async def send(self, message: Message) -> None:
        self.started = True
        await self._send(message)


class TimeLimit:
    """Give up on requests that take too long to answer, with 503. What was committed meanwhile stays committed.

    Once an answer begins it may take its time: a page over a slow line is no fault. ``longer``: as for ``BodyLimit``.
    """

    def __init__(self, app: ASGIApp, *, timeout_ms: int, longer: Mapping[str, int] = _NO_LONGER) -> None:
        self._app = app
        self._timeout_ms = timeout_ms
        self._longer = longer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = asyncio.timeout(_of_path(self._longer, scope["path"], self._timeout_ms) / 1_000)

        async def send_in_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                limit.reschedule(None)
            await send(message)

        try:
            async with limit:
                await self._app(scope, receive, send_in_time)
        except TimeoutError:
            if not limit.expired():
                raise
            response = answer(problem("timeout", "The request took too long.", extra={"retry_after_ms": 1_000}))
            await response(scope, receive, send)


def _of_path(longer: Mapping[str, int], path: str, usual: int) -> int:
    """Return the limit of a path: its own, that of what it lies beneath, or the usual one."""
    above = (limit for start, limit in longer.items() if start.endswith("/") and path.startswith(start))
    return longer.get(path) or next(above, usual)


def _detail(most_bytes: int) -> str:
    return f"A request body has at most {most_bytes} bytes."


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
