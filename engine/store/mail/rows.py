"""Received mails as rows, and back."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from engine.model.mail import MailNature, ThreadClue
from engine.model.mail_record import Envelope, Mail, MailFile, MailState, MailSummary, ReceivedMail, Source
from engine.store.json_text import dump, load_names
from engine.store.rows import AnyRow


def row_of_received(mail: ReceivedMail) -> dict[str, object]:
    """Write a mail that nobody has read yet as a row."""
    envelope = mail.envelope
    return {
        "id": mail.id,
        "org_id": envelope.org_id,
        "channel": envelope.channel,
        "fingerprint": mail.fingerprint,
        "raw_sha256": mail.sha256,
        "source": envelope.source.value,
        "mailbox": envelope.mailbox,
        "envelope_from": envelope.sender,
        "envelope_to": dump(envelope.recipients),
        "peer": envelope.peer,
        "state": mail.state.value,
        "reason": "",
        "nature": "",
        "message_id": "",
        "sender": "",
        "subject": "",
        "summary": "",
        "clue": "",
        "case_id": "",
        "interaction_id": "",
        "contact_id": "",
        "item_id": "",
        "decided_by": "",
        "size": mail.size,
        "received_ms": mail.received_ms,
        "tries": mail.tries,
        "next_ms": 0,
        "confidence": 0,
        "entry_seq": 0,
        "filed_ms": 0,
        "decided_ms": 0,
    }


def received_of(row: AnyRow) -> ReceivedMail:
    """Read what is known of a mail before it is read."""
    return ReceivedMail(
        id=row.id,
        envelope=Envelope(
            org_id=row.org_id,
            channel=row.channel,
            source=Source(row.source),
            mailbox=row.mailbox,
            sender=row.envelope_from,
            recipients=load_names(row.envelope_to),
            peer=row.peer,
        ),
        fingerprint=row.fingerprint,
        sha256=row.raw_sha256,
        size=row.size,
        received_ms=row.received_ms,
        state=MailState(row.state),
        tries=row.tries,
    )


def mail_of(row: AnyRow, *, short: bool = False) -> Mail:
    """Read a mail with what became of it; ``short``: of its text only what was written now."""
    return Mail(
        received=received_of(row),
        summary=summary_of(row.summary, short=short),
        nature=MailNature(row.nature) if row.nature else None,
        reason=row.reason,
        clue=ThreadClue(row.clue).value if row.clue else "",
        confidence=row.confidence,
        case_id=row.case_id,
        interaction_id=row.interaction_id,
        contact_id=row.contact_id,
        item_id=row.item_id,
        entry_seq=row.entry_seq,
        decided_by=row.decided_by,
        filed_ms=row.filed_ms,
    )


def summary_of(text: str, *, short: bool = False) -> MailSummary | None:
    """Read what a mail said; None for one that nobody has read."""
    if not text:
        return None
    summary = msgspec.json.decode(text, type=MailSummary)
    return replace(summary, body=replace(summary.body, quoted="", forwarded=None)) if short else summary


def text_of_summary(summary: MailSummary) -> str:
    """Write what a mail said."""
    return msgspec.json.encode(summary).decode()


def file_of(row: AnyRow) -> MailFile:
    """Read a file of a mail."""
    return MailFile(
        mail_id=row.mail_id,
        position=row.position,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        content_id=row.content_id,
        attachment_id=row.attachment_id,
        inline=bool(row.inline),
    )
