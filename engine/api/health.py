"""Is the process alive, can it serve, and what does it count."""

import asyncio
import ipaddress
import secrets
import time
from typing import Annotated

import structlog
from fastapi import Depends, FastAPI, Request, Response
from pydantic import BaseModel

from engine.api.access import Public, gate_of
from engine.api.gate import Gate
from engine.api.operation import problems
from engine.api.parts import ApiParts, ApiSettings, Probe, handed_parts
from engine.errors import CordboardError, Forbidden, Unauthenticated
from engine.model.organisation import Role

log = structlog.get_logger(__name__)

Balancers = Annotated[None, Depends(Public("balancers and supervisors have no account; it tells no data"))]
Scrapers = Annotated[
    None, Depends(Public("a scraper has no account; it sends a token of its own, which is checked first"))
]


class Alive(BaseModel):
    """The process answers."""

    status: str


class PartStatus(BaseModel):
    """Whether one part answers."""

    ok: bool
    ms: int
    reason: str = ""


class Ready(BaseModel):
    """Whether the process can serve, part by part."""

    status: str
    parts: dict[str, PartStatus]


async def healthz(_: Balancers = None) -> Alive:
    """Say that the process lives.

    Whatever its parts do: a supervisor restarts the process when this does not answer.
    """
    return Alive(status="ok")


async def readyz(response: Response, parts: Annotated[ApiParts, Depends(handed_parts)], _: Balancers = None) -> Ready:
    """Say whether the process can serve.

    503 while a part is away or the process is stopping; then balancers send requests elsewhere.
    """
    names = list(parts.probes)
    answers = await asyncio.gather(*(_ask(parts, name, parts.probes[name]) for name in names))
    found = dict(zip(names, answers, strict=True))
    status = "ok" if all(one.ok for one in answers) else "not-ready"
    if parts.draining():
        status = "draining"
    if status != "ok":
        response.status_code = 503
    return Ready(status=status, parts=found)


async def metrics(request: Request, parts: Annotated[ApiParts, Depends(handed_parts)], _: Scrapers = None) -> Response:
    """Read what the process counts.

    In Prometheus's text format; with the token of the setting `metrics_token`, or an admin's API token. The setting
    `metrics_local` lets in whoever asks on this machine.
    """
    if not _is_scraper(request, parts.settings):
        await _require_admin(request, gate_of(request))
    return Response(parts.metrics.text(), media_type=parts.metrics.content_type)


async def _ask(parts: ApiParts, name: str, probe: Probe) -> PartStatus:
    begun_s, reason = time.perf_counter(), ""
    try:
        async with asyncio.timeout(parts.settings.probe_timeout_ms / 1000):
            await probe()
    except TimeoutError:
        reason = "timeout"
    except CordboardError as error:
        reason = error.slug
    except Exception:
        log.exception("probe failed", part=name)
        reason = "internal"
    return PartStatus(ok=not reason, ms=round((time.perf_counter() - begun_s) * 1000), reason=reason)


def _is_scraper(request: Request, settings: ApiSettings) -> bool:
    """Say whether the request comes with the scraper's token, or from this machine where the settings let that do."""
    if settings.metrics_local and _local(request):
        return True
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    sent, wanted = token.strip().encode(), settings.metrics_token.encode()
    return bool(wanted) and scheme.lower() == "bearer" and secrets.compare_digest(sent, wanted)


def _local(request: Request) -> bool:
    """Say whether the request comes from this machine, and not through a proxy on it."""
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def _require_admin(request: Request, gate: Gate) -> None:
    if "authorization" not in request.headers:
        raise Unauthenticated("Send the metrics token, or an admin's API token.")
    caller = await gate.caller(request, method=request.method)
    if not caller.principal.at_least(Role.ADMIN):
        raise Forbidden("This needs the role admin.")


def install_health(app: FastAPI) -> None:
    """Add the routes for whoever runs the process."""
    route = app.router.add_api_route
    route("/healthz", healthz, methods=["GET"], tags=["Operation"], summary="Say that the process lives")
    route(
        "/readyz",
        readyz,
        methods=["GET"],
        tags=["Operation"],
        summary="Say whether the process can serve",
        responses={503: {"model": Ready, "description": "A part is away, or the process is stopping."}},
    )
    route(
        "/metrics",
        metrics,
        methods=["GET"],
        tags=["Operation"],
        summary="Read what the process counts",
        response_class=Response,
        responses=problems(("unauthenticated", "forbidden")),
    )
