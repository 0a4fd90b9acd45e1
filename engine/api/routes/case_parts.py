"""What hangs on a case: comments."""

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.cases import CaseEventAnswer, NewComment
from engine.model.case import Comment

TAG = "Cases"


async def comment_on_case(case_id: str, body: NewComment, parts: Parts, who: Agent) -> CaseEventAnswer:
    """Comment on a case.

    Internal, unless `public`. The same `client_id` is the same comment.
    """
    comment = Comment(body=body.body, actor_id=who.user_id, client_id=body.client_id, public=body.public)
    event = await parts.service.cases.comment(who.org_id, case_id, comment)
    return CaseEventAnswer.of(event, actor=who.name)


OPERATIONS = (
    Operation(
        method="POST",
        path="/cases/{case_id}/comments",
        handler=comment_on_case,
        tag=TAG,
        status=201,
        errors=("unknown-case",),
    ),
)
"""Operations on what hangs on a case."""
