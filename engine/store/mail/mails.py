"""Received mails: each is kept once, found by its case, its state or its content, and what became of it is noted.

A mail is a row before anybody is told that it was taken. From then on it is only ever moved on from a state that it
is in, under its row's lock, so that whoever comes second finds that done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select, update

from engine.errors import Conflict, NotFound
from engine.model.mail_record import Mail, MailFile, MailState, ReceivedMail
from engine.store.access import Access
from engine.store.direct import Cursor, every, first, run
from engine.store.jobs import OneStatement
from engine.store.mail.rows import file_of, mail_of, received_of, row_of_received
from engine.store.mail.tables import mail_files, mails
from engine.store.rows import AnyRow
from engine.store.upsert import change, insert_once, once

MailList = list[Mail]
Unread = list[ReceivedMail]
MailFiles = list[MailFile]
MailCounts = dict[MailState, int]

MOST_FLOODS = 3
"""Organisations with more unread mail than a page, behind which others are looked for."""
WAITING = (MailState.HELD, MailState.QUARANTINED)
"""States in which somebody has to decide."""

# As the partial indexes spell them: no planner proves a condition that comes as a parameter.
IS_RECEIVED = mails.c.state == literal_column("'received'")
_HAS_CASE = mails.c.case_id != literal_column("''")
IS_WAITING = mails.c.state.in_([literal_column("'held'"), literal_column("'quarantined'")])

_ONE: Select[Any] = select(mails).where(mails.c.id == bindparam("mail"), mails.c.org_id == bindparam("org"))
LOCKED = _ONE.with_for_update()
_KNOWN = select(mails.c.id).where(mails.c.org_id == bindparam("org"), mails.c.fingerprint == bindparam("fingerprint"))
_UNREAD: Select[Any] = (
    select(mails)
    .where(IS_RECEIVED, mails.c.next_ms <= bindparam("now"))
    .order_by(mails.c.next_ms, mails.c.id)
    .limit(bindparam("most"))
)
_OF_CASE: Select[Any] = (
    select(mails)
    .where(mails.c.org_id == bindparam("org"), mails.c.case_id == bindparam("case"), _HAS_CASE)
    .order_by(mails.c.id.desc())
    .limit(bindparam("most"))
)
_FILES: Select[Any] = (
    select(mail_files)
    .where(mail_files.c.mail_id == bindparam("mail"), mail_files.c.org_id == bindparam("org"))
    .order_by(mail_files.c.position)
)
_COUNTS: Select[Any] = (
    select(mails.c.state, func.count().label("many"))
    .where(mails.c.org_id == bindparam("org"), IS_WAITING)
    .group_by(mails.c.state)
)
_TRIED = (
    update(mails)
    .where(mails.c.id == bindparam("mail"), mails.c.org_id == bindparam("org"), IS_RECEIVED)
    .values(tries=mails.c.tries + 1, next_ms=bindparam("next"), reason=bindparam("why"))
)
_QUARANTINE = (
    update(mails)
    .where(mails.c.id == bindparam("mail"), mails.c.org_id == bindparam("org"), IS_RECEIVED)
    .values(
        state=MailState.QUARANTINED.value,
        tries=mails.c.tries + 1,
        next_ms=0,
        reason=bindparam("why"),
        filed_ms=bindparam("now"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Receive(OneStatement):
    """Keep a mail; whoever hands it over waits meanwhile, which is why it goes before what is only filed."""

    row: Mapping[str, object]

    def __call__(self, conn: Connection) -> bool:
        """Insert the row unless there is one."""
        return insert_once(conn, mails, self.row)

    def send(self, conn: Connection) -> Cursor:
        """Send the insert; its answer is not waited for."""
        return run(conn, once(conn.dialect.name, mails), self.row)

    def finish(self, _conn: Connection, sent: Cursor) -> bool:
        """Say whether the row was inserted."""
        return sent.rowcount == 1


class Mails:
    """Keep received mails."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def receive(self, mail: ReceivedMail) -> bool:
        """Keep a mail whose source is durable; False when the same one was there. Idempotent by its fingerprint.

        The mail may be acknowledged to whoever handed it over once this has returned. Raises Unavailable.
        """
        job = _Receive(row=row_of_received(mail))
        new: bool = await self._access.write(mail.envelope.org_id, job, urgent=True)
        return new

    async def known(self, org_id: str, fingerprint: str) -> str:
        """Return the id of the mail with this fingerprint, "" when there is none."""
        values = {"org": org_id, "fingerprint": fingerprint}
        row = await self._access.look(lambda conn: first(conn, _KNOWN, values))
        return "" if row is None else row.id

    async def get(self, org_id: str, mail_id: str) -> Mail:
        """Return a mail; raise NotFound (``unknown-mail``)."""
        return mail_of(await self._access.look(lambda conn: found(conn, org_id, mail_id)))

    async def files(self, org_id: str, mail_id: str) -> MailFiles:
        """Return a mail's files in its order, its HTML first."""
        values = {"mail": mail_id, "org": org_id}
        return await self._access.look(lambda conn: [file_of(row) for row in every(conn, _FILES, values)])

    async def list(
        self,
        org_id: str,
        *,
        state: MailState | None = None,
        channel: str = "",
        contact_id: str = "",
        interaction_id: str = "",
        before: str = "",
        limit: int = 50,
    ) -> MailList:
        """Return mails, newest first, from behind the one called ``before``; of their texts what was written now."""
        query = select(mails).where(mails.c.org_id == org_id).order_by(mails.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(mails.c.state == literal_column(f"'{state.value}'"))
        for column, value in (("channel", channel), ("contact_id", contact_id), ("interaction_id", interaction_id)):
            if value:
                query = query.where(mails.c[column] == value)
        if before:
            query = query.where(mails.c.id < before)
        return await self._access.read(lambda conn: [mail_of(row, short=True) for row in conn.execute(query)])

    async def of_case(self, org_id: str, case_id: str, *, limit: int = 200) -> MailList:
        """Return the mails of a case, newest first; of their texts what was written now."""
        values = {"org": org_id, "case": case_id, "most": limit}
        return await self._access.look(lambda conn: [mail_of(row, short=True) for row in every(conn, _OF_CASE, values)])

    async def waiting(self, org_id: str) -> MailCounts:
        """Return how many mails somebody has to decide about, by state."""
        rows = await self._access.look(lambda conn: every(conn, _COUNTS, {"org": org_id}))
        counts = {row.state: row.many for row in rows}
        return {state: counts.get(state.value, 0) for state in WAITING}

    async def unread(self, *, now_ms: int, limit: int) -> Unread:
        """Return mails of all organisations that are to be read now, in the order they came, those put off last.

        ``limit`` of them, and where these are all of some organisations, as many of the others again, a few times over:
        nobody's mail is out of sight behind a flood of somebody else's.
        """
        values = {"now": now_ms, "most": limit}

        rows = await self._access.look(lambda conn: every(conn, _UNREAD, values))

        def others(conn: Connection) -> Sequence[AnyRow]:
            found, seen = rows, {row.org_id for row in rows}
            further: list[AnyRow] = []
            for _ in range(MOST_FLOODS):
                if len(found) < limit:
                    break
                found = list(conn.execute(_UNREAD.where(mails.c.org_id.not_in(seen)), values))
                seen |= {row.org_id for row in found}
                further += found
            return further

        further = await self._access.read(others) if len(rows) >= limit else ()
        return [received_of(row) for row in (*rows, *further)]

    async def put_off(self, org_id: str, mail_id: str, *, why: str, next_ms: int) -> None:
        """Note that a mail was read in vain, and is to be read again from ``next_ms`` on."""
        values = {"mail": mail_id, "org": org_id, "why": why, "next": next_ms}
        await self._access.write(org_id, lambda conn: run(conn, _TRIED, values).rowcount)

    async def quarantine(self, org_id: str, mail_id: str, *, why: str, now_ms: int) -> bool:
        """Note that a mail cannot be read; False when it is no longer waiting to be."""
        values = {"mail": mail_id, "org": org_id, "why": why, "now": now_ms}
        return await self._access.write(org_id, lambda conn: run(conn, _QUARANTINE, values).rowcount == 1)

    async def discard(self, org_id: str, mail_id: str, *, actor_id: str, now_ms: int) -> Mail:
        """Throw a held or quarantined mail away; its row and its source stay. Idempotent.

        Raises NotFound, Conflict (``already-decided``) for one that is neither.
        """
        values = {"state": MailState.DISCARDED.value}
        return await self._decide(org_id, mail_id, values, of=WAITING, actor_id=actor_id, now_ms=now_ms)

    async def retry(self, org_id: str, mail_id: str, *, actor_id: str, now_ms: int) -> Mail:
        """Let a quarantined mail be read again at once. Idempotent.

        Raises NotFound, Conflict (``already-decided``) for one that is in nobody's quarantine.
        """
        values = {"state": MailState.RECEIVED.value, "tries": 0, "next_ms": 0}
        of = (MailState.QUARANTINED,)
        return await self._decide(org_id, mail_id, values, of=of, actor_id=actor_id, now_ms=now_ms)

    async def _decide(
        self,
        org_id: str,
        mail_id: str,
        values: Mapping[str, object],
        *,
        of: tuple[MailState, ...],
        actor_id: str,
        now_ms: int,
    ) -> Mail:
        decided = {**values, "decided_by": actor_id, "decided_ms": now_ms}

        def work(conn: Connection) -> Mail:
            row = found(conn, org_id, mail_id, lock=True)
            if row.state == values["state"]:
                return mail_of(row)
            if row.state not in [one.value for one in of]:
                raise Conflict("the mail was decided about already", slug="already-decided", state=row.state)
            change(conn, mails, {"id": mail_id}, decided)
            return mail_of(found(conn, org_id, mail_id))

        return await self._access.write(org_id, work)


def found(conn: Connection, org_id: str, mail_id: str, *, lock: bool = False) -> AnyRow:
    """Return a mail's row, locked if so asked; raise NotFound (``unknown-mail``)."""
    values: Mapping[str, object] = {"mail": mail_id, "org": org_id}
    row = first(conn, LOCKED if lock else _ONE, values)
    if row is None:
        raise NotFound(f"there is no mail {mail_id}", slug="unknown-mail")
    return row
