"""Filing: a mail that was read gets its place, or its reason for having none, in one transaction with all it causes.

Its row is locked first and says whether that was done before; so whoever reads it a second time, after a crash or in
another process, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select

from engine.ids import NewId
from engine.model.conversation import Author, Draft, Entry, EntryKind
from engine.model.mail import MailNature
from engine.model.mail_filing import FiledMail, MailOrder
from engine.model.mail_record import MailState
from engine.store.access import Access
from engine.store.appends import append
from engine.store.cases.writes import add_event, lock_case
from engine.store.direct import every, first
from engine.store.mail import addresses
from engine.store.mail.acknowledged import may_acknowledge
from engine.store.mail.files import keep_files, name_files
from engine.store.mail.mails import found
from engine.store.mail.outbox_rows import queue_in
from engine.store.mail.placing import Placed, place
from engine.store.mail.rows import text_of_summary
from engine.store.mail.settling import bounced_in
from engine.store.mail.tables import mails, outgoing, outgoing_recipients
from engine.store.rows import case_of
from engine.store.upsert import change

HISTORY = "mail"
"""Kind of the line of a case's history that tells of a machine's mail."""
EVENT = "mail-signal"
"""What the transcript's line about a machine's mail is called in its data."""
LONGEST_SUBJECT = 500
_SENT = select(outgoing.c.id, outgoing.c.case_id, outgoing.c.interaction_id).where(
    outgoing.c.org_id == bindparam("org"), outgoing.c.message_id == bindparam("message")
)
_RECIPIENTS = select(outgoing_recipients.c.email).where(
    outgoing_recipients.c.org_id == bindparam("org"), outgoing_recipients.c.outgoing_id == bindparam("mail")
)


class MailFiling:
    """File mails."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def file(self, order: MailOrder) -> FiledMail:
        """Do what is ordered of a mail, once; ``repeated`` where it is no longer in the state it was ordered in.

        Raises NotFound, Unavailable. A cancelled call may still commit.
        """
        new_id = self._access.new_id
        return await self._access.write(order.org_id, lambda conn: file_mail(conn, order, new_id=new_id))


def file_mail(conn: Connection, order: MailOrder, *, new_id: NewId) -> FiledMail:
    """Do what is ordered of a mail, in the caller's transaction."""
    row = found(conn, order.org_id, order.mail_id, lock=True)
    if row.state != order.of.value:
        return FiledMail(
            state=MailState(row.state), case_id=row.case_id, interaction_id=row.interaction_id, repeated=True
        )
    if order.state is MailState.SIGNAL:
        keep_files(conn, order)
        return _note(conn, order, new_id=new_id)
    if order.state is MailState.HELD:
        keep_files(conn, order)
        _settle(conn, order, state=MailState.HELD, case_id=order.joining.case_id if order.joining else "")
        return FiledMail(state=MailState.HELD)
    return _file(conn, order, new_id=new_id)


def _file(conn: Connection, order: MailOrder, *, new_id: NewId) -> FiledMail:
    placed = place(conn, order, new_id=new_id)
    named = dict[int, str]()
    if order.of is not MailState.JOINED:  # then its case has them
        new = placed.new_case
        named = name_files(conn, order, placed.case, interaction_id=placed.interaction_id, new=new, new_id=new_id)
    keep_files(conn, order, named)
    state = MailState.JOINED if placed.joined else MailState.FILED
    _settle(
        conn,
        order,
        state=state,
        case_id=placed.case.id,
        interaction_id=placed.interaction_id,
        contact_id=placed.contact_id,
        item_id=placed.joined,
        entry_seq=placed.entry.seq,
    )
    if order.writer is not None:
        addresses.heard_in(conn, order.org_id, order.writer.email)
    return FiledMail(
        state=state,
        case_id=placed.case.id,
        interaction_id=placed.interaction_id,
        item=placed.item,
        entries=(placed.entry,),
        new_case=placed.new_case,
        acknowledged=_acknowledge(conn, order, placed, new_id=new_id),
    )


def _acknowledge(conn: Connection, order: MailOrder, placed: Placed, *, new_id: NewId) -> bool:
    """Let a machine answer a mail that begins a case, where its sender was not answered just now."""
    wanted = order.acknowledging
    if wanted is None or not placed.new_case:
        return False
    if not may_acknowledge(conn, order.org_id, order.channel, wanted, new_id=new_id, now_ms=order.now_ms):
        return False
    mail = wanted.write(placed.case, placed.interaction_id)
    if mail is not None:
        queue_in(conn, mail)
    return mail is not None


