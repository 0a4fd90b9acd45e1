"""Errors as HTTP answers: RFC 9457 problem details, one table from slug to status and title.

The ``type`` of a problem is a URN that ends in its ``slug``, the stable name that programs compare
and that ``docs/reference/errors.md`` explains. What the engine did not expect becomes ``internal``: the log has the
traceback, the caller never.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.errors import (
    Conflict,
    CordboardError,
    Forbidden,
    InvalidInput,
    NotFound,
    TooFast,
    Unauthenticated,
    Unavailable,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:cordboard:problem:"

SLUGS: Mapping[str, tuple[int, str]] = {
    # what was sent
    "invalid-input": (400, "The request cannot be accepted"),
    "unreadable-row": (400, "The row cannot be read"),
    "bad-frame": (400, "The frame cannot be read"),
    "reserved-client-id": (400, "The engine uses such client ids itself"),
    "weak-password": (400, "The password is too weak"),
    "unknown-disposition": (400, "No such disposition"),
    "unknown-topic": (400, "No such topic"),
    "unknown-status": (400, "No such presence status"),
    "unknown-queue": (400, "No such queue"),
    "unknown-kind": (400, "No such kind of work"),
    "unknown-place": (400, "No such place in the history"),
    "invalid": (400, "The router could not read the command"),
    "invalid-configuration": (400, "The configuration is wrong"),
    "mail-loop": (400, "The mail goes in circles"),
    "mail-smuggled": (400, "The mail may hide another one"),
    "too-large": (413, "Too large"),
    "unsupported-media-type": (415, "Send JSON"),
    # who asks
    "unauthenticated": (401, "Sign in first"),
    "bad-signature": (401, "The signature is missing or wrong"),
    "login-failed": (401, "Signing in failed"),
    "forbidden": (403, "Not allowed"),
    "csrf": (403, "The CSRF token is missing or wrong"),
    "origin-refused": (403, "The origin is not allowed"),
    "read-only": (403, "You may read it, not change it"),
    "not-yours": (403, "The work is with another agent"),
    "not-your-channel": (403, "Mail of this channel is others' to write"),
    "not-approver": (403, "It is not your turn to answer"),
    # what it is about
    "not-found": (404, "Not found"),
    "unknown-item": (404, "No such work item"),
    "unknown-interaction": (404, "No such conversation"),
    "unknown-case": (404, "No such case"),
    "unknown-macro": (404, "No such macro"),
    "unknown-submission": (404, "No such submission"),
    "unknown-call": (404, "No such call"),
    "unknown-source": (404, "No such telephone system"),
    "unknown-mail": (404, "No such mail"),
    "unknown-job": (404, "No such job"),
    "unknown-view": (404, "No such view"),
    "unknown-import": (404, "No such import"),
    "unknown-approval": (404, "No such approval"),
    "unknown-deputy": (404, "Nobody stands in so"),
    "unknown-process": (404, "No such process of approval"),
    "unknown-attachment": (404, "No such attachment"),
    "unknown-contact": (404, "No such contact"),
    "unknown-address": (404, "No such address"),
    "unknown-relation": (404, "No such relation"),
    "unknown-member": (404, "Not in the team"),
    "unknown-merge": (404, "No such merge"),
    "unknown-account": (404, "No such account"),
    "unknown-asset": (404, "No such asset"),
    "unknown-order": (404, "No such order"),
    "unknown-contract": (404, "No such contract"),
    "unknown-entitlement": (404, "No such entitlement"),
    "unknown-lead": (404, "No such lead"),
    "unknown-hours": (404, "No such business hours"),
    "unknown-activity": (404, "No such activity"),
    "unknown-user": (404, "No such user"),
    "unknown-secret": (404, "No such secret"),
    "unknown-webhook": (404, "No such webhook"),
    "unknown-token": (404, "No such API token"),
    "unknown-alert": (404, "No such alert"),
    "unknown-channel": (404, "No such channel"),
    "unknown-organisation": (404, "No such organisation"),
    "unknown-session": (404, "No such chat session"),
    "method-not-allowed": (405, "Method not allowed"),
    # the state it is in
    "conflict": (409, "Not in the state that this needs"),
    "refused": (409, "Refused by the router"),
    "unknown-agent": (409, "Not set up as an agent"),
    "wrong-state": (409, "The work item is in another state"),
    "stale-assignment": (409, "The offer or assignment is no longer in force"),
    "reference-taken": (409, "The reference is taken"),
    "number-taken": (409, "The number is taken"),
    "in-use": (409, "Something refers to it"),
    "no-sales-queue": (409, "No queue takes leads"),
    "queue-full": (409, "The queue is full"),
    "queue-closed": (409, "The queue is closed"),
    "not-a-member": (409, "Not in the queues of this work"),
    "not-qualified": (409, "Not qualified for this work"),
    "too-many-signatures": (409, "Too many different requirements"),
    "no-room": (409, "No room for this work"),
    "open-work": (409, "There is open work"),
    "interaction-closed": (409, "The conversation is over"),
    "macro-not-offered": (409, "The macro is not for this case as it is now"),
    "needs-approval": (409, "Somebody has to approve this"),
    "approval-waiting": (409, "It is asked for already"),
    "approval-not-offered": (409, "The approval is not for the case as it is now"),
    "approval-over": (409, "The approval is over"),
    "delegation-circle": (409, "He has been asked already"),
    "deputy-overlaps": (409, "Somebody stands in for him then"),
    "stale-version": (409, "Somebody changed it meanwhile"),
    "address-taken": (409, "Somebody else has this address"),
    "likely-duplicate": (409, "It is likely there already"),
    "merged": (409, "It was merged into another"),
    "account-circle": (409, "An account cannot lie beneath itself"),
    "still-moving": (409, "An earlier merge still moves rows"),
    "cannot-undo": (409, "The merge cannot be undone any more"),
    "too-many": (409, "There are too many already"),
    "already-decided": (409, "Somebody has decided it"),
    "on-the-telephone": (409, "The customer is on the telephone"),
    "write-mail": (409, "Write a mail"),
    "mail-gone": (409, "The mail is on its way"),
    "doubtful-address": (409, "Mail to an address does not arrive"),
    "no-address": (409, "Nobody to write to"),
    "illegal-status": (409, "The status cannot change so"),
    "case-circle": (409, "A case would be a part of itself"),
    "login-taken": (409, "The login is taken"),
    "last-admin": (409, "The last admin"),
    "idempotency-busy": (409, "The first request with this key is still running"),
    "idempotency-mismatch": (409, "The key was used for another request"),
    "wrong-offset": (409, "The piece does not begin where the file ends"),
    "file-complete": (409, "The file is whole already"),
    "out-of-order": (409, "Out of order"),
    # too much
    "too-fast": (429, "Too many requests"),
    "too-many-sockets": (429, "Too many sockets"),
    # us
    "internal": (500, "Something went wrong here"),
    "unavailable": (503, "A part is away"),
    "timeout": (503, "The request took too long"),
    "draining": (503, "This process is stopping"),
    "store-busy": (503, "The record is busy"),
    "store-unavailable": (503, "The record is away"),
    "store-closed": (503, "The record is closing"),
    "transcript-broken": (503, "The transcript cannot be written"),
    "cursor-moved": (503, "Another process was faster"),
    "board-unavailable": (503, "The board is away"),
    "board-busy": (503, "The board is busy"),
    "board-fault": (503, "The board answered with a fault"),
    "board-rebuilding": (503, "The board is being rebuilt"),
    "storage-away": (503, "Files cannot be kept"),
    "record-behind": (503, "The record is behind the board"),
    "no-board": (503, "The board is being rebuilt"),
    "stale-epoch": (503, "The board was rebuilt"),
    "wrong-layout": (503, "The board is of another version"),
    "failpoint": (503, "A failpoint was armed"),
}
"""Every slug, its HTTP status and its title. ``docs/reference/errors.md`` explains each."""

PARTS = ("store-", "board-")
"""Slugs of parts whose own words may hold addresses and statements: those go to the log only."""

BY_CLASS: tuple[tuple[type[CordboardError], str], ...] = (
    (InvalidInput, "invalid-input"),
    (Unauthenticated, "unauthenticated"),
    (Forbidden, "forbidden"),
    (NotFound, "not-found"),
    (Conflict, "conflict"),
    (TooFast, "too-fast"),
    (Unavailable, "unavailable"),
)
"""Where a slug is not in the table, its class decides the status."""

BY_STATUS: Mapping[int, str] = {
    400: "invalid-input",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    429: "too-fast",
    503: "unavailable",
}


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="The kind of problem.", examples=["urn:cordboard:problem:not-found"])
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong here.")
    slug: str = Field(description="Stable name of the kind, for programs.", examples=["not-found"])
    mend: str | None = Field(default=None, description="How to mend it.")


def status_of(error: CordboardError) -> int:
    """Return the HTTP status of an error: by its slug, else by its class."""
    known = SLUGS.get(error.slug)
    if known is not None:
        return known[0]
    fallback = next((slug for cls, slug in BY_CLASS if isinstance(error, cls)), "internal")
    return SLUGS[fallback][0]


def problem_of(error: CordboardError) -> dict[str, Any]:
    """Return an error as problem details."""
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem("internal", "The engine made a mistake; its log says more.")
    if status > HTTPStatus.INTERNAL_SERVER_ERROR and error.slug.startswith(PARTS):
        return problem(error.slug, "A part of the engine is away; try again in a moment.", status=status)
    extra = {key: value for key, value in error.fields.items() if value not in (None, "")}
    if error.mend:
        extra["mend"] = error.mend
    return problem(error.slug, error.detail, status=status, extra=extra)


def problem(slug: str, detail: str, *, status: int = 0, extra: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Build problem details; ``extra`` members never replace the standard ones."""
    known_status, title = SLUGS.get(slug, (status or 500, slug.replace("-", " ").capitalize()))
    known = {
        "type": f"{TYPE_PREFIX}{slug}",
        "title": title,
        "status": status or known_status,
        "detail": detail,
        "slug": slug,
    }
    return {**(extra or {}), **known}


