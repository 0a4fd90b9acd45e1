"""What hangs on a case: comments, followers, links, who else has it open."""

from fastapi import Request

from engine.api.access import Agent, Parts
from engine.api.names import Names
from engine.api.operation import Operation
from engine.api.schemas.case_parts import FollowerAnswer, LinkAnswer, Seen, ViewerAnswer, ViewersAnswer
from engine.api.schemas.cases import CaseEventAnswer, NewComment
from engine.api.schemas.model import Page
from engine.api.sight import seen
from engine.cases.presence import EVERY_MS
from engine.clock import rfc3339
from engine.errors import NotFound
from engine.model.case import Comment
from engine.model.case_parts import CaseLink, LinkKind
from engine.model.visibility import Guarded

TAG = "Cases"


async def comment_on_case(case_id: str, body: NewComment, parts: Parts, who: Agent) -> CaseEventAnswer:
    """Comment on a case.

    Internal, unless `public`. The same `client_id` is the same comment.
    """
    comment = Comment(body=body.body, actor_id=who.user_id, client_id=body.client_id, public=body.public)
    event = await parts.service.cases.comment(who.org_id, case_id, comment)
    return CaseEventAnswer.of(event, actor=who.name)


async def list_case_followers(case_id: str, request: Request, parts: Parts, who: Agent) -> Page[FollowerAnswer]:
    """Read who follows a case.

    In the order in which they began to.
    """
    found = await parts.service.case_parts.followers(who.org_id, case_id)
    names = await _names(request).of(who.org_id)
    return Page(
        items=[
            FollowerAnswer(user_id=one.user_id, user_name=names.get(one.user_id, ""), since=rfc3339(one.since_ms))
            for one in found
        ]
    )


async def follow_case(case_id: str, user_id: str, parts: Parts, who: Agent) -> None:
    """Let a user follow a case.

    Idempotent.
    """
    await parts.service.case_parts.follow(who.org_id, case_id, user_id, now_ms=parts.clock.now_ms())


async def unfollow_case(case_id: str, user_id: str, parts: Parts, who: Agent) -> None:
    """Let a user follow a case no more.

    Idempotent.
    """
    await parts.service.case_reader.get(who.org_id, case_id)
    await parts.service.case_parts.unfollow(who.org_id, case_id, user_id)


async def list_case_links(case_id: str, parts: Parts, who: Agent) -> Page[LinkAnswer]:
    """Read what a case is linked to.

    Related cases, assets and orders.
    """
    found = await parts.service.case_parts.links(who.org_id, case_id)
    for kind in LinkKind:
        of_kind = [one for one in found if one.kind is kind]
        told = await seen(parts, who, Guarded(kind.value), of_kind, lambda one: one.target_id)
        found = [one for one in found if one.kind is not kind or one in told]
    return Page(items=[LinkAnswer.of(one) for one in found])


async def link_case(case_id: str, kind: str, target_id: str, parts: Parts, who: Agent) -> None:
    """Link a case to something: `case`, `asset` or `order`.

    Idempotent; a related case is linked in turn.
    """
    await parts.service.case_parts.link(who.org_id, _link(case_id, kind, target_id, parts, who))


async def unlink_case(case_id: str, kind: str, target_id: str, parts: Parts, who: Agent) -> None:
    """Undo a link of a case.

    Idempotent.
    """
    await parts.service.case_parts.unlink(who.org_id, _link(case_id, kind, target_id, parts, who))


def _link(case_id: str, kind: str, target_id: str, parts: Parts, who: Agent) -> CaseLink:
    if kind not in frozenset(LinkKind):
        raise NotFound(f"cases are not linked to a {kind!r}", mend=f"Known: {', '.join(LinkKind)}.")
    now_ms = parts.clock.now_ms()
    return CaseLink(case_id=case_id, kind=LinkKind(kind), target_id=target_id, linked_by=who.user_id, linked_ms=now_ms)


async def view_case(case_id: str, body: Seen, request: Request, parts: Parts, who: Agent) -> ViewersAnswer:
    """Say that you have a case open.

    The answer is who else has. Say it again within `again_ms`; who has not for 25 seconds is gone.
    """
    lines = await parts.service.case_reader.lines(who.org_id, case_id)
    others = await parts.service.presence.seen(who.org_id, case_id, who.user_id, typing=body.typing)
    names = await _names(request).of(who.org_id)
    viewers = [
        ViewerAnswer(user_id=one.user_id, user_name=names.get(one.user_id, ""), typing=one.typing) for one in others
    ]
    return ViewersAnswer(viewers=viewers, lines=lines, again_ms=EVERY_MS)


async def leave_case(case_id: str, parts: Parts, who: Agent) -> None:
    """Say that you have closed a case.

    Idempotent.
    """
    await parts.service.case_reader.get(who.org_id, case_id)
    await parts.service.presence.gone(who.org_id, case_id, who.user_id)


def _names(request: Request) -> Names:
    names: Names = request.app.state.names
    return names


ONE = "/cases/{case_id}"
FOLLOWER = f"{ONE}/followers/{{user_id}}"
LINK = f"{ONE}/links/{{kind}}/{{target_id}}"
LINKED = ("not-found", "unknown-case", "unknown-asset", "unknown-order", "case-circle")
OPERATIONS = (
    Operation(
        method="POST",
        path=f"{ONE}/comments",
        handler=comment_on_case,
        tag=TAG,
        status=201,
        errors=("unknown-case",),
    ),
    Operation(method="GET", path=f"{ONE}/followers", handler=list_case_followers, tag=TAG, errors=("unknown-case",)),
    Operation(
        method="PUT",
        path=FOLLOWER,
        handler=follow_case,
        tag=TAG,
        status=204,
        errors=("unknown-case", "unknown-user", "too-many"),
    ),
    Operation(method="DELETE", path=FOLLOWER, handler=unfollow_case, tag=TAG, status=204, errors=("unknown-case",)),
    Operation(method="GET", path=f"{ONE}/links", handler=list_case_links, tag=TAG, errors=("unknown-case",)),
    Operation(method="PUT", path=LINK, handler=link_case, tag=TAG, status=204, errors=(*LINKED, "too-many")),
    Operation(method="DELETE", path=LINK, handler=unlink_case, tag=TAG, status=204, errors=LINKED),
    Operation(method="PUT", path=f"{ONE}/viewers", handler=view_case, tag=TAG, errors=("unknown-case",)),
    Operation(
        method="DELETE", path=f"{ONE}/viewers", handler=leave_case, tag=TAG, status=204, errors=("unknown-case",)
    ),
)
