"""``Idempotency-Key``: an unsafe request that is repeated with its key gets the answer of the first.

The key belongs to its caller. Only successes are kept: a refused command has changed nothing, and
doing it again is refused again. While the first request still runs, a repeat waits for its answer. A
first request that runs nowhere any more (its process was killed) is recognised by not running here
and not finishing elsewhere within seconds; the repeat then takes its key over. That is safe even
where the guess is wrong, because the stages behind are idempotent themselves: commands are fenced by
assignment or version, texts by the writer's own id.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from engine.api.access import caller_of
from engine.api.gate import SAFE_METHODS, Caller
from engine.api.parts import ApiParts, parts_of
from engine.errors import Conflict, InvalidInput
from engine.model.record import Kept

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replay"
LONGEST_KEY = 200
LONGEST_ANSWER = 262_144
LOOK_EVERY_S = 0.1
ELSEWHERE_S = 2.0
"""A first request that does not run here has so long to finish elsewhere before its key is taken over."""
HERE_S = 10.0
"""A repeat waits so long for a first request that runs here."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Claim:
    org_id: str
    actor: str
    key: str


class Running:
    """Know which keyed requests run in this process."""

    def __init__(self) -> None:
        self._claims: set[_Claim] = set()

    def __contains__(self, claim: _Claim) -> bool:
        return claim in self._claims

    @contextlib.contextmanager
    def of(self, claim: _Claim) -> Iterator[None]:
        """Note that ``claim`` runs."""
        self._claims.add(claim)
        try:
            yield
        finally:
            self._claims.discard(claim)


def actor_of(caller: Caller) -> str:
    """Return whose keys a caller's are: his user's, or a system's token's own."""
    return caller.principal.user_id or f"token:{caller.key[:32]}"


async def _once(request: Request, handler: Handler, *, key: str, caller: Caller) -> Response:
    claim = _Claim(org_id=caller.principal.org_id, actor=actor_of(caller), key=key)
    running: Running = request.app.state.running
    kept = await _take(parts_of(request), running, claim, await _digest(request))
    if kept is not None:
        return _replay(kept)
    with running.of(claim):
        return await _run(request, handler, claim)


async def _take(parts: ApiParts, running: Running, claim: _Claim, digest: str) -> Kept | None:
    """Return the kept answer, or None when the key is the caller's now. Raises Conflict."""
    waited_s = 0.0
    while True:
        try:
            return await parts.idempotency.begin(
                claim.org_id, key=claim.key, actor=claim.actor, digest=digest, now_ms=parts.clock.now_ms()
            )
        except Conflict as busy:
            if busy.slug != "idempotency-busy" or waited_s >= HERE_S:
                raise
        if claim not in running and waited_s >= ELSEWHERE_S:
            await parts.idempotency.release(claim.org_id, claim.key, claim.actor)
            continue
        await asyncio.sleep(LOOK_EVERY_S)
        waited_s += LOOK_EVERY_S


def _replay(kept: Kept) -> Response:
    headers = {REPLAYED: "true", "Cache-Control": "no-store"}
    if kept.body:
        headers["Content-Type"] = "application/json"
    return Response(content=kept.body or None, status_code=kept.status, headers=headers)


async def _run(request: Request, handler: Handler, claim: _Claim) -> Response:
    keys, done = parts_of(request).idempotency, False
    try:
        response = await handler(request)
        body = bytes(response.body)
        if response.status_code < 300 and len(body) <= LONGEST_ANSWER:
            await keys.finish(claim.org_id, claim.key, claim.actor, status=response.status_code, body=body.decode())
            done = True
        return response
    finally:
        if not done:
            await keys.release(claim.org_id, claim.key, claim.actor)


async def _digest(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return digest.hexdigest()


def _checked(key: str) -> str:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput(f"{HEADER} has 1 to {LONGEST_KEY} printable characters.", field=HEADER)
    return key