def answer(body: dict[str, Any]) -> Response:
    """Turn problem details into a response."""
    headers = {"Cache-Control": "no-store"}
    if body["status"] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    retry_ms = body.get("retry_after_ms")
    if isinstance(retry_ms, int):
        headers["Retry-After"] = str(max(1, -(-retry_ms // 1000)))
    elif body["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return JSONResponse(body, status_code=body["status"], media_type=MEDIA_TYPE, headers=headers)


def of_error(error: CordboardError) -> Response:
    """Answer an error that the engine raised on purpose."""
    return answer(problem_of(error))


async def on_error(_: Request, error: Exception) -> Response:
    """Answer a CordboardError."""
    assert isinstance(error, CordboardError)
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request failed", slug=error.slug, detail=error.detail)
    return of_error(error)


async def on_invalid(_: Request, error: Exception) -> Response:
    """Answer a request that does not fit its model, naming each field."""
    assert isinstance(error, RequestValidationError)
    errors = [{"field": _field(one["loc"]), "detail": str(one["msg"])} for one in error.errors()]
    first = errors[0] if errors else {"field": "", "detail": "not valid"}
    detail = f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    return answer(problem("invalid-input", detail, extra={"errors": errors}))


async def on_http(_: Request, error: Exception) -> Response:
    """Answer what the framework refuses: no such route, wrong method, too large."""
    assert isinstance(error, HTTPException)
    slug = BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "invalid-input")
    response = answer(problem(slug, str(error.detail), status=error.status_code))
    response.headers.update(error.headers or {})
    return response


async def on_unexpected(request: Request, error: Exception) -> Response:
    """Answer a mistake of ours without telling more."""
    log.error("request failed unexpectedly", path=request.url.path, exc_info=error)
    return answer(problem("internal", "The engine made a mistake; its log says more."))


def _field(place: tuple[int | str, ...]) -> str:
    return field_of(place[1:] or place)


def field_of(place: tuple[int | str, ...]) -> str:
    """Return the name of a field by its place in a model: "skills.english"."""
    return ".".join(str(part) for part in place)
