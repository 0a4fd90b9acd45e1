"""Activities: tasks and events, and what is due."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from fastapi import Query, Request

from engine.api.access import Agent, Parts
from engine.api.names import Names
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.schemas.activities import ActivityAnswer, ActivityChange, NewActivity, values_of
from engine.api.schemas.model import Page
from engine.api.sight import seen, sight_of
from engine.errors import Forbidden, InvalidInput
from engine.model.activity import Activity
from engine.model.organisation import Role
from engine.model.user import Principal
from engine.model.visibility import Guarded

TAG = "Activities"
FOREVER_MS = 1 << 62
WRONG = ("unknown-case", "unknown-contact", "unknown-account", "unknown-user")


class Span(StrEnum):
    """Which open activities of somebody are asked for."""

    OVERDUE = "overdue"
    DUE = "due"  # everything with a due time, overdue first
    SOMEDAY = "someday"  # without one


async def list_activities(
    request: Request,
    parts: Parts,
    who: Agent,
    *,
    case_id: Annotated[str, Query(max_length=40)] = "",
    contact_id: Annotated[str, Query(max_length=40)] = "",
    account_id: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[ActivityAnswer]:
    """Read the activities of a case, a contact or an account.

    Newest first, whatever their status; `before_id` is the last id of the page before.
    """
    wanted = {"case_id": case_id, "contact_id": contact_id, "account_id": account_id}
    if not any(wanted.values()):
        raise InvalidInput("Say of which case, contact or account.", mend="Or read your own at /agenda.")
    found = await parts.service.activities.record.list(
        who.org_id, wanted=wanted, limit=limit, before_id=before_id, sight=sight_of(parts, who)
    )
    return await _page(request, parts, who, found)


async def read_agenda(
    request: Request,
    parts: Parts,
    who: Agent,
    *,
    span: Span = Span.DUE,
    owner: Annotated[str, Query(max_length=40, description="A user id, `me`, or `all` for supervisors.")] = "me",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after_due_ms: Annotated[int, Query(ge=0)] = 0,
    after_id: Annotated[str, Query(max_length=40)] = "",
) -> Page[ActivityAnswer]:
    """Read what somebody means to do.

    What is due, soonest first, so that what is overdue leads; `after_due_ms` and `after_id` are those of the last entry
    of the page before.
    """
    owner_id = who.user_id if owner == "me" else "" if owner == "all" else owner
    if owner_id != who.user_id and not who.at_least(Role.SUPERVISOR):
        raise Forbidden("Other people's activities are for supervisors.")
    record = parts.service.activities.record
    if span is Span.SOMEDAY:
        someday = await record.someday(who.org_id, owner_id=owner_id, limit=limit)
        return await _page(request, parts, who, await seen(parts, who, Guarded.ACTIVITY, someday))
    before_ms = parts.clock.now_ms() if span is Span.OVERDUE else FOREVER_MS
    found = await record.agenda(
        who.org_id, owner_id=owner_id, due_before_ms=before_ms, limit=limit, after=(after_due_ms, after_id)
    )
    return await _page(request, parts, who, await seen(parts, who, Guarded.ACTIVITY, found))


async def read_activity(activity_id: str, request: Request, parts: Parts, who: Agent) -> ActivityAnswer:
    """Read an activity."""
    return await _answer(request, parts, await parts.service.activities.record.get(who.org_id, activity_id))


async def add_activity(body: NewActivity, request: Request, parts: Parts, who: Agent) -> ActivityAnswer:
    """Add a task or an event.

    A task has a due time or none, an event a start and an end. With `remind_at` its owner gets an alert then.
    """
    stage = parts.service.activities
    values = {"owner_id": who.user_id, **{name: value for name, value in values_of(body).items() if value != ""}}
    now_ms = stage.now_ms()
    activity = Activity(
        id=stage.new_id(),
        org_id=who.org_id,
        created_by=who.user_id,
        created_ms=now_ms,
        updated_ms=now_ms,
        **{"kind": body.kind, **values},  # type: ignore[arg-type]  # the border's model has checked them
    )
    return await _answer(request, parts, await stage.add(activity))


async def change_activity(
    activity_id: str, body: ActivityChange, request: Request, parts: Parts, who: Agent
) -> ActivityAnswer:
    """Change an activity.

    `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version`.
    """
    changes = values_of(body)
    if not changes:
        raise InvalidInput("Nothing to change.")
    changed = await parts.service.activities.change(who.org_id, activity_id, version=body.version, changes=changes)
    return await _answer(request, parts, changed)


async def delete_activity(activity_id: str, parts: Parts, who: Agent) -> None:
    """Delete an activity.

    Whoever added it or owns it may, and supervisors.
    """
    one = await parts.service.activities.record.get(who.org_id, activity_id)
    owns = bool(one.owner_id) and one.owner_id == who.user_id  # a token without a user owns nothing
    if not owns and one.created_by != who.user_id and not who.at_least(Role.SUPERVISOR):
        raise Forbidden("It is somebody else's.", mend="Cancel it instead.")
    await parts.service.activities.record.delete(who.org_id, activity_id)


async def _answer(request: Request, parts: ApiParts, one: Activity) -> ActivityAnswer:
    names = await _names(request).of(one.org_id)
    return ActivityAnswer.of(one, owner=names.get(one.owner_id, ""), now_ms=parts.clock.now_ms())


async def _page(request: Request, parts: ApiParts, who: Principal, found: Sequence[Activity]) -> Page[ActivityAnswer]:
    names = await _names(request).of(who.org_id)
    now_ms = parts.clock.now_ms()
    return Page(items=[ActivityAnswer.of(one, owner=names.get(one.owner_id, ""), now_ms=now_ms) for one in found])


def _names(request: Request) -> Names:
    names: Names = request.app.state.names
    return names


OPERATIONS = (
    Operation(method="GET", path="/activities", handler=list_activities, tag=TAG),
    Operation(method="GET", path="/agenda", handler=read_agenda, tag=TAG),
    Operation(method="POST", path="/activities", handler=add_activity, tag=TAG, status=201, errors=WRONG),
    Operation(
        method="GET",
        path="/activities/{activity_id}",
        handler=read_activity,
        tag=TAG,
        errors=("unknown-activity",),
    ),
    Operation(
        method="PATCH",
        path="/activities/{activity_id}",
        handler=change_activity,
        tag=TAG,
        errors=("unknown-activity", "stale-version", "illegal-status", *WRONG),
    ),
    Operation(
        method="DELETE",
        path="/activities/{activity_id}",
        handler=delete_activity,
        tag=TAG,
        status=204,
        errors=("unknown-activity",),
    ),
)
