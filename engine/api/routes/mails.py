"""Mails that were received: read them, their HTML in a frame that can do nothing, their files and their source."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query
from starlette.responses import HTMLResponse, StreamingResponse

from engine.api.access import Agent, Parts, SeeingAll
from engine.api.guard import unknown
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.users import write_audit
from engine.api.schemas.mails import MailAnswer, MailDecision, MailLine
from engine.api.schemas.model import Page
from engine.cases.attachments import checked_type
from engine.channels.email.shown import OpenFile
from engine.model.mail_record import Mail, MailState
from engine.model.organisation import Role
from engine.model.user import Principal
from engine.model.visibility import Guarded

TAG = "E-mail"
Limit = Annotated[int, Query(ge=1, le=200)]


async def list_mails(
    parts: Parts,
    who: SeeingAll,
    *,
    state: Annotated[MailState | None, Query(description="Only those that stand so.")] = None,
    channel: Annotated[str, Query(max_length=40, description="Only of this channel.")] = "",
    before: Annotated[str, Query(max_length=40, description="Only those behind this one.")] = "",
    limit: Limit = 50,
) -> Page[MailLine]:
    """Read which mails were received.

    Newest first. `held` are those about which somebody has to decide whether they may join the case that they name,
    `quarantined` those that could not be read; `reason` says why. None of them goes away by itself.
    """
    mails = parts.service.mails
    found = await mails.list(who.org_id, state=state, channel=channel, before=before, limit=limit)
    return Page(items=[MailLine.of(one) for one in found])


async def list_case_mails(case_id: str, parts: Parts, who: Agent, *, limit: Limit = 50) -> Page[MailLine]:
    """Read which mails of a case were received.

    Newest first, those that are held for the case among them.
    """
    case = await parts.service.case_reader.get(who.org_id, case_id)
    found = await parts.service.mails.of_case(who.org_id, case.id, limit=limit)
    return Page(items=[MailLine.of(one) for one in found])


async def read_mail(mail_id: str, parts: Parts, who: Agent) -> MailAnswer:
    """Read a mail.

    `new` is what was written now, apart from what it quotes and from its signature. For who sees its case; mails of no
    case are for supervisors.
    """
    return MailAnswer.of(await _mail(parts, who, mail_id))


async def read_mail_html(
    mail_id: str,
    parts: Parts,
    who: Agent,
    *,
    images: Annotated[bool, Query(description="Let the browser fetch pictures from where the mail says.")] = False,
) -> HTMLResponse:
    """Read a mail's HTML, made safe, as a page to be shown in a sandboxed frame.

    Scripts, forms and styles that reach out are taken out, and the policy sent with it forbids them all the same. Its
    own pictures are within it. Pictures elsewhere would tell the sender that and where his mail is read: the header
    `Remote-Images` says how many were left out; with `images`, those with an `https:` address are shown.
    """
    shown = await parts.service.mails.html(await _mail(parts, who, mail_id), images=images)
    headers = {
        "Content-Security-Policy": shown.policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Remote-Images": str(shown.remote),
    }
    return HTMLResponse(shown.page, headers=headers)


async def read_mail_source(mail_id: str, parts: Parts, who: Agent) -> StreamingResponse:
    """Read a mail as it came, byte for byte.

    To be saved. Sources are kept for a time only (`keep_source` of the channel).
    """
    return _saved(await parts.service.mails.source(await _mail(parts, who, mail_id)), "message/rfc822")


async def read_mail_file(
    mail_id: str, number: Annotated[int, Path(ge=1, le=100_000)], parts: Parts, who: Agent
) -> StreamingResponse:
    """Read a file of a mail.

    Always to be saved, never shown as a page. Of other media types than images, PDF and plain text only the bytes are
    told.
    """
    file = await parts.service.mails.file(await _mail(parts, who, mail_id), number)
    return _saved(file, checked_type(file.media_type))


async def decide_mail(mail_id: str, body: MailDecision, parts: Parts, who: Agent) -> MailAnswer:
    """Decide about a mail that is held or could not be read.

    `join`: it belongs to the case that it names, or to `case_id`; `own_case`: it opens one, with its source as a file
    where nobody could read it; `discard`: it is noted and nothing else; `retry`: it is read again. Once; the same
    decision again changes nothing.
    """
    await _mail(parts, who, mail_id)
    held = parts.service.held_mails
    decided = await held.decide(who.org_id, mail_id, body.decision, actor_id=who.user_id, case_id=body.case_id)
    await write_audit(
        parts, who, "mail.decided", mail_id, {"decision": body.decision.value, "case_id": decided.case_id}
    )
    return MailAnswer.of(decided)


async def _mail(parts: ApiParts, who: Principal, mail_id: str) -> Mail:
    """Return a mail; one of no case is there for supervisors only. Who may see the case was asked by the guard."""
    mail = await parts.service.mails.get(who.org_id, mail_id)
    if not mail.case_id and not who.at_least(Role.SUPERVISOR):
        raise unknown(Guarded.MAIL, mail_id)
    return mail


def _saved(file: OpenFile, media_type: str) -> StreamingResponse:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(file.size),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "ETag": f'"{file.sha256}"',
    }
    return StreamingResponse(file.chunks, media_type=media_type, headers=headers)


MISSING = ("unknown-mail", "unknown-attachment")
OPERATIONS = (
    Operation(method="GET", path="/mails", handler=list_mails, tag=TAG),
    Operation(method="GET", path="/cases/{case_id}/mails", handler=list_case_mails, tag=TAG, errors=("unknown-case",)),
    Operation(method="GET", path="/mails/{mail_id}", handler=read_mail, tag=TAG, errors=("unknown-mail",)),
    Operation(
        method="POST",
        path="/mails/{mail_id}/decision",
        handler=decide_mail,
        tag=TAG,
        errors=("unknown-mail", "unknown-case", "already-decided", "unknown-channel"),
    ),
    Operation(
        method="GET",
        path="/mails/{mail_id}/html",
        handler=read_mail_html,
        tag=TAG,
        errors=MISSING,
        secret=True,  # a page, not an answer that is kept for a repeat; so are the files below
    ),
    Operation(
        method="GET", path="/mails/{mail_id}/source", handler=read_mail_source, tag=TAG, errors=MISSING, secret=True
    ),
    Operation(
        method="GET",
        path="/mails/{mail_id}/files/{number}",
        handler=read_mail_file,
        tag=TAG,
        errors=MISSING,
        secret=True,
    ),
)
