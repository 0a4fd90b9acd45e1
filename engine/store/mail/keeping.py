"""How long the sources of mails are kept: a row that names its source no more leaves it to the sweep of files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, literal_column, select, update

from engine.store.access import Access
from engine.store.direct import every, run
from engine.store.mail.tables import mails

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


class MailKeeping:
    """Forget old sources."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def forget(self, org_id: str, channel: str, *, before_ms: int) -> int:
        """Forget the sources of some mails received before, none that waits for somebody; return of how many."""
        values = {"org": org_id, "on": channel, "before": before_ms}
        ids = [row.id for row in await self._access.look(lambda conn: every(conn, _OLD, values))]

        def work(conn: Connection) -> int:
            return sum(run(conn, _FORGET, {"mail": one, "org": org_id}).rowcount for one in ids)

        return await self._access.write(org_id, work) if ids else 0
