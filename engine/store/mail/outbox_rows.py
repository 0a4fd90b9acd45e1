"""A mail of the outbox: the noun and its rows; put in within whatever transaction it is the effect of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, literal_column, select

from engine.errors import InvalidInput, NotFound
from engine.model.mail import Mailbox
from engine.model.mail_record import (
    OutgoingFile,
    OutgoingKind,
    OutgoingMail,
    OutgoingRecipient,
    OutgoingState,
    RecipientState,
)
from engine.store.direct import every, first
from engine.store.mail.tables import outgoing, outgoing_files, outgoing_recipients
from engine.store.rows import AnyRow
from engine.store.upsert import insert, insert_once


@dataclass(frozen=True, kw_only=True, slots=True)
class _Letter:
    """The column ``letter``."""

    sender: Mailbox
    reply_to: str = ""
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    language: str = ""
    automatic: bool = False
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


ONE: Select[Any] = select(outgoing).where(outgoing.c.id == bindparam("mail"), outgoing.c.org_id == bindparam("org"))
ONE_LOCKED = ONE.with_for_update()
_OF_CLIENT: Select[Any] = select(outgoing).where(
    outgoing.c.org_id == bindparam("org"),
    outgoing.c.author_id == bindparam("author"),
    outgoing.c.client_id == bindparam("client"),
    outgoing.c.client_id != literal_column("''"),
)
_RECIPIENTS: Select[Any] = (
    select(outgoing_recipients)
    .where(outgoing_recipients.c.outgoing_id == bindparam("mail"), outgoing_recipients.c.org_id == bindparam("org"))
    .order_by(outgoing_recipients.c.position)
)
_FILES: Select[Any] = (
    select(outgoing_files)
    .where(outgoing_files.c.outgoing_id == bindparam("mail"), outgoing_files.c.org_id == bindparam("org"))
    .order_by(outgoing_files.c.position)
)


def queue_in(conn: Connection, mail: OutgoingMail) -> OutgoingMail:
    """Put a mail into the outbox within the caller's transaction; it is due at its ``not_before_ms``.

    Its recipients are those of To, Cc and Bcc, each once. Idempotent by author and ``client_id``: the mail that was
    there first is returned. Raises InvalidInput for a mail to nobody.
    """
    emails = tuple(dict.fromkeys(one.email.lower() for one in (*mail.to, *mail.cc, *mail.bcc)))
    if not emails:
        raise InvalidInput("A mail goes to somebody.", field="to")
    if not insert_once(conn, outgoing, _row(mail)):
        known = of_client(conn, mail.org_id, mail.author_id, mail.client_id)
        if known is None:
            raise RuntimeError("what was refused as a duplicate is not there")
        return known
    due_ms = mail.not_before_ms
    for position, email in enumerate(emails):
        insert(conn, outgoing_recipients, _recipient_row(mail, position, email, due_ms))
    for position, file in enumerate(mail.files):
        insert(conn, outgoing_files, _file_row(mail, position, file))
    return replace(mail, recipients=tuple(OutgoingRecipient(email=one, next_ms=due_ms) for one in emails))


def of_client(conn: Connection, org_id: str, author_id: str, client_id: str) -> OutgoingMail | None:
    """Return the mail that an author wrote under an id of his own."""
    row = first(conn, _OF_CLIENT, {"org": org_id, "author": author_id, "client": client_id}) if client_id else None
    return None if row is None else mail_of(conn, row)


def require(conn: Connection, org_id: str, mail_id: str, *, lock: bool = False) -> AnyRow:
    """Return the row of a mail; raise NotFound (``unknown-mail``)."""
    row = first(conn, ONE_LOCKED if lock else ONE, {"mail": mail_id, "org": org_id})
    if row is None:
        raise NotFound(f"there is no outgoing mail {mail_id}", slug="unknown-mail")
    return row


def mail_of(conn: Connection, row: AnyRow) -> OutgoingMail:
    """Read a mail with its recipients and files."""
    of = {"mail": row.id, "org": row.org_id}
    return _mail(row, every(conn, _RECIPIENTS, of), every(conn, _FILES, of))


def mails_of(conn: Connection, rows: Sequence[AnyRow]) -> list[OutgoingMail]:
    """Read several mails of whatever organisations, in order."""
    ids = [row.id for row in rows]
    to = _grouped(conn, outgoing_recipients.select().where(outgoing_recipients.c.outgoing_id.in_(ids)))
    files = _grouped(conn, outgoing_files.select().where(outgoing_files.c.outgoing_id.in_(ids)))
    return [_mail(row, to.get(row.id, []), files.get(row.id, [])) for row in rows]


def _grouped(conn: Connection, query: Select[Any]) -> dict[str, list[AnyRow]]:
    found: dict[str, list[AnyRow]] = {}
    for row in conn.execute(query):
        found.setdefault(row.outgoing_id, []).append(row)
    return {mail_id: sorted(rows, key=lambda row: int(row.position)) for mail_id, rows in found.items()}


def _mail(row: AnyRow, recipients: Iterable[AnyRow], files: Iterable[AnyRow]) -> OutgoingMail:
    letter = msgspec.json.decode(row.letter, type=_Letter)
    state = OutgoingState(row.state)
    return OutgoingMail(
        id=row.id,
        org_id=row.org_id,
        channel=row.channel,
        kind=OutgoingKind(row.kind),
        case_id=row.case_id,
        interaction_id=row.interaction_id,
        answers=row.answers,
        author_id=row.author_id,
        client_id=row.client_id,
        message_id=row.message_id,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        sender=letter.sender,
        reply_to=letter.reply_to,
        to=letter.to,
        cc=letter.cc,
        bcc=letter.bcc,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=letter.language,
        automatic=letter.automatic,
        files=tuple(_file(one) for one in files),
        created_ms=row.created_ms,
        not_before_ms=row.not_before_ms,
        state=state,
        recipients=tuple(_recipient(one) for one in recipients),
        entry_seq=row.entry_seq,
        blocked=bool(row.blocked),
        sent_ms=row.settled_ms if state is OutgoingState.SENT else 0,
        fault=row.fault,
    )


def _recipient(row: AnyRow) -> OutgoingRecipient:
    return OutgoingRecipient(
        email=row.email,
        state=RecipientState(row.state),
        code=row.code,
        said=row.said,
        tries=row.tries,
        next_ms=row.next_ms,
    )


def _file(row: AnyRow) -> OutgoingFile:
    return OutgoingFile(
        name=row.name, media_type=row.media_type, size=row.size, sha256=row.sha256, content_id=row.content_id
    )


def _row(mail: OutgoingMail) -> Mapping[str, object]:
    letter = _Letter(
        sender=mail.sender,
        reply_to=mail.reply_to,
        to=mail.to,
        cc=mail.cc,
        bcc=mail.bcc,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        language=mail.language,
        automatic=mail.automatic,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
    )
    return {
        "id": mail.id,
        "org_id": mail.org_id,
        "channel": mail.channel,
        "kind": mail.kind.value,
        "case_id": mail.case_id,
        "interaction_id": mail.interaction_id,
        "answers": mail.answers,
        "author_id": mail.author_id,
        "client_id": mail.client_id,
        "message_id": mail.message_id,
        "letter": msgspec.json.encode(letter).decode(),
        "raw_sha256": "",
        "state": mail.state.value,
        "fault": mail.fault,
        "entry_seq": mail.entry_seq,
        "created_ms": mail.created_ms,
        "not_before_ms": mail.not_before_ms,
        "next_ms": mail.not_before_ms,
        "tries": 0,
        "settled_ms": 0,
        "blocked": 0,
    }


def _recipient_row(mail: OutgoingMail, position: int, email: str, due_ms: int) -> Mapping[str, object]:
    return {
        "outgoing_id": mail.id,
        "position": position,
        "org_id": mail.org_id,
        "email": email,
        "state": RecipientState.WAITING.value,
        "said": "",
        "code": 0,
        "tries": 0,
        "next_ms": due_ms,
        "settled_ms": 0,
    }


def _file_row(mail: OutgoingMail, position: int, file: OutgoingFile) -> Mapping[str, object]:
    return {
        "outgoing_id": mail.id,
        "position": position,
        "org_id": mail.org_id,
        "sha256": file.sha256,
        "name": file.name,
        "media_type": file.media_type,
        "content_id": file.content_id,
        "size": file.size,
    }
