"""The WebSocket of routing events, for programs: an API token in the header or in the first frame."""

import asyncio
from typing import Annotated

from fastapi import Depends, WebSocket

from engine.api.access import Public, gate_of
from engine.api.gate import Caller, Gate
from engine.api.parts import ApiParts, parts_of
from engine.api.sight import sight_of
from engine.api.wire import TextSocket
from engine.errors import CordboardError, Forbidden, TooFast, Unauthenticated, Unavailable
from engine.events.frames import ErrorFrame, Hello, decode, encode
from engine.events.stream import OVERLOADED, POLICY, RESTART, SocketGone
from engine.model.organisation import Role
from engine.model.user import Scope

Token = Annotated[None, Depends(Public("the API token in the header or the first frame is checked before anything"))]


async def serve_events(websocket: WebSocket, _: Token = None) -> None:
    """Serve a subscriber of routing events."""
    parts, gate = parts_of(websocket), gate_of(websocket)
    try:
        gate.check_origin(websocket)
    except Forbidden:
        await websocket.close(POLICY)  # before accepting: the handshake is answered with 403
        return
    wire = TextSocket(websocket, kind="events", metrics=parts.metrics, closed=SocketGone)
    await websocket.accept()
    if parts.draining():
        await wire.close(RESTART, "restart")
        return
    parts.metrics.socket_opened("events")
    try:
        await _run(websocket, wire, parts, gate)
    finally:
        parts.metrics.socket_closed("events")


async def _run(websocket: WebSocket, wire: TextSocket, parts: ApiParts, gate: Gate) -> None:
    try:
        hello, caller = await _admit(websocket, wire, parts, gate)
        await parts.streams.serve(
            wire, org_id=caller.principal.org_id, hello=hello, still_allowed=lambda: gate.still_in(caller)
        )
    except SocketGone:
        return
    except CordboardError as error:
        await _refuse(wire, error)


async def _admit(websocket: WebSocket, wire: TextSocket, parts: ApiParts, gate: Gate) -> tuple[Hello, Caller]:
    """Return who is there and what he wants. Raises Unauthenticated, Forbidden, ProtocolError, Unavailable."""
    try:
        async with asyncio.timeout(parts.settings.first_frame_ms / 1000):
            hello = decode(await wire.receive_text())
    except TimeoutError:
        raise Unauthenticated("No hello came.") from None
    scheme, _, token = websocket.headers.get("authorization", "").partition(" ")
    secret = token.strip() if scheme.lower() == "bearer" else hello.token
    caller = await gate.by_token(secret, fresh=True)
    who = caller.principal
    if Scope.EVENTS_READ not in who.scopes if who.scopes else not who.at_least(Role.SUPERVISOR):
        raise Forbidden(f"This needs the scope {Scope.EVENTS_READ.value}.")
    if not sight_of(parts, who).everything:
        raise Forbidden("The stream tells of all queues; this user sees only some.", mend="Use a token without a user.")
    return hello, caller


async def _refuse(wire: TextSocket, error: CordboardError) -> None:
    code = OVERLOADED if isinstance(error, TooFast | Unavailable) else POLICY
    try:
        await wire.send_text(encode(ErrorFrame(slug=error.slug, detail=str(error))))
    except SocketGone:
        return
    await wire.close(code, error.slug)
