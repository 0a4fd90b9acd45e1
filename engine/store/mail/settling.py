"""What comes of a try, and of a report that comes back: recipients, the mail, marks of addresses, and who is told.

A failure that is for good is told where its author looks, in the same transaction: a line in the transcript and an
alert. An automatic mail's is told nobody; its address is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.ids import NewId
from engine.model.conversation import Author, Draft, Entry, EntryKind
from engine.model.mail import FailedAddress
from engine.model.mail_record import OutgoingMail, OutgoingRecipient, OutgoingState, RecipientState
from engine.model.mail_sending import Attempt, DueMail, Settled
from engine.store.appends import append
from engine.store.direct import first
from engine.store.json_text import dump
from engine.store.mail import addresses
from engine.store.mail.outbox_rows import mail_of, require
from engine.store.mail.tables import outgoing, outgoing_recipients
from engine.store.tables import alerts
from engine.store.upsert import change, insert

ALERT = "mail-failed"
FAILED, CANCELLED = "mail-failed", "mail-cancelled"
"""``data.event`` of the lines that tell of it."""
LONGEST_SAID = 500
REFUSED_ADDRESSES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Status codes that say that an address is of no use, and not only this mail (RFC 3463, section 3.2)."""

_OF_MESSAGE_ID: Select[Any] = (
    select(outgoing)
    .where(outgoing.c.org_id == bindparam("org"), outgoing.c.message_id == bindparam("named"))
    .order_by(outgoing.c.id.desc())
    .limit(1)
    .with_for_update()
)


def settle_in(
    conn: Connection, due: DueMail, attempts: Sequence[Attempt], *, new_id: NewId, now_ms: int
) -> Settled | None:
    """Note what came of a try; None when the claim is lost: then nothing is written."""
    org_id, mail_id = due.mail.org_id, due.mail.id
    row = require(conn, org_id, mail_id, lock=True)
    if row.next_ms != due.until_ms or row.state != OutgoingState.WAITING.value:
        return None
    positions = {one.email: place for place, one in enumerate(due.mail.recipients)}
    tries = {one.email: one.tries + 1 for one in due.mail.recipients}
    for one in attempts:
        over = one.state is not RecipientState.WAITING
        values = {
            "state": one.state.value,
            "code": one.code,
            "said": one.said[:LONGEST_SAID],
            "tries": tries[one.email],
            "next_ms": one.next_ms,
            "settled_ms": now_ms if over else 0,
        }
        change(conn, outgoing_recipients, {"outgoing_id": mail_id, "position": positions[one.email]}, values)
    failed = [one for one in attempts if one.state is RecipientState.FAILED]
    _mark(conn, org_id, failed, now_ms)
    return _conclude(conn, due.mail, {"tries": row.tries + 1}, failed=failed, new_id=new_id, now_ms=now_ms)


def bounced_in(
    conn: Connection,
    named: tuple[str, str],
    failed: Sequence[FailedAddress],
    *,
    told_by: str,
    new_id: NewId,
    now_ms: int,
) -> Settled | None:
    """Note in the caller's transaction that a mail came back: its recipients, their addresses, and who is told.

    ``named``: organisation and Message-ID of the mail; ``told_by``: id of the mail that reports. Reports of a delay
    or a delivery change nothing. None: no mail of ours has that Message-ID; nothing is
    marked then, since anybody can write a report. Idempotent.
    """
    org_id, message_id = named
    row = first(conn, _OF_MESSAGE_ID, {"org": org_id, "named": message_id}) if message_id else None
    if row is None:
        return None
    mail = mail_of(conn, row)
    lost = []
    for one in (report for report in failed if report.action == "failed"):
        place = _position(mail, one.email)
        if place is None or mail.recipients[place].state is RecipientState.BOUNCED:
            continue
        email = mail.recipients[place].email
        said = f"{one.status} {one.diagnostic}".strip()[:LONGEST_SAID]
        values = {"state": RecipientState.BOUNCED.value, "said": said, "settled_ms": now_ms}
        change(conn, outgoing_recipients, {"outgoing_id": mail.id, "position": place}, values)
        told = FailedAddress(email=email, action=one.action, status=one.status, diagnostic=one.diagnostic)
        addresses.bounced_in(conn, org_id, told, mail_id=told_by, permanent=one.permanent, now_ms=now_ms)
        lost.append(Attempt(email=email, state=RecipientState.BOUNCED, said=said))
    if not lost:
        return Settled(mail=mail)
    claim = {"next_ms": row.next_ms} if row.state == OutgoingState.WAITING.value else {}  # somebody may be trying it
    return _conclude(conn, mail, claim, failed=lost, new_id=new_id, now_ms=now_ms)


