"""Mails that are set aside because their channel cannot send: which channels those are, and how they go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal_column, select, update

from engine.model.mail_sending import BlockedChannel
from engine.store.access import Access
from engine.store.json_text import dump
from engine.store.mail.tables import outgoing, outgoing_recipients
from engine.store.tables import alerts
from engine.store.upsert import insert

ALERT = "mail-blocked"
"""Kind of the alert."""
Place = tuple[str, str]
"""Organisation and channel."""

_ASIDE = and_(outgoing.c.blocked == literal_column("1"), outgoing.c.state == literal_column("'waiting'"))
_PLACES: Select[Any] = select(outgoing.c.org_id, outgoing.c.channel).where(_ASIDE).distinct()


class BlockedMail:
    """Keep what is set aside."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def blocked_places(self) -> Sequence[Place]:
        """Return the channels of all organisations that have mail set aside."""
        rows = await self._access.look(lambda conn: list(conn.execute(_PLACES)))
        return [(row.org_id, row.channel) for row in rows]

    async def of_organisation(self, org_id: str) -> Sequence[BlockedChannel]:
        """Return the channels that have mail set aside, with why and since when."""
        query = (
            select(
                outgoing.c.channel,
                func.count().label("mails"),
                func.min(outgoing.c.created_ms).label("since_ms"),
                func.max(outgoing.c.id).label("newest"),
            )
            .where(outgoing.c.org_id == org_id, _ASIDE)
            .group_by(outgoing.c.channel)
            .order_by(outgoing.c.channel)
        )

        def work(conn: Connection) -> list[BlockedChannel]:
            found = list(conn.execute(query))
            newest = select(outgoing.c.id, outgoing.c.fault).where(
                outgoing.c.org_id == org_id, outgoing.c.id.in_([row.newest for row in found])
            )
            faults = {row.id: row.fault for row in conn.execute(newest)}
            return [
                BlockedChannel(channel=row.channel, fault=faults[row.newest], mails=row.mails, since_ms=row.since_ms)
                for row in found
            ]

        return await self._access.read(work)

    async def release(self, place: Place, *, limit: int, now_ms: int) -> int:
        """Make some of a channel's mails due, oldest first; return how many."""
        org_id, channel = place
        oldest = (
            select(outgoing.c.id)
            .where(outgoing.c.org_id == org_id, outgoing.c.channel == channel, _ASIDE)
            .order_by(outgoing.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

        def work(conn: Connection) -> int:
            ids = [row.id for row in conn.execute(oldest)]
            if not ids:
                return 0
            conn.execute(update(outgoing).where(outgoing.c.id.in_(ids)).values(blocked=0, next_ms=now_ms))
            conn.execute(
                update(outgoing_recipients)
                .where(outgoing_recipients.c.outgoing_id.in_(ids), outgoing_recipients.c.state == "waiting")
                .values(next_ms=now_ms)
            )
            return len(ids)

        return await self._access.write(org_id, work)

    async def tell_blocked(self, place: Place, *, fault: str, now_ms: int) -> None:
        """Raise an alert for supervisors: a channel cannot send."""
        row = {
            "id": self._access.new_id(),
            "org_id": place[0],
            "user_id": "",
            "kind": ALERT,
            "at_ms": now_ms,
            "data": dump({"channel": place[1], "fault": fault}),
            "acknowledged_ms": 0,
            "acknowledged_by": "",
        }
        await self._access.write(place[0], lambda conn: insert(conn, alerts, row))
