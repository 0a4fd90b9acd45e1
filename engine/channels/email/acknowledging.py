"""What a machine answers at once to a mail that opened a case. Pure.

Whether it may be answered at all is for ``robots.unanswerable`` to say, whether it is answered now for the record,
which counts by sender: at most once in a while. Sent with the null sender and ``Auto-Submitted`` (RFC 3834), so that
no machine answers it; to who wrote, never to a Reply-To, by which anybody could have it sent to others (section 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.channels.email.compose import answer_references, message_id
from engine.channels.email.drafting import Fill, Marks, one_line, sender_of, subject_of
from engine.model.case import Case
from engine.model.mail import ParsedMail
from engine.model.mail_channel import Email
from engine.model.mail_record import OutgoingKind, OutgoingMail
from engine.model.organisation import nearest_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledged:
    """The mail that is answered, with what is known of it."""

    channel: str
    channel_name: str
    email: Email
    mail_id: str
    mail: ParsedMail
    language: str = ""
    contact_name: str = ""
    at_ms: int = 0
    fill: Fill


def pace_key(email: str) -> str:
    """Return what counts as one sender: ``zoe+a@`` and ``zoe+b@`` are the same person's, in most places."""
    local, _, domain = email.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def acknowledgement(
    of: Acknowledged, case: Case, *, interaction_id: str, token: str, new_id: str
) -> OutgoingMail | None:
    """Return the answer to a mail that opened ``case``; None where the channel has none, or nobody can be answered.

    ``token`` is the case's, ``new_id`` what the answer is called.
    """
    told, to = of.email.acknowledgement, of.mail.sender
    if told is None or to is None or "@" not in to.email:
        return None
    sender = sender_of(of.email, channel_name=of.channel_name, queue=case.queue)
    marks = Marks.of(of.email, token)
    values = {
        "case.number": str(case.number),
        "case.subject": case.subject,
        "case.topic": case.topic,
        "case.queue": case.queue,
        "case.id": case.id,
        "contact.name": of.contact_name,
    }
    text = of.fill(nearest_text(told.text, of.email.acknowledgements, of.language), values)
    in_reply_to, references = answer_references(of.mail)
    own = one_line(of.fill(told.subject, values))
    return OutgoingMail(
        id=new_id,
        org_id=case.org_id,
        channel=of.channel,
        kind=OutgoingKind.ACKNOWLEDGEMENT,
        case_id=case.id,
        interaction_id=interaction_id,
        answers=of.mail_id,
        client_id=f"ack:{of.mail_id}",
        message_id=message_id(token, new_id, sender.email.rpartition("@")[2]),
        in_reply_to=in_reply_to,
        references=references,
        sender=sender,
        reply_to=marks.reply_to(sender),
        to=(to,),
        subject=own or subject_of(OutgoingKind.REPLY, of.mail.subject, case),
        text=marks.signed(text),
        language=of.language,
        automatic=True,
        created_ms=of.at_ms,
        not_before_ms=of.at_ms,
    )