def tell_cancelled(conn: Connection, mail: OutgoingMail, *, new_id: NewId, now_ms: int) -> tuple[Entry, ...]:
    """Say in the transcript that a mail which stands there was taken back."""
    if not mail.interaction_id:
        return ()
    data = {"event": CANCELLED, "outgoing_id": mail.id, "subject": mail.subject}
    return _note(conn, mail, "The mail was taken back before it went.", data, new_id=new_id, now_ms=now_ms)


def next_try_ms(recipients: Iterable[OutgoingRecipient]) -> int:
    """Return when a mail is tried next for any of its recipients, 0 = never."""
    return min((one.next_ms for one in recipients if one.state is RecipientState.WAITING), default=0)


def _position(mail: OutgoingMail, email: str) -> int | None:
    """Return which recipient a report means: the one it names, else the only one, whose mail was passed on."""
    found = [place for place, one in enumerate(mail.recipients) if one.email == email.lower()]
    if found:
        return found[0]
    return 0 if len(mail.recipients) == 1 else None


def _mark(conn: Connection, org_id: str, failed: Sequence[Attempt], now_ms: int) -> None:
    """Mark the addresses that a relay refused because they are of no use."""
    for one in failed:
        status = next((word for word in one.said.split() if word in REFUSED_ADDRESSES), "")
        if status:
            told = FailedAddress(email=one.email, status=status, diagnostic=one.said)
            addresses.bounced_in(conn, org_id, told, mail_id="", permanent=True, now_ms=now_ms)


def _conclude(
    conn: Connection,
    of: OutgoingMail,
    also: Mapping[str, object],
    *,
    failed: Sequence[Attempt],
    new_id: NewId,
    now_ms: int,
) -> Settled:
    """Write the state that follows from the recipients', and tell of those who do not get the mail."""
    mail = mail_of(conn, require(conn, of.org_id, of.id))
    state = _state(mail.recipients)
    missing = [one.said for one in mail.recipients if one.state is not RecipientState.SENT and one.said]
    values: Mapping[str, object] = {
        "state": state.value,
        "fault": missing[0] if missing else "",
        "next_ms": next_try_ms(mail.recipients),
        "settled_ms": 0 if state is OutgoingState.WAITING else now_ms,
        **also,
    }
    change(conn, outgoing, {"id": of.id, "org_id": of.org_id}, values)
    now = mail_of(conn, require(conn, of.org_id, of.id))
    entries = _tell(conn, now, failed, new_id=new_id, now_ms=now_ms) if failed and not mail.automatic else ()
    return Settled(mail=now, entries=entries)


def _state(recipients: Iterable[OutgoingRecipient]) -> OutgoingState:
    states = {one.state for one in recipients}
    if RecipientState.WAITING in states:
        return OutgoingState.WAITING
    return OutgoingState.SENT if states == {RecipientState.SENT} else OutgoingState.FAILED


def _tell(
    conn: Connection, mail: OutgoingMail, failed: Sequence[Attempt], *, new_id: NewId, now_ms: int
) -> tuple[Entry, ...]:
    told = [{"email": one.email, "code": one.code, "said": one.said, "state": one.state.value} for one in failed]
    data = {"event": FAILED, "outgoing_id": mail.id, "subject": mail.subject, "failed": told}
    row = {
        "id": new_id(),
        "org_id": mail.org_id,
        "user_id": mail.author_id,
        "kind": ALERT,
        "at_ms": now_ms,
        "data": dump({**data, "case_id": mail.case_id}),
        "acknowledged_ms": 0,
        "acknowledged_by": "",
    }
    insert(conn, alerts, row)
    if not mail.interaction_id:
        return ()
    lines = "\n".join(f"{one.email}: {one.said or 'no answer'}" for one in failed)
    return _note(conn, mail, f"The mail could not be delivered.\n{lines}", data, new_id=new_id, now_ms=now_ms)


def _note(
    conn: Connection, mail: OutgoingMail, body: str, data: Mapping[str, object], *, new_id: NewId, now_ms: int
) -> tuple[Entry, ...]:
    draft = Draft(kind=EntryKind.NOTE, author=Author.SYSTEM, body=body, data=data)
    where = (mail.org_id, mail.interaction_id)
    return (append(conn, where, draft, entry_id=new_id(), now_ms=now_ms, force=True).entry,)
