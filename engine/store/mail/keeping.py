"""How long mails wait for somebody, and how long their sources are kept.

A row that names its source no more leaves it to the sweep of files. No source goes while somebody has to decide about
its mail; what nobody decides about in the time asked for is discarded, where people see it, and its source goes later.
With the source of a discarded mail go its HTML and its files: no case names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Delete, Select, Update, and_, bindparam, delete, literal_column, select, update

from engine.model.mail_record import MailState
from engine.store.access import Access
from engine.store.direct import every, first, run
from engine.store.mail.mails import IS_WAITING, LOCKED
from engine.store.mail.rows import summary_of, text_of_summary
from engine.store.mail.tables import mail_files, mails, outgoing

BATCH = 200
"""Rows per transaction."""
UNDECIDED = "undecided"
"""Reason of a mail that was discarded because nobody had decided about it in time."""

_SETTLED = mails.c.state.in_([literal_column(f"'{one}'") for one in ("filed", "joined", "signal", "discarded")])
_HAS_SOURCE = mails.c.raw_sha256 != literal_column("''")
_OLD: Select[Any] = (
    select(mails.c.id, mails.c.state)
    .where(
        mails.c.org_id == bindparam("org"),
        mails.c.channel == bindparam("on"),
        mails.c.received_ms < bindparam("before"),
        mails.c.decided_ms < bindparam("before"),
        _HAS_SOURCE,
        _SETTLED,
    )
    .limit(BATCH)
)
_FORGET: Update = (
    update(mails)
    .where(mails.c.id == bindparam("mail"), mails.c.org_id == bindparam("org"), _SETTLED)
    .values(raw_sha256=literal_column("''"))
)
_FILES_GONE: Delete = delete(mail_files).where(
    mail_files.c.mail_id == bindparam("mail"), mail_files.c.org_id == bindparam("org")
)
_SUMMARY: Update = (
    update(mails)
    .where(mails.c.id == bindparam("mail"), mails.c.org_id == bindparam("org"))
    .values(summary=bindparam("said"))
)
_GONE = and_(outgoing.c.raw_sha256 != literal_column("''"), outgoing.c.settled_ms > literal_column("0"))
_OLD_SENT: Select[Any] = (
    select(outgoing.c.id)
    .where(
        outgoing.c.org_id == bindparam("org"),
        outgoing.c.channel == bindparam("on"),
        outgoing.c.settled_ms < bindparam("before"),
        _GONE,
    )
    .limit(BATCH)
)
_FORGET_SENT: Update = (
    update(outgoing)
    .where(outgoing.c.id == bindparam("mail"), outgoing.c.org_id == bindparam("org"), _GONE)
    .values(raw_sha256=literal_column("''"))
)
_UNDECIDED: Select[Any] = (
    select(mails.c.id)
    .where(
        mails.c.org_id == bindparam("org"),
        IS_WAITING,
        mails.c.channel == bindparam("on"),
        mails.c.filed_ms < bindparam("before"),
    )
    .limit(BATCH)
)
_DISCARD: Update = (
    update(mails)
    .where(mails.c.id == bindparam("mail"), mails.c.org_id == bindparam("org"), IS_WAITING)
    .values(
        state=literal_column(f"'{MailState.DISCARDED}'"),
        reason=literal_column(f"'{UNDECIDED}'"),
        decided_by=literal_column("''"),
        decided_ms=bindparam("now"),
    )
)


class MailKeeping:
    """Forget old sources, and mails about which nobody decides."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def forget(self, org_id: str, channel: str, *, before_ms: int) -> int:
        """Forget the sources of some mails received before, none that waits for somebody, and of some that went before.

        Return of how many. One that failed and is tried again later is composed anew. Idempotent.
        """
        found = {"org": org_id, "on": channel, "before": before_ms}
        rows = await self._access.look(lambda conn: every(conn, _OLD, found))
        ids = [row.id for row in rows]
        discarded = [row.id for row in rows if row.state == MailState.DISCARDED.value]

        def work(conn: Connection) -> int:
            _let_go(conn, org_id, discarded)
            return sum(run(conn, _FORGET, {"mail": one, "org": org_id}).rowcount for one in ids)

        received = await self._access.write(org_id, work) if ids else 0
        return received + await self._change(org_id, (_OLD_SENT, _FORGET_SENT), found, {})

    async def discard(self, org_id: str, channel: str, *, before_ms: int, now_ms: int) -> int:
        """Discard some mails that have waited for somebody since before; return how many. Idempotent."""
        found = {"org": org_id, "on": channel, "before": before_ms}
        return await self._change(org_id, (_UNDECIDED, _DISCARD), found, {"now": now_ms})

    async def _change(
        self, org_id: str, how: tuple[Select[Any], Update], of: Mapping[str, object], to: Mapping[str, object]
    ) -> int:
        wanted, change = how
        ids = [row.id for row in await self._access.look(lambda conn: every(conn, wanted, of))]

        def work(conn: Connection) -> int:
            return sum(run(conn, change, {"mail": one, "org": org_id, **to}).rowcount for one in ids)

        return await self._access.write(org_id, work) if ids else 0


def _let_go(conn: Connection, org_id: str, discarded: Sequence[str]) -> None:
    """Forget HTML and files of mails that were discarded, which they remain; what they said stays. Idempotent."""
    for one in discarded:
        of = {"mail": one, "org": org_id}
        run(conn, _FILES_GONE, of)
        row = first(conn, LOCKED, of)
        summary = None if row is None else summary_of(row.summary)
        if summary is not None:
            said = replace(summary, parts=(), html_sha256="")
            run(conn, _SUMMARY, {**of, "said": text_of_summary(said)})
