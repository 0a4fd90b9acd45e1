"""``Idempotency-Key``: an unsafe request that is repeated with its key gets the answer of the first.

The key belongs to its caller. Only successes are kept: a refused command has changed nothing, and
doing it again is refused again. After a crash in the middle the key is free again within a minute,
and the stages behind are idempotent themselves, so that the repeat finishes what was begun.
"""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from engine.api.access import caller_of
from engine.api.gate import SAFE_METHODS, Caller
from engine.api.parts import parts_of
from engine.errors import InvalidInput

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replay"
LONGEST_KEY = 200
LONGEST_ANSWER = 262_144

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class IdempotentRoute(APIRoute):
    """A route that honours ``Idempotency-Key`` on unsafe methods."""

    def get_route_handler(self) -> Handler:
        """Wrap the framework's handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method in SAFE_METHODS:
                return await handler(request)
            caller = await caller_of(request)
            return await _once(request, handler, key=_checked(key), caller=caller)

        return handle


async def _once(request: Request, handler: Handler, *, key: str, caller: Caller) -> Response:
    parts, org_id = parts_of(request), caller.principal.org_id
    actor = caller.principal.user_id or f"token:{caller.key[:32]}"
    kept = await parts.idempotency.begin(
        org_id, key=key, actor=actor, digest=await _digest(request), now_ms=parts.clock.now_ms()
    )
    if kept is not None:
        headers = {REPLAYED: "true", "Cache-Control": "no-store"}
        if kept.body:
            headers["Content-Type"] = "application/json"
        return Response(content=kept.body or None, status_code=kept.status, headers=headers)
    done = False
    try:
        response = await handler(request)
        body = bytes(response.body)
        if response.status_code < 300 and len(body) <= LONGEST_ANSWER:
            await parts.idempotency.finish(org_id, key, actor, status=response.status_code, body=body.decode())
            done = True
        return response
    finally:
        if not done:
            await parts.idempotency.release(org_id, key, actor)


async def _digest(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return digest.hexdigest()


def _checked(key: str) -> str:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput(f"{HEADER} has 1 to {LONGEST_KEY} printable characters.", field=HEADER)
    return key
