"""The WebSockets of people: admit, say who it is, hand over to the stage.

A visitor's socket is the chat channel's from its first frame. An agent's socket is opened by the
session cookie (then from our own pages only), or by an API token in the first frame: never in the
address, which is written into logs.
"""

import asyncio
import secrets
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket

from engine.agents.frames import ClientHello, ErrorFrame, decode, encode
from engine.agents.outbox import WireClosed
from engine.agents.session import AgentSession
from engine.api.access import Public, gate_of
from engine.api.event_socket import serve_events
from engine.api.gate import COOKIE, Caller, Gate
from engine.api.operation import PREFIX
from engine.api.parts import ApiParts, parts_of
from engine.api.wire import TextSocket
from engine.channels.socket import SocketClosed
from engine.errors import CordboardError, Forbidden, ProtocolError, TooFast, Unauthenticated, Unavailable

POLICY, TOO_BIG, RESTART, OVERLOADED = 1008, 1009, 1012, 1013
"""WebSocket close codes (RFC 6455, section 7.4, and the IANA registry)."""

Visitors = Annotated[None, Depends(Public("visitors have no account; their session token opens their own chat only"))]
Cookie = Annotated[
    None, Depends(Public("the session cookie or the first frame's API token is checked before anything"))
]


async def serve_visitor(websocket: WebSocket, org_id: str, channel: str, _: Visitors = None) -> None:
    """Serve a visitor's chat socket."""
    parts = parts_of(websocket)
    socket = TextSocket(websocket, kind="visitor", metrics=parts.metrics, closed=SocketClosed)
    await websocket.accept()
    if parts.draining():
        await socket.close(RESTART, "restart")
        return
    parts.metrics.socket_opened("visitor")
    try:
        await parts.chat.serve(org_id, channel, socket)
    finally:
        parts.metrics.socket_closed("visitor")


async def serve_agent(websocket: WebSocket, _: Cookie = None) -> None:
    """Serve an agent's socket."""
    parts, gate = parts_of(websocket), gate_of(websocket)
    try:
        gate.check_origin(websocket)  # RFC 6455, section 10.2: browsers send cookies along with any page's socket
    except Forbidden:
        await websocket.close(POLICY)  # before accepting: the handshake is answered with 403
        return
    wire = TextSocket(websocket, kind="agent", metrics=parts.metrics, closed=WireClosed)
    await websocket.accept()
    if parts.draining():
        await wire.close(RESTART, "restart")
        return
    parts.metrics.socket_opened("agent")
    try:
        await _run(websocket, wire, parts, gate)
    finally:
        parts.metrics.socket_closed("agent")


async def _run(websocket: WebSocket, wire: TextSocket, parts: ApiParts, gate: Gate) -> None:
    try:
        caller = await _admit(websocket, wire, parts, gate)
    except WireClosed:
        return
    except CordboardError as error:
        await _refuse(wire, error)
        return
    session = AgentSession(
        parts=parts.session,
        who=caller.principal,
        wire=wire,
        connection=secrets.token_hex(12),
        login_key=caller.key,
        still_allowed=lambda: gate.still_in(caller),
    )
    await session.run()


async def _admit(websocket: WebSocket, wire: TextSocket, parts: ApiParts, gate: Gate) -> Caller:
    """Return who is there, from the cookie or the first frame.

    The count of the user's sockets comes last: the caller puts the new one on the floor before it awaits anything.

    Raises Unauthenticated, NotFound, TooFast, ProtocolError, Unavailable.
    """
    if websocket.cookies.get(COOKIE):
        caller = await gate.by_cookie(websocket, fresh=True)
    else:
        caller = await _by_first_frame(wire, gate, within_ms=parts.settings.first_frame_ms)
    who = caller.principal
    parts.organisations.get(who.org_id)
    if not who.user_id:
        raise Forbidden("This token speaks for no user.", mend="Create one with a user_id.")
    if len(parts.floor.of_user(who.org_id, who.user_id)) >= parts.settings.sockets_per_user:
        raise TooFast("Too many sockets of this user.", slug="too-many-sockets")
    return caller


async def _by_first_frame(wire: TextSocket, gate: Gate, *, within_ms: int) -> Caller:
    try:
        async with asyncio.timeout(within_ms / 1000):
            frame = decode(await wire.receive_text())
    except TimeoutError:
        raise Unauthenticated("No hello came.") from None
    if not isinstance(frame, ClientHello):
        raise ProtocolError("the first frame is hello", slug="out-of-order")
    if not frame.token:
        raise Unauthenticated("Sign in first.")
    return await gate.by_token(frame.token, fresh=True)


async def _refuse(wire: TextSocket, error: CordboardError) -> None:
    code = OVERLOADED if isinstance(error, TooFast | Unavailable) else POLICY
    if error.slug == "too-large":
        code = TOO_BIG
    try:
        await wire.send_text(encode(ErrorFrame(slug=error.slug, detail=str(error))))
    except WireClosed:
        return
    await wire.close(code, error.slug)


def install_sockets(app: FastAPI) -> None:
    """Add the WebSocket routes."""
    app.router.add_api_websocket_route("/chat/{org_id}/{channel}/socket", serve_visitor, name="serve_visitor")
    app.router.add_api_websocket_route(f"{PREFIX}/agent/socket", serve_agent, name="serve_agent")
    app.router.add_api_websocket_route(f"{PREFIX}/events", serve_events, name="serve_events")
