"""How long the sources of mails are kept: a row that names its source no more leaves it to the sweep of files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Update, and_, bindparam, literal_column, select, update

from engine.store.access import Access
from engine.store.direct import every, run
from engine.store.mail.tables import mails, outgoing

BATCH = 200
"""Rows per transaction."""

_SETTLED = mails.c.state.in_([literal_column(f"'{one}'") for one in ("filed", "joined", "signal", "discarded")])
_HAS_SOURCE = mails.c.raw_sha256 != literal_column("''")
_OLD: Select[Any] = (
    select(mails.c.id)
    .where(
        mails.c.org_id == bindparam("org"),
        mails.c.channel == bindparam("on"),
        mails.c.received_ms < bindparam("before"),
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


class MailKeeping:
    """Forget old sources."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def forget(self, org_id: str, channel: str, *, before_ms: int) -> int:
        """Forget the sources of some mails received before, none that waits for somebody, and of some that went before.

        Return of how many. One that failed and is tried again later is composed anew.
        """
        received = await self._forget(org_id, (_OLD, _FORGET), {"org": org_id, "on": channel, "before": before_ms})
        went = (_OLD_SENT, _FORGET_SENT)
        return received + await self._forget(org_id, went, {"org": org_id, "on": channel, "before": before_ms})

    async def _forget(self, org_id: str, how: tuple[Select[Any], Update], values: Mapping[str, object]) -> int:
        old, forgetting = how
        ids = [row.id for row in await self._access.look(lambda conn: every(conn, old, values))]

        def work(conn: Connection) -> int:
            return sum(run(conn, forgetting, {"mail": one, "org": org_id}).rowcount for one in ids)

        return await self._access.write(org_id, work) if ids else 0
