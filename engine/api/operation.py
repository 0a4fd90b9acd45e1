"""One row of the route table: method, path, handler, what it may answer."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from engine.api.access import Paced
from engine.api.idempotency import IdempotentRoute
from engine.api.pace import Pace
from engine.api.problem import MEDIA_TYPE, SLUGS

PREFIX = "/api/v1"
REFERENCE = {"$ref": "#/components/schemas/Problem"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """A route. Summary and description are the handler's docstring, the answer its return type."""

    method: str
    path: str
    handler: Callable[..., Any]
    tag: str
    status: int = 200
    errors: tuple[str, ...] = ()  # slugs beyond those every route may answer
    prefix: str = PREFIX
    pace: Pace | None = None  # how fast one user may do it
    secret: bool = False  # request or answer hold a secret: no idempotency, which would keep it

    @property
    def may_answer(self) -> tuple[str, ...]:
        """Return the slugs of its own problems."""
        return (*self.errors, "too-fast") if self.pace else self.errors


def install(app: FastAPI, operations: Sequence[Operation]) -> None:
    """Add the operations to the application."""
    app.router.routes.extend(_routes(tuple(operations)))


@cache
def _routes(operations: tuple[Operation, ...]) -> Sequence[BaseRoute]:
    """Make the routes, once in a process: they hold nothing of the application that serves them.

    What each takes and answers becomes a validator and a serializer, a third of a second for all of them.
    """
    router = APIRouter()
    for one in operations:
        empty = one.status == HTTPStatus.NO_CONTENT
        router.add_api_route(
            one.prefix + one.path,
            one.handler,
            methods=[one.method],
            name=one.handler.__name__,
            operation_id=one.handler.__name__,
            tags=[one.tag],
            status_code=one.status,
            summary=_summary(one.handler),
            description=inspect.cleandoc(one.handler.__doc__ or ""),
            responses=problems(one.may_answer),
            dependencies=[Depends(Paced(one.pace))] if one.pace else None,
            route_class_override=APIRoute if one.secret else IdempotentRoute,
            response_class=Response if empty else JSONResponse,
        )
    return router.routes


def problems(slugs: Sequence[str]) -> dict[int | str, dict[str, Any]]:
    """Describe problem answers by status, for OpenAPI.

    The model is named, not handed over: the framework would make a serializer of its own for each status of each route.
    """
    by_status: dict[int, list[str]] = {}
    for slug in slugs:
        by_status.setdefault(SLUGS[slug][0], []).append(slug)
    return {
        status: {
            "description": "Problem: " + ", ".join(f"`{slug}`" for slug in of_status) + ".",
            "content": {MEDIA_TYPE: {"schema": REFERENCE}},
        }
        for status, of_status in sorted(by_status.items())
    }


def _summary(handler: Callable[..., Any]) -> str:
    first, _, _ = inspect.cleandoc(handler.__doc__ or "").partition("\n")
    return first.rstrip(".")
