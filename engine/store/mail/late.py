"""Mails that joined open work which is over by now: did whoever ended it know of them?

An agent may end a contact while a mail is on its way into it. He knew of it if he wrote, or took the work, or read as
far as the mail, when it was there already; then it is filed. Else it is new work for somebody.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, literal_column, or_, select, update

from engine.model.mail_filing import LateMail
from engine.model.mail_record import MailState
from engine.store.access import Access
from engine.store.direct import every, run
from engine.store.mail.rows import mail_of
from engine.store.mail.tables import mails
from engine.store.tables import entries, interactions, work_items

LateMails = list[LateMail]

_JOINED = mails.c.state == literal_column("'joined'")
_OVER = work_items.c.state.in_([literal_column("'wrapup'"), literal_column("'closed'")])
_ANSWERED = (
    select(func.max(entries.c.seq))
    .where(
        entries.c.interaction_id == mails.c.interaction_id,
        entries.c.author == literal_column("'agent'"),
        or_(entries.c.kind == literal_column("'message'"), entries.c.kind == literal_column("'joined'")),
    )
    .scalar_subquery()
)
_SEEN = or_(
    interactions.c.agent_read_seq >= mails.c.entry_seq,
    func.coalesce(_ANSWERED, literal_column("0")) > mails.c.entry_seq,
    work_items.c.outcome == literal_column("'cancelled'"),
)
_LATE: Select[Any] = (
    select(mails, _SEEN.label("seen"))
    .join(work_items, and_(work_items.c.id == mails.c.item_id, work_items.c.org_id == mails.c.org_id))
    .join(interactions, interactions.c.id == mails.c.interaction_id)
    .where(_JOINED, _OVER, mails.c.id > bindparam("after"))
    .order_by(mails.c.id)
    .limit(bindparam("most"))
)
_SETTLE = (
    update(mails)
    .where(mails.c.id == bindparam("mail"), mails.c.org_id == bindparam("org"), _JOINED)
    .values(state=MailState.FILED.value, item_id="")
)


class LateMailing:
    """Find mails whose work is over, and settle them."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def over(self, *, after: str = "", limit: int) -> LateMails:
        """Return mails of all organisations that joined work which is over now, by id, from behind ``after``."""
        return await self._access.look(lambda conn: _late(conn, {"after": after, "most": limit}))

    async def settle(self, org_id: str, mail_id: str) -> None:
        """Note that a mail is filed for good. Idempotent."""
        values = {"mail": mail_id, "org": org_id}
        await self._access.write(org_id, lambda conn: run(conn, _SETTLE, values).rowcount)


def _late(conn: Connection, values: dict[str, object]) -> LateMails:
    return [LateMail(mail=mail_of(row), seen=bool(row.seen)) for row in every(conn, _LATE, values)]
