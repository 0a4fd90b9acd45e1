"""Mail that agents write: drafts, sending, how far it is, taking it back."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.model import Page
from engine.api.schemas.outgoing_mail import MailDraftAnswer, NewMail, OutgoingMailAnswer
from engine.model.mail_draft import MailDraft, Wanted
from engine.model.mail_record import OutgoingKind

TAG = "E-mail"


async def draft_mail(
    case_id: str,
    parts: Parts,
    who: Agent,
    *,
    kind: Annotated[
        OutgoingKind | None, Query(description="Left out: a reply where there is something to answer.")
    ] = None,
    answers: Annotated[str, Query(max_length=40, description="Received mail; left out: the newest of a person.")] = "",
    everybody: Annotated[bool, Query(description="Reply to all.")] = False,
    channel: Annotated[str, Query(max_length=40)] = "",
    language: Annotated[str, Query(max_length=35, description="Goes before the customer's.")] = "",
) -> MailDraftAnswer:
    """Prepare a mail of a case.

    As it would go out, but for the words of its author: recipients, sender, subject, signature with what is known put
    in, quotation. Nothing is kept. `doubtful` are recipients whose mail comes back.
    """
    wanted = Wanted(kind=kind, answers=answers, everybody=everybody, channel=channel, language=language)
    return MailDraftAnswer.of(await parts.service.writing.prepare(who, case_id, wanted))


async def send_mail(case_id: str, body: NewMail, parts: Parts, who: Agent) -> OutgoingMailAnswer:
    """Send a mail of a case.

    What is left out is as the draft says. It goes into the outbox and the transcript in one step; the same `client_id`
    is the same mail. Until `not_before` it can be taken back; `send_at` puts that off. To change it is to take it back
    and to send it anew.
    """
    written = await parts.service.writing.write(who, case_id, _draft(body))
    return OutgoingMailAnswer.of(written.mail)


async def list_outgoing_mail(case_id: str, parts: Parts, who: Agent) -> Page[OutgoingMailAnswer]:
    """Read which mails of a case were sent, and how far they are.

    Newest first, at most 200, automatic ones among them.
    """
    found = await parts.service.writing.of_case(who.org_id, case_id)
    return Page(items=[OutgoingMailAnswer.of(one) for one in reversed(found)])


async def read_outgoing_mail(case_id: str, outgoing_id: str, parts: Parts, who: Agent) -> OutgoingMailAnswer:
    """Read a mail that was sent, and how far it is."""
    return OutgoingMailAnswer.of(await parts.service.writing.get(who.org_id, case_id, outgoing_id))


async def cancel_mail(case_id: str, outgoing_id: str, parts: Parts, who: Agent) -> OutgoingMailAnswer:
    """Take a mail back.

    Until `not_before`, and later as long as nobody has it, such as while it waits for a relay that is away. Idempotent.
    """
    return OutgoingMailAnswer.of(await parts.service.writing.cancel(who.org_id, case_id, outgoing_id))


async def send_mail_now(case_id: str, outgoing_id: str, parts: Parts, who: Agent) -> OutgoingMailAnswer:
    """Try a mail at once.

    One that waits for its time or for another try; one that failed, once more for those who have not got it.
    """
    return OutgoingMailAnswer.of(await parts.service.writing.send_now(who.org_id, case_id, outgoing_id))


def _draft(body: NewMail) -> MailDraft:
    wanted = Wanted(
        kind=body.kind,
        answers=body.answers,
        everybody=body.everybody,
        channel=body.channel,
        language=body.language,
    )
    return MailDraft(
        client_id=body.client_id,
        wanted=wanted,
        body=body.body,
        to=None if body.to is None else tuple(one.mailbox() for one in body.to),
        cc=None if body.cc is None else tuple(one.mailbox() for one in body.cc),
        bcc=tuple(one.mailbox() for one in body.bcc),
        subject=body.subject,
        signature=body.signature,
        quotation=body.quotation,
        attachment_ids=tuple(body.attachment_ids),
        send_ms=int(body.send_at.timestamp() * 1000) if body.send_at else 0,
        anyhow=body.anyhow,
    )


MAIL = "/cases/{case_id}/mail"
ONE = f"{MAIL}/{{outgoing_id}}"
UNKNOWN = ("unknown-case", "unknown-mail")
OPERATIONS = (
    Operation(
        method="GET",
        path=f"{MAIL}/draft",
        handler=draft_mail,
        tag=TAG,
        errors=(*UNKNOWN, "no-address", "not-your-channel"),
    ),
    Operation(
        method="POST",
        path=MAIL,
        handler=send_mail,
        tag=TAG,
        status=201,
        errors=(
            *UNKNOWN,
            "unknown-attachment",
            "no-address",
            "not-your-channel",
            "doubtful-address",
            "too-large",
            "too-fast",
        ),
    ),
    Operation(method="GET", path=MAIL, handler=list_outgoing_mail, tag=TAG, errors=("unknown-case",)),
    Operation(method="GET", path=ONE, handler=read_outgoing_mail, tag=TAG, errors=UNKNOWN),
    Operation(method="POST", path=f"{ONE}/cancel", handler=cancel_mail, tag=TAG, errors=(*UNKNOWN, "mail-gone")),
    Operation(method="POST", path=f"{ONE}/send", handler=send_mail_now, tag=TAG, errors=(*UNKNOWN, "mail-gone")),
)