def _note(conn: Connection, order: MailOrder, *, new_id: NewId) -> FiledMail:
    """Note what a machine wrote: with the mail of ours that it is about, and on the case that it belongs to."""
    told: tuple[Entry, ...] = ()
    sent = first(conn, _SENT, {"org": order.org_id, "message": order.about}) if order.about else None
    if sent is not None and order.nature is MailNature.BOUNCE:
        settled = bounced_in(
            conn,
            (order.org_id, order.about),
            order.failed,
            told_by=order.mail_id,
            new_id=new_id,
            now_ms=order.now_ms,
        )
        told = settled.entries if settled is not None else ()
    if sent is not None and order.nature is MailNature.COMPLAINT:
        for email in _complainants(conn, order, sent.id):
            addresses.complained_in(conn, order.org_id, email, now_ms=order.now_ms)
    case_id = sent.case_id if sent is not None else order.joining.case_id if order.joining else ""
    row = lock_case(conn, order.org_id, case_id) if case_id else None
    interaction_id = sent.interaction_id if sent is not None and row is not None else ""
    if row is not None:
        data = _said_of(order)
        add_event(conn, case_of(row), kind=HISTORY, data=data, new_id=new_id, actor_id="", now_ms=order.now_ms)
    if interaction_id and not told:
        told = (_tell(conn, order, interaction_id, new_id=new_id),)
    _settle(
        conn,
        order,
        state=MailState.SIGNAL,
        case_id=case_id if row is not None else "",
        interaction_id=interaction_id,
        entry_seq=told[0].seq if told else 0,
    )
    return FiledMail(state=MailState.SIGNAL, case_id=case_id, interaction_id=interaction_id, entries=told)


def _complainants(conn: Connection, order: MailOrder, outgoing_id: str) -> frozenset[str]:
    """Return whose complaint it is: of those who got the mail, the one that is named, else the only one there is.

    Anybody can write a report, so it marks nobody else; and most services black out who complained.
    """
    got = {row.email for row in every(conn, _RECIPIENTS, {"org": order.org_id, "mail": outgoing_id})}
    named = got & {one.email.lower() for one in order.failed}
    return frozenset(named or (got if order.failed and len(got) == 1 else ()))


def _said_of(order: MailOrder) -> Mapping[str, object]:
    sender = order.summary.sender.email if order.summary.sender else ""
    failed = [
        {"email": one.email, "action": one.action, "status": one.status, "said": one.diagnostic} for one in order.failed
    ]
    return {
        "event": EVENT,
        "mail_id": order.mail_id,
        "nature": order.nature.value,
        "subject": order.summary.subject[:LONGEST_SUBJECT],
        "from": sender,
        "failed": failed,
    }


def _tell(conn: Connection, order: MailOrder, interaction_id: str, *, new_id: NewId) -> Entry:
    """Tell of a machine's mail in the transcript of the conversation that it is about, over or not.

    Anybody can write like a machine: what it says stands quoted, behind whom it is from, and is none of our words.
    """
    said = _said_of(order)
    head = f"{order.nature.value.replace('_', ' ')} from {said['from'] or 'nobody'}: {said['subject']}"
    quoted = [f"> {line}".rstrip() for line in order.text.strip().splitlines()]
    draft = Draft(
        kind=EntryKind.NOTE,
        author=Author.SYSTEM,
        client_id=order.mail_id,
        body="\n".join((head.strip(), *quoted)),
        data=said,
    )
    where = (order.org_id, interaction_id)
    return append(conn, where, draft, entry_id=new_id(), now_ms=order.now_ms, force=True).entry


def _settle(conn: Connection, order: MailOrder, *, state: MailState, **values: object) -> None:
    """Write on the mail's row what became of it; columns that are not given are none."""
    summary, joining = order.summary, order.joining
    row: dict[str, object] = {
        "state": state.value,
        "reason": order.reason,
        "nature": order.nature.value,
        "message_id": summary.message_id,
        "sender": summary.sender.email.lower() if summary.sender else "",
        "subject": summary.subject[:LONGEST_SUBJECT],
        "summary": text_of_summary(summary),
        "clue": joining.clue if joining else "",
        "confidence": joining.confidence if joining else 0,
        "case_id": "",
        "interaction_id": "",
        "contact_id": "",
        "item_id": "",
        "entry_seq": 0,
        "filed_ms": order.now_ms,
        "decided_by": order.decided_by,
        "decided_ms": order.now_ms if order.decided_by else 0,
    }
    if order.of is MailState.JOINED:  # its work was over: that it has new work changes nothing in who decided about it
        del row["decided_by"], row["decided_ms"]
    change(conn, mails, {"id": order.mail_id}, {**row, **values})
