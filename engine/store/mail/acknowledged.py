"""How much a machine of ours answers in a channel: so many an hour, to whomever; forged senders make no flood."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from engine.ids import NewId
from engine.model.mail_filing import Acknowledging
from engine.store.direct import first
from engine.store.json_text import dump
from engine.store.mail import addresses
from engine.store.mail.tables import outgoing
from engine.store.tables import alerts
from engine.store.upsert import insert

ALERT = "mail-flood"
"""Kind of the alert: the channel acknowledges nothing for a while."""
HOUR_MS = 3_600_000

_LATELY: Select[Any] = select(func.count().label("found")).select_from(
    select(outgoing.c.id)
    .where(
        outgoing.c.org_id == bindparam("org"),
        outgoing.c.channel == bindparam("on"),
        outgoing.c.kind == literal_column("'acknowledgement'"),
        outgoing.c.created_ms > bindparam("since"),
    )
    .limit(bindparam("most"))
    .subquery()
)


def may_acknowledge(
    conn: Connection, org_id: str, channel: str, wanted: Acknowledging, *, new_id: NewId, now_ms: int
) -> bool:
    """Say in the caller's transaction whether a mail of a channel is acknowledged, and note that it is.

    With the last one of an hour supervisors have an alert. Transactions at once may exceed the bound by their number.
    """
    since = {"org": org_id, "on": channel, "since": now_ms - HOUR_MS, "most": wanted.most}
    row = first(conn, _LATELY, since)
    lately = 0 if row is None else int(row.found)
    if lately >= wanted.most:
        return False
    every_ms, address = wanted.every_ms, wanted.address
    if not addresses.acknowledge_in(conn, org_id, wanted.email, every_ms=every_ms, now_ms=now_ms, address=address):
        return False
    if lately == wanted.most - 1:
        insert(conn, alerts, _alert(org_id, channel, wanted.most, new_id(), now_ms))
    return True


def _alert(org_id: str, channel: str, most: int, alert_id: str, now_ms: int) -> dict[str, object]:
    return {
        "id": alert_id,
        "org_id": org_id,
        "user_id": "",
        "kind": ALERT,
        "at_ms": now_ms,
        "data": dump({"channel": channel, "most": most}),
        "acknowledged_ms": 0,
        "acknowledged_by": "",
    }
