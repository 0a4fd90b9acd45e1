"""Nobody reaches what he may not see: every record that a request names is looked at before the route is entered.

By the names of parameters, so that a route added later is guarded without a word of its own. Lists are not guarded
here: their queries are handed the caller's sight (``sight.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from starlette.requests import Request

from engine.errors import Forbidden, InvalidInput, NotFound
from engine.model.organisation import Role
from engine.model.user import Principal
from engine.model.visibility import Guarded, Right, Sight

GUARDED: Mapping[str, Guarded] = {f"{one.value}_id": one for one in Guarded}
"""Parameters and fields by which requests name what is guarded."""

ALIKE = frozenset({"parent_id", "lost_id"})
"""Fields that name another one of what the path is about."""
OF_PATH: Mapping[str, Guarded] = {
    "/cases": Guarded.CASE,
    "/contacts": Guarded.CONTACT,
    "/accounts": Guarded.ACCOUNT,
}

CREATES: tuple[str, ...] = ("/cases", "/relations", "/attachments")
"""Beneath these a reference to what is not there is 404; elsewhere the body is wrong: 400."""

SHOWING: tuple[str, ...] = ("/quick-texts",)
"""Readings that show what their query names; the others only narrow by it."""

READING = frozenset({"GET", "HEAD"})
HOLDING = Guarded.ITEM
"""Who may act on work is for whoever holds it; see ``not-yours``."""
BRINGING_BACK = "/resume"
"""Parked work is held by nobody: whoever may write it brings it back."""
WRITING = frozenset({"POST", "PUT", "PATCH"})
LINKED = frozenset({"case", "asset", "order"})
MOST = 100
"""References of one field that are looked at; no route takes more."""

Reference = tuple[str, Guarded, str]


class Sights(Protocol):
    """Tell what somebody may do."""

    async def right(self, org_id: str, sight: Sight, what: Guarded, of_id: str) -> Right | None:
        """Return what somebody may do with one thing; None: it is not there for him."""
        ...

    async def among(self, org_id: str, sight: Sight, what: Guarded, ids: Iterable[str]) -> frozenset[str]:
        """Return which of these somebody sees."""
        ...


async def guard(request: Request, sights: Sights, who: Principal, sight: Sight) -> None:
    """Raise NotFound for what the caller does not see, Forbidden (``read-only``) for what he may only read."""
    org_id = who.org_id
    reading, path = request.method in READING, _path(request)
    for name, wanted in request.path_params.items():
        what = GUARDED.get(name)
        if what is None or (what is HOLDING and not reading and not _by_sight(path, who)):
            continue
        right = await sights.right(org_id, sight, what, wanted)
        if right is None:
            raise unknown(what, wanted)
        if right is Right.READ and not reading and not _looks(path):
            raise _read_only(what)
    for name, what, wanted in await _references(request):
        right = await sights.right(org_id, sight, what, wanted)
        if right is None:
            raise _wrong(path, name, what, wanted)
        if right is Right.READ and _writes_to(path, name):
            raise _read_only(what)


def _by_sight(path: str, who: Principal) -> bool:
    """Say whether acting on work is for whoever sees it, rather than for whoever holds it."""
    return path.endswith(BRINGING_BACK) or who.at_least(Role.SUPERVISOR)


def _read_only(what: Guarded) -> Forbidden:
    return Forbidden(f"You may read this {what.value}, not change it.", slug="read-only")


def unknown(what: Guarded, wanted: str) -> NotFound:
    """Build the error of what is not there, as the record does."""
    word = "work item" if what is Guarded.ITEM else what.value
    return NotFound(f"there is no {word} {wanted}", slug=f"unknown-{what.value}")


def _looks(path: str) -> bool:
    """Say whether the request only tells who is looking."""
    return path.endswith("/viewers")


def _writes_to(path: str, name: str) -> bool:
    """Say whether what this field names is changed, too, not only referred to."""
    return path == "/attachments" or name == "lost_id" or path.startswith("/mails/")


def _wrong(path: str, name: str, what: Guarded, wanted: str) -> NotFound | InvalidInput:
    if path.startswith((*CREATES, *SHOWING)):
        return unknown(what, wanted)
    return InvalidInput(f"What {name} names is not there.", slug=f"unknown-{what.value}", field=name)


async def _references(request: Request) -> list[Reference]:
    """Return what a writing request refers to beside its path: name of the field, what it is, its id."""
    path, query = _path(request), dict(request.query_params)
    if request.method not in WRITING:
        return list(_named(path, query)) if path in SHOWING else []
    named = list(_named(path, query))
    kind, target = request.path_params.get("kind"), request.path_params.get("target_id")
    if kind in LINKED and target:
        named.append(("target_id", Guarded(kind), target))
    if getattr(request.scope.get("route"), "body_field", None) is None:
        return named  # what there is of a body is a file
    try:
        body: Any = await request.json()
    except ValueError:
        return named  # the route says what is wrong with it
    return [*named, *_named(path, body)] if isinstance(body, dict) else named


def _named(path: str, values: Mapping[str, Any]) -> Iterator[Reference]:
    for name, value in values.items():
        what = GUARDED.get(name.removesuffix("s"))
        if name in ALIKE:
            what = next((one for start, one in OF_PATH.items() if path.startswith(start)), None)
        if what is not None:
            many = value[:MOST] if isinstance(value, list) else [value]
            yield from ((name, what, one) for one in many if one and isinstance(one, str))


def _path(request: Request) -> str:
    return request.url.path.removeprefix("/api/v1")
