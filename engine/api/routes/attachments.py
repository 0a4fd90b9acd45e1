"""Files of cases: streamed in and out."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request
from starlette.responses import StreamingResponse

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.case_parts import AttachmentAnswer
from engine.api.schemas.model import Page
from engine.cases.attachments import NewAttachment

TAG = "Cases"


async def attach_file(
    request: Request,
    parts: Parts,
    who: Agent,
    case_id: Annotated[str, Query(max_length=40)],
    name: Annotated[str, Query(max_length=1_000, description="The file's name.")],
    *,
    public: Annotated[bool, Query(description="For the customer's eyes too.")] = False,
) -> AttachmentAnswer:
    """Add a file to a case.

    The body is the file as it is, 25 MiB at most; `Content-Type` says what it is. The same content under the same
    name is there once, so that an upload may be repeated.
    """
    new = NewAttachment(
        org_id=who.org_id,
        case_id=case_id,
        name=name,
        media_type=request.headers.get("content-type", ""),
        public=public,
        actor_id=who.user_id,
    )
    return AttachmentAnswer.of(await parts.service.attachments.add(new, request.stream()))


async def list_attachments(case_id: str, parts: Parts, who: Agent) -> Page[AttachmentAnswer]:
    """Read which files a case has.

    Oldest first.
    """
    return Page(items=[AttachmentAnswer.of(one) for one in await parts.service.attachments.list(who.org_id, case_id)])


async def read_attachment(attachment_id: str, parts: Parts, who: Agent) -> StreamingResponse:
    """Read a file.

    Always to be saved, never shown in the page. Of other media types than images, PDF and plain text only the bytes are
    told.
    """
    attachment, content = await parts.service.attachments.open(who.org_id, attachment_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}",
        "Content-Length": str(attachment.size),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "ETag": f'"{attachment.sha256}"',
    }
    return StreamingResponse(content, media_type=attachment.media_type, headers=headers)


async def remove_attachment(attachment_id: str, parts: Parts, who: Agent) -> None:
    """Take a file off its case."""
    await parts.service.attachments.remove(who.org_id, attachment_id, actor_id=who.user_id)


OPERATIONS = (
    Operation(
        method="POST",
        path="/attachments",
        handler=attach_file,
        tag=TAG,
        status=201,
        errors=("unknown-case", "too-many"),
        secret=True,  # an idempotency key would hold the whole file in memory; a repeat is known by its content
    ),
    Operation(
        method="GET",
        path="/cases/{case_id}/attachments",
        handler=list_attachments,
        tag=TAG,
        errors=("unknown-case",),
    ),
    Operation(
        method="GET",
        path="/attachments/{attachment_id}",
        handler=read_attachment,
        tag=TAG,
        errors=("unknown-attachment",),
        secret=True,  # as above
    ),
    Operation(
        method="DELETE",
        path="/attachments/{attachment_id}",
        handler=remove_attachment,
        tag=TAG,
        status=204,
        errors=("unknown-attachment",),
    ),
)
