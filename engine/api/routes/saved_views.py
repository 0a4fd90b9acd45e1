"""Saved views of lists."""

from fastapi import Request

from engine.api.access import Agent, Parts
from engine.api.names import Names
from engine.api.operation import Operation
from engine.api.pace import Pace
from engine.api.parts import ApiParts
from engine.api.schemas.case_filters import filter_of
from engine.api.schemas.model import Page
from engine.api.schemas.saved_views import (
    NewView,
    ViewAnswer,
    ViewChange,
    ViewCount,
    check_shown,
    checked_filter,
)
from engine.api.sight import sight_of, viewer_of
from engine.cases.listing import missing
from engine.errors import InvalidInput
from engine.model.case_list import CaseOrder
from engine.model.saved_view import SavedView, ViewNoun
from engine.model.user import Principal

TAG = "Views"
MOST_COUNTED = 99
VIEWS_COUNTED = 30


async def list_views(request: Request, parts: Parts, who: Agent, noun: ViewNoun = ViewNoun.CASE) -> Page[ViewAnswer]:
    """List views.

    Those that every organisation has, the caller's own, and those that are shared with him; supervisors also see what
    is shared with a team, those of teams with theirs. `missing` says what a filter names that is there no more.
    """
    found = await parts.service.views.list(who.org_id, noun, viewer_of(parts, who))
    return Page(items=[await _answer(request, parts, who, one) for one in found])


async def create_view(body: NewView, request: Request, parts: Parts, who: Agent) -> ViewAnswer:
    """Keep a view.

    Its filter is said in the words of the list's own query. Whoever opens it sees in it what he may see, and `me` is
    he. One owner keeps at most 200.
    """
    if not who.user_id:
        raise InvalidInput("A view belongs to a user.", mend="Sign in, or use the token of a user.")
    check_shown(body.noun, body.columns, body.order)
    view = SavedView(
        id="",
        org_id=who.org_id,
        noun=body.noun,
        name=body.name,
        owner_id=who.user_id,
        shared=body.shared,
        filter=checked_filter(body.noun, body.filter),
        columns=tuple(body.columns),
        order=body.order,
    )
    return await _answer(request, parts, who, await parts.service.views.create(view))


async def count_views(parts: Parts, who: Agent) -> Page[ViewCount]:
    """Count the cases of views.

    Of the first 30 views of cases that the caller may open, up to 99 each; `more`: there are more, or so many cases had
    to be looked at that the rest was left.
    """
    viewer, sight = viewer_of(parts, who), sight_of(parts, who)
    found = await parts.service.views.list(who.org_id, ViewNoun.CASE, viewer)
    counts = []
    for one in found[:VIEWS_COUNTED]:
        order = CaseOrder(one.order or CaseOrder.NEWEST)
        count = await parts.service.lists.count(
            who.org_id, filter_of(one.filter), viewer, order=order, sight=sight, most=MOST_COUNTED
        )
        counts.append(ViewCount(id=one.id, count=count.count, more=count.more))
    return Page(items=counts)


async def read_view(view_id: str, request: Request, parts: Parts, who: Agent) -> ViewAnswer:
    """Read a view."""
    return await _answer(request, parts, who, await parts.service.views.get(who.org_id, view_id, viewer_of(parts, who)))


async def change_view(view_id: str, body: ViewChange, request: Request, parts: Parts, who: Agent) -> ViewAnswer:
    """Change a view.

    Its owner may, and a supervisor where it is shared; a supervisor of teams only where somebody of his teams shares
    it. `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version` with the
    present `version`.
    """
    viewer = viewer_of(parts, who)
    view = await parts.service.views.get(who.org_id, view_id, viewer)
    changes = body.model_dump(exclude={"version"}, exclude_none=True, mode="json")
    if not changes:
        raise InvalidInput("Nothing to change.")
    check_shown(view.noun, body.columns or (), body.order or "")
    if body.filter is not None:
        changes["filter"] = checked_filter(view.noun, body.filter)
    changed = await parts.service.views.change(who.org_id, view_id, viewer, version=body.version, changes=changes)
    return await _answer(request, parts, who, changed)


async def delete_view(view_id: str, parts: Parts, who: Agent) -> None:
    """Delete a view.

    Its owner may, and a supervisor where it is shared; a supervisor of teams only where somebody of his teams shares
    it.
    """
    await parts.service.views.delete(who.org_id, view_id, viewer_of(parts, who))


async def _answer(request: Request, parts: ApiParts, who: Principal, view: SavedView) -> ViewAnswer:
    names: Names = request.app.state.names
    users = await names.of(who.org_id)
    gone = (
        missing(filter_of(view.filter), parts.organisations.get(who.org_id), users)
        if view.noun is ViewNoun.CASE
        else ()
    )
    return ViewAnswer.of(
        view,
        owner=users.get(view.owner_id, ""),
        may_change=parts.service.views.may_change(view, viewer_of(parts, who)),
        missing=list(gone),
    )


UNKNOWN = ("unknown-view",)
OPERATIONS = (
    Operation(method="GET", path="/views", handler=list_views, tag=TAG),
    Operation(method="POST", path="/views", handler=create_view, tag=TAG, status=201),
    Operation(method="GET", path="/views/counts", handler=count_views, tag=TAG, pace=Pace.VIEW),
    Operation(method="GET", path="/views/{view_id}", handler=read_view, tag=TAG, errors=UNKNOWN),
    Operation(
        method="PATCH",
        path="/views/{view_id}",
        handler=change_view,
        tag=TAG,
        errors=(*UNKNOWN, "read-only", "stale-version"),
    ),
    Operation(
        method="DELETE",
        path="/views/{view_id}",
        handler=delete_view,
        tag=TAG,
        status=204,
        errors=(*UNKNOWN, "read-only"),
    ),
)
