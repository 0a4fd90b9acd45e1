"""Who stands in for whom."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.deputy import Deputy
from engine.store.access import Access
from engine.store.cases.deputy_rows import deputies_from, deputy_row, look_at_turns
from engine.store.cases.tables import deputies
from engine.store.tables import users
from engine.store.upsert import insert


class Deputies:
    """Read and write who stands in for whom."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def list(self, org_id: str, *, now_ms: int) -> tuple[Deputy, ...]:
        """Return who stands in, now or later, in the order in which it begins."""
        return await self._access.look(lambda conn: deputies_from(conn, org_id, now_ms))

    async def get(self, org_id: str, deputy_id: str) -> Deputy:
        """Return one; raise NotFound (``unknown-deputy``)."""
        query = select(deputies).where(deputies.c.org_id == org_id, deputies.c.id == deputy_id)
        found = await self._access.look(lambda conn: conn.execute(query).one_or_none())
        if found is None:
            raise _unknown(deputy_id)
        return deputy_row(found)

    async def add(self, deputy: Deputy) -> None:
        """Let somebody stand in; what waits for who is away is looked at when it begins.

        Raises Conflict (``deputy-overlaps``) where somebody stands in for him at that time already; InvalidInput where
        one of the two cannot sign in.
        """
        await self._access.write(deputy.org_id, lambda conn: _add(conn, deputy))

    async def remove(self, org_id: str, deputy_id: str) -> None:
        """Let nobody stand in any more; raise NotFound (``unknown-deputy``). What he was handed stays with him."""
        if not await self._access.execute(
            org_id, delete(deputies).where(deputies.c.org_id == org_id, deputies.c.id == deputy_id)
        ):
            raise _unknown(deputy_id)


def _add(conn: Connection, deputy: Deputy) -> None:
    for name in ("user_id", "deputy_id"):
        user_id = getattr(deputy, name)
        here = select(users.c.id).where(users.c.org_id == deputy.org_id, users.c.id == user_id, users.c.active)
        if conn.scalar(here) is None:
            raise InvalidInput("There is no such user, or he is switched off.", slug="unknown-user", field=name)
    conn.execute(select(users.c.id).where(users.c.id == deputy.user_id).with_for_update())  # of two the second sees
    row = deputies.c
    other = select(row.id).where(
        row.org_id == deputy.org_id, row.user_id == deputy.user_id, row.from_ms < deputy.to_ms,
        row.to_ms > deputy.from_ms,
    )  # fmt: skip
    there = conn.scalar(other.limit(1))
    if there is not None:
        raise Conflict("somebody stands in for him at that time", slug="deputy-overlaps", deputy_id=there)
    insert(conn, deputies, {name: getattr(deputy, name) for name in row.keys()})  # noqa: SIM118  # of columns
    look_at_turns(conn, deputy)


def _unknown(deputy_id: str) -> NotFound:
    return NotFound(f"nobody stands in by {deputy_id}", slug="unknown-deputy")
