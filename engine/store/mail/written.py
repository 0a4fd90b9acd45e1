"""A mail that somebody writes: outbox, transcript and word for the case's clerk in one transaction.

The line goes into the conversation that is named, else into the case's open one of this channel, else into its newest
e-mail conversation, open or not. A case that has none gets one that is over as it begins: it holds what was written,
and what is answered to it opens a conversation of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import NotFound
from engine.ids import NewId
from engine.model.conversation import Author, Draft, EntryKind, InteractionState
from engine.model.mail_channel import MAIL_KIND
from engine.model.mail_record import OutgoingMail
from engine.model.mail_sending import WrittenMail
from engine.store.appends import append
from engine.store.cases.merged_reading import lock_present
from engine.store.conversations import lock
from engine.store.direct import first
from engine.store.mail.outbox_rows import of_client, queue_in
from engine.store.rows import AnyRow
from engine.store.tables import interactions
from engine.store.upsert import insert

LONGEST_BODY = 100_000

_OF_CASE: Select[Any] = (
    select(interactions.c.id)
    .where(
        interactions.c.org_id == bindparam("org"),
        interactions.c.case_id == bindparam("case"),
        interactions.c.kind == bindparam("of_kind"),
        interactions.c.channel == bindparam("on"),
    )
    .order_by(interactions.c.state.desc(), interactions.c.id.desc())  # "open" before "closed"
    .limit(1)
)
_NAMED: Select[Any] = select(interactions.c.id).where(
    interactions.c.id == bindparam("named"),
    interactions.c.org_id == bindparam("org"),
    interactions.c.case_id == bindparam("case"),
)


def write_in(
    conn: Connection, mail: OutgoingMail, said: str, *, author_name: str, new_id: NewId, now_ms: int
) -> WrittenMail:
    """Put a mail into the outbox and ``said``, what its author wrote of it, into the transcript.

    Idempotent by author and ``client_id``. Raises NotFound for a case or a conversation that is not there.
    """
    known = of_client(conn, mail.org_id, mail.author_id, mail.client_id)
    if known is not None:
        return WrittenMail(mail=known, repeated=True)
    if mail.interaction_id:  # before its case, as everybody does
        lock(conn, mail.org_id, mail.interaction_id)
    case = lock_present(conn, mail.org_id, mail.case_id)
    if case is None:
        raise NotFound(f"there is no case {mail.case_id}", slug="unknown-case")
    known = of_client(conn, mail.org_id, mail.author_id, mail.client_id)  # the same request may have been first
    if known is not None:
        return WrittenMail(mail=known, repeated=True)
    interaction_id = _interaction(conn, mail, case, new_id=new_id, now_ms=now_ms)
    draft = _draft(mail, said, author_name)
    where = (mail.org_id, interaction_id)
    entry = append(conn, where, draft, entry_id=new_id(), now_ms=now_ms, force=True).entry
    filed = replace(mail, case_id=case.id, interaction_id=interaction_id, entry_seq=entry.seq)
    return WrittenMail(mail=queue_in(conn, filed), entries=(entry,))


def _draft(mail: OutgoingMail, said: str, author_name: str) -> Draft:
    data = {
        "outgoing_id": mail.id,
        "kind": mail.kind.value,
        "subject": mail.subject,
        "to": [one.email for one in mail.to],
        "cc": [one.email for one in mail.cc],
        "bcc": [one.email for one in mail.bcc],
        "files": len(mail.files),
    }
    return Draft(
        kind=EntryKind.MESSAGE,
        author=Author.AGENT,
        author_id=mail.author_id,
        author_name=author_name,
        client_id=mail.id,
        body=said[:LONGEST_BODY],
        data=data,
    )


def _interaction(conn: Connection, mail: OutgoingMail, case: AnyRow, *, new_id: NewId, now_ms: int) -> str:
    of = {"org": mail.org_id, "case": case.id}
    if mail.interaction_id:
        if first(conn, _NAMED, {**of, "named": mail.interaction_id}) is None:
            raise NotFound(f"there is no interaction {mail.interaction_id}", slug="unknown-interaction")
        return mail.interaction_id
    found = first(conn, _OF_CASE, {**of, "of_kind": MAIL_KIND, "on": mail.channel})
    if found is not None:
        return str(found.id)
    row = _row(mail, case, new_id(), now_ms)
    insert(conn, interactions, row)
    return str(row["id"])


def _row(mail: OutgoingMail, case: AnyRow, interaction_id: str, now_ms: int) -> dict[str, object]:
    return {
        "id": interaction_id,
        "org_id": mail.org_id,
        "channel": mail.channel,
        "kind": MAIL_KIND,
        "conversation_key": mail.id,
        "token_hash": "",
        "contact_id": case.contact_id,
        "state": InteractionState.CLOSED.value,
        "case_id": case.id,
        "locale": mail.language or "en",
        "topic": "",
        "address": "",
        "last_seq": 0,
        "delivered_seq": 0,
        "read_seq": 0,
        "agent_read_seq": 0,
        "opened_ms": now_ms,
        "closed_ms": now_ms,
        "close_reason": "written",
        "last_visitor_ms": 0,
        "warned_ms": 0,
        "watched": case.watched,
    }
