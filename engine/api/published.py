"""What programs read to talk to the engine: OpenAPI and the JSON Schemas of sockets and configuration."""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.agents.frames import agent_schema
from engine.api.access import Needs, Public
from engine.api.gate import COOKIE, CSRF_HEADER, SAFE_METHODS
from engine.api.idempotency import HEADER, REPLAYED, IdempotentRoute
from engine.api.operation import problems
from engine.api.parts import Description
from engine.api.problem import Problem
from engine.errors import NotFound
from engine.events.frames import event_schema

Anybody = Annotated[None, Depends(Public("it describes the software, which is published, and holds no data"))]

ABOUT = f"""The HTTP interface of Cordboard.

**Signing in.** Browsers: `POST /api/v1/login` sets the cookie `{COOKIE}`; unsafe requests also send its CSRF token in
`{CSRF_HEADER}`. Programs: `Authorization: Bearer cbt_…`.

**Repeating.** Unsafe requests may carry `{HEADER}`: a repeat gets the first answer, marked
`{REPLAYED}: true`, for a day. Requests that hold a password or secret are not kept.

**Errors** are problem details (RFC 9457); `slug` is their stable name.

**Times** are RFC 3339 in UTC; durations are milliseconds and end in `_ms`.
"""

ROLE_ERRORS = ("unauthenticated", "forbidden")
UNSAFE_ERRORS = ("invalid-input", "csrf", "origin-refused", "too-large", "unavailable")


def role_of(route: APIRoute) -> str:
    """Return the role a route demands, "" for a public one."""
    needs = [one.call.role.value for one in route.dependant.dependencies if isinstance(one.call, Needs)]
    return needs[0] if needs else ""


def scope_of(route: APIRoute) -> str:
    """Return the scope with which a system's token may use a route, "" where none lets it."""
    scopes = [one.call.scope for one in route.dependant.dependencies if isinstance(one.call, Needs)]
    return scopes[0].value if scopes and scopes[0] else ""


def public_reason(dependant: Any) -> str:  # noqa: ANN401 - the framework's own type is private
    """Return why a route is public, "" where it is not declared so."""
    reasons = [one.call.reason for one in dependant.dependencies if isinstance(one.call, Public)]
    return reasons[0] if reasons else ""


def describe(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI document: routes, models, problems, roles and security."""
    document = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route, method)
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "cbt_…"},
    }
    schemas = components.setdefault("schemas", {})
    schemas.setdefault("Problem", Problem.model_json_schema(ref_template="#/components/schemas/{model}"))
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _complete(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    role, unsafe = role_of(route), method not in SAFE_METHODS
    operation["responses"].pop("422", None)
    if role:
        operation["security"] = [{"session": [], **({"csrf": []} if unsafe else {})}, {"token": []}]
        operation["x-role"] = role
        operation["description"] += f"\n\nRole: `{role}`."
        if scope := scope_of(route):
            operation["x-scope"] = scope
            operation["description"] += f" Scope: `{scope}`."
    else:
        operation["security"] = []
        operation["x-public"] = public_reason(route.dependant)
    _add_problems(operation, (*(ROLE_ERRORS if role else ()), *(UNSAFE_ERRORS if unsafe else ())))
    if unsafe and isinstance(route, IdempotentRoute):
        operation.setdefault("parameters", []).append(
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "description": "A repeat with the same key gets the first answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            }
        )
        _add_problems(operation, ("idempotency-busy", "idempotency-mismatch"))


def _add_problems(operation: dict[str, Any], slugs: tuple[str, ...]) -> None:
    for status, described in problems(slugs).items():
        known = operation["responses"].get(str(status))
        if known is None:
            operation["responses"][str(status)] = described
        else:
            named = described["description"].removeprefix("Problem: ")
            known["description"] = known["description"].rstrip(".") + ", " + named


def install_schemas(app: FastAPI, schemas: Mapping[str, Description]) -> None:
    """Add the routes of published descriptions; ``schemas`` are those that other parts bring.

    Each is built when somebody first asks, and beside the event loop: the greater ones take tenths of a second.
    """
    makers: Mapping[str, Description] = {"agent": agent_schema, "events": event_schema, **schemas}

    @cache
    def written(name: str) -> bytes:
        return json.dumps(makers[name]()).encode()

    async def read_schema(name: str, _: Anybody = None) -> Response:
        """Read a JSON Schema: `chat`, `agent` and `events` (sockets), `call-report`, `configuration`."""
        if name not in makers:
            raise NotFound("There is no such schema.", mend=f"There are: {', '.join(sorted(makers))}.")
        content = await asyncio.to_thread(written, name)
        return Response(content, media_type="application/schema+json", headers=_OPEN)

    route = app.router.add_api_route
    route(
        "/schemas/{name}.json",
        read_schema,
        methods=["GET"],
        tags=["Descriptions"],
        summary="Read a JSON Schema",
        response_class=Response,
        responses=problems(("not-found",)),
    )
    route("/openapi.json", read_openapi, methods=["GET"], tags=["Descriptions"], summary="Read this description")


async def read_openapi(request: Request, _: Anybody = None) -> Response:
    """Read this description."""
    return JSONResponse(await asyncio.to_thread(request.app.openapi), headers=_OPEN)


_OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-cache",
}
