"""The outbox of mail: what is due, who tries it, what came of it.

A mail is claimed by moving its ``next_ms``: until then nobody else tries it, and whoever finds it elsewhere than where
he put it has lost it. A process that dies leaves its claims to time. The time of each recipient's own next try is
kept with him, so that a claim can be told from a wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Update, and_, bindparam, literal_column, select, tuple_, update

from engine.errors import Conflict
from engine.ids import NewId
from engine.model.mail import FailedAddress
from engine.model.mail_record import OutgoingMail, OutgoingState, RecipientState
from engine.model.mail_sending import Attempt, DueMail, Settled, WrittenMail
from engine.store.access import Access
from engine.store.direct import first, run
from engine.store.mail.outbox_rows import mail_of, mails_of, of_client, require
from engine.store.mail.settling import bounced_in, next_try_ms, settle_in, tell_cancelled
from engine.store.mail.tables import outgoing, outgoing_recipients
from engine.store.mail.written import write_in
from engine.store.rows import AnyRow

OutgoingMails = list[OutgoingMail]
DueMails = list[DueMail]
Place = tuple[str, str]
"""Organisation and channel."""

_WAITING = outgoing.c.state == literal_column("'waiting'")
_WAITS: Select[Any] = select(outgoing.c.id).where(_WAITING, outgoing.c.next_ms <= bindparam("now")).limit(1)
_NEXT: Select[Any] = select(outgoing.c.next_ms).where(_WAITING).order_by(outgoing.c.next_ms).limit(1)
_MINE = and_(
    outgoing.c.id == bindparam("mail"),
    outgoing.c.org_id == bindparam("org"),
    outgoing.c.next_ms == bindparam("until"),
    _WAITING,
)
_RENEW: Update = update(outgoing).where(_MINE).values(next_ms=bindparam("later"))
_COMPOSED: Update = (
    update(outgoing).where(_MINE, outgoing.c.raw_sha256 == literal_column("''")).values(raw_sha256=bindparam("sha256"))
)
_POSTPONE: Update = (
    update(outgoing).where(_MINE).values(next_ms=bindparam("later"), fault=bindparam("why"), blocked=bindparam("aside"))
)
_POSTPONE_RECIPIENTS: Update = (
    update(outgoing_recipients)
    .where(
        outgoing_recipients.c.outgoing_id == bindparam("mail"),
        outgoing_recipients.c.state == literal_column("'waiting'"),
    )
    .values(next_ms=bindparam("later"))
)


class Outgoing:
    """Keep mail that is to be sent."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, mail_id: str) -> OutgoingMail:
        """Return a mail; raise NotFound (``unknown-mail``)."""
        return await self._access.read(lambda conn: mail_of(conn, require(conn, org_id, mail_id)))

    async def write(self, mail: OutgoingMail, said: str, *, author_name: str, now_ms: int) -> WrittenMail:
        """Put a mail that somebody wrote into the outbox and the transcript, see ``written.write_in``. Idempotent."""
        new_id = self._access.new_id
        return await self._access.write(
            mail.org_id,
            lambda conn: write_in(conn, mail, said, author_name=author_name, new_id=new_id, now_ms=now_ms),
        )

    async def written(self, org_id: str, author_id: str, client_id: str) -> OutgoingMail | None:
        """Return the mail that an author wrote under an id of his own."""
        return await self._access.read(lambda conn: of_client(conn, org_id, author_id, client_id))

    async def of_case(self, org_id: str, case_id: str, *, limit: int = 200) -> OutgoingMails:
        """Return a case's newest mails, oldest first."""
        query = select(outgoing).where(outgoing.c.org_id == org_id, outgoing.c.case_id == case_id)
        return await self._newest(query, limit)

    async def failed(self, org_id: str, *, limit: int = 200) -> OutgoingMails:
        """Return the newest mails that some recipient will not get, oldest first."""
        query = select(outgoing).where(outgoing.c.org_id == org_id, outgoing.c.state == literal_column("'failed'"))
        return await self._newest(query, limit)

    async def by_message_id(self, org_id: str, message_id: str) -> OutgoingMail | None:
        """Return the mail that was sent under a Message-ID."""
        query = select(outgoing).where(outgoing.c.org_id == org_id, outgoing.c.message_id == message_id)
        rows = await self._newest(query, 1)
        return rows[0] if rows else None

    async def next_ms(self) -> int:
        """Return when the next mail is due, of all organisations; 0 = none waits."""
        row = await self._access.look(lambda conn: first(conn, _NEXT, {}))
        return 0 if row is None else max(1, int(row.next_ms))

    async def claim(self, *, now_ms: int, hold_ms: int, limit: int, without: Sequence[Place] = ()) -> DueMails:
        """Take mails that are due, of all organisations, soonest first; nobody else tries them for ``hold_ms``.

        ``without``: channels of organisations whose mail is left alone for now.
        """
        if await self._access.look(lambda conn: first(conn, _WAITS, {"now": now_ms})) is None:
            return []
        query = (
            select(outgoing)
            .where(_WAITING, outgoing.c.next_ms <= now_ms)
            .order_by(outgoing.c.next_ms, outgoing.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if without:
            query = query.where(tuple_(outgoing.c.org_id, outgoing.c.channel).not_in(list(without)))
        return await self._access.write("", lambda conn: _claim(conn, query, now_ms + hold_ms))

    async def renew(self, due: DueMail, *, until_ms: int) -> bool:
        """Keep a claim for longer; False when it is lost."""
        return await self._run(due, _RENEW, later=until_ms)

    async def composed(self, due: DueMail, sha256: str) -> bool:
        """Note the source that every try sends; False when the claim is lost, or another source is noted."""
        return await self._run(due, _COMPOSED, sha256=sha256)

    async def settle(self, due: DueMail, attempts: Sequence[Attempt], *, now_ms: int) -> Settled | None:
        """Note what came of a try, with who is told of a failure; None when the claim is lost."""
        new_id = self._access.new_id
        return await self._access.write(
            due.mail.org_id, lambda conn: settle_in(conn, due, attempts, new_id=new_id, now_ms=now_ms)
        )

    async def postpone(self, due: DueMail, *, fault: str, next_ms: int, blocked: bool = False) -> bool:
        """Give a claim back until ``next_ms``: nothing was tried, because of ``fault``; False when it is lost.

        ``blocked``: its channel cannot send; it may be released before (``blocked.py``).
        """
        values = {"later": next_ms, "why": fault[:500], "aside": int(blocked), **_named(due)}

        def work(conn: Connection) -> bool:
            mine = run(conn, _POSTPONE, values).rowcount == 1
            if mine:
                run(conn, _POSTPONE_RECIPIENTS, {"mail": due.mail.id, "later": next_ms})
            return mine

        return await self._access.write(due.mail.org_id, work)

    async def bounced(
        self, org_id: str, message_id: str, failed: Sequence[FailedAddress], *, told_by: str, now_ms: int
    ) -> Settled | None:
        """Note that a mail came back, see ``settling.bounced_in``; None: it is none of ours."""
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: bounced_in(conn, (org_id, message_id), failed, told_by=told_by, new_id=new_id, now_ms=now_ms),
        )

    async def cancel(self, org_id: str, mail_id: str, *, now_ms: int) -> Settled:
        """Take a mail back that nobody has yet; its transcript says so. Idempotent.

        Raises NotFound, Conflict (``mail-gone``) for one that somebody has, or that is handed over right now.
        """
        new_id = self._access.new_id
        return await self._access.write(org_id, lambda conn: _cancel(conn, org_id, mail_id, new_id, now_ms))

    async def hurry(self, org_id: str, mail_id: str, *, now_ms: int) -> OutgoingMail:
        """Let a mail be tried at once: one that waits, and one that failed, for those who have not got it.

        Raises NotFound, Conflict (``mail-gone``) for one that was sent or taken back. Idempotent.
        """
        return await self._access.write(org_id, lambda conn: _hurry(conn, org_id, mail_id, now_ms))

    async def _newest(self, query: Select[Any], limit: int) -> OutgoingMails:
        newest = query.order_by(outgoing.c.id.desc()).limit(limit)
        return await self._access.read(lambda conn: mails_of(conn, list(conn.execute(newest))[::-1]))

    async def _run(self, due: DueMail, statement: Update, **values: object) -> bool:
        given = {**_named(due), **values}
        return await self._access.write(due.mail.org_id, lambda conn: run(conn, statement, given).rowcount == 1)


def _named(due: DueMail) -> Mapping[str, object]:
    return {"mail": due.mail.id, "org": due.mail.org_id, "until": due.until_ms}


def _claim(conn: Connection, query: Select[Any], until_ms: int) -> DueMails:
    rows = list(conn.execute(query))
    if not rows:
        return []
    conn.execute(
        update(outgoing).where(outgoing.c.id.in_([row.id for row in rows])).values(next_ms=until_ms, blocked=0)
    )
    mails = mails_of(conn, rows)
    return [
        DueMail(mail=mail, raw_sha256=row.raw_sha256, until_ms=until_ms) for mail, row in zip(mails, rows, strict=True)
    ]


def _cancel(conn: Connection, org_id: str, mail_id: str, new_id: NewId, now_ms: int) -> Settled:
    row = require(conn, org_id, mail_id, lock=True)
    mail = mail_of(conn, row)
    if mail.state is OutgoingState.CANCELLED:
        return Settled(mail=mail)
    had = any(one.state in (RecipientState.SENT, RecipientState.BOUNCED) for one in mail.recipients)
    if mail.state is not OutgoingState.WAITING or had or _claimed(row, mail, now_ms):
        raise Conflict("the mail is on its way, or gone", slug="mail-gone", state=mail.state.value)
    values = {"state": OutgoingState.CANCELLED.value, "settled_ms": now_ms, "fault": "", "blocked": 0}
    conn.execute(update(outgoing).where(outgoing.c.id == mail_id, outgoing.c.org_id == org_id).values(values))
    cancelled = mail_of(conn, require(conn, org_id, mail_id))
    return Settled(mail=cancelled, entries=tell_cancelled(conn, cancelled, new_id=new_id, now_ms=now_ms))


def _claimed(row: AnyRow, mail: OutgoingMail, now_ms: int) -> bool:
    """Say whether somebody tries it now, or did and died just now."""
    return int(row.next_ms) > now_ms and int(row.next_ms) != next_try_ms(mail.recipients)


def _hurry(conn: Connection, org_id: str, mail_id: str, now_ms: int) -> OutgoingMail:
    row = require(conn, org_id, mail_id, lock=True)
    mail = mail_of(conn, row)
    if mail.state not in (OutgoingState.WAITING, OutgoingState.FAILED):
        raise Conflict("the mail was sent, or taken back", slug="mail-gone", state=mail.state.value)
    if mail.state is OutgoingState.WAITING and _claimed(row, mail, now_ms):
        return mail
    conn.execute(
        update(outgoing_recipients)
        .where(outgoing_recipients.c.outgoing_id == mail_id, outgoing_recipients.c.state != RecipientState.SENT.value)
        .values(state=RecipientState.WAITING.value, next_ms=now_ms, tries=0, settled_ms=0)
    )
    values = {"state": OutgoingState.WAITING.value, "fault": "", "next_ms": now_ms, "not_before_ms": now_ms}
    conn.execute(
        update(outgoing)
        .where(outgoing.c.id == mail_id, outgoing.c.org_id == org_id)
        .values(**values, tries=0, settled_ms=0, blocked=0)
    )
    return mail_of(conn, require(conn, org_id, mail_id))
