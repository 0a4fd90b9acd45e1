"""Addresses that mail goes to: which bounce, whose owners complained, when a machine of ours answered them last.

A mark is set in the transaction of what it was learnt from, and bounces are over once a person writes from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.model.mail import FailedAddress
from engine.model.mail_sending import MailAddress
from engine.store.access import Access
from engine.store.direct import first
from engine.store.mail.tables import mail_addresses
from engine.store.rows import AnyRow
from engine.store.upsert import change, insert_once

LONGEST_DIAGNOSTIC = 500

_ONE: Select[Any] = select(mail_addresses).where(
    mail_addresses.c.org_id == bindparam("org"), mail_addresses.c.email == bindparam("address")
)
_LOCKED = _ONE.with_for_update()
_CALM: Mapping[str, object] = {"status": "", "diagnostic": "", "bounced_by": "", "bounces": 0, "permanent": 0}
_EMPTY: Mapping[str, object] = {**_CALM, "bounced_ms": 0, "complained_ms": 0, "acknowledged_ms": 0}


class MailAddresses:
    """Read what is known of addresses, and forget it."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def known(self, org_id: str, emails: Sequence[str]) -> Sequence[MailAddress]:
        """Return what is known of the addresses, in their order; those of which nothing is known are left out."""
        wanted = list(dict.fromkeys(one.lower() for one in emails))
        query = select(mail_addresses).where(mail_addresses.c.org_id == org_id, mail_addresses.c.email.in_(wanted))
        rows = await self._access.read(lambda conn: {row.email: row for row in conn.execute(query)})
        return [_address(rows[one]) for one in wanted if one in rows]

    async def clear(self, org_id: str, email: str) -> None:
        """Forget that an address bounced or complained, because somebody knows better. Idempotent."""
        calm = {**_CALM, "complained_ms": 0}
        await self._access.write(org_id, lambda conn: _set(conn, org_id, email, calm))


def bounced_in(
    conn: Connection, org_id: str, failed: FailedAddress, *, mail_id: str, permanent: bool, now_ms: int
) -> None:
    """Note in the caller's transaction that mail to an address came back, or was refused; ``mail_id`` is who told."""
    row = _lock(conn, org_id, failed.email)
    values = {
        "status": failed.status[:20],
        "diagnostic": failed.diagnostic[:LONGEST_DIAGNOSTIC],
        "bounced_by": mail_id,
        "bounces": row.bounces + 1,
        "permanent": int(permanent),
        "bounced_ms": now_ms,
    }
    _set(conn, org_id, failed.email, values)


def complained_in(conn: Connection, org_id: str, email: str, *, now_ms: int) -> None:
    """Note in the caller's transaction that an address's owner called our mail abuse. Idempotent."""
    _lock(conn, org_id, email)
    _set(conn, org_id, email, {"complained_ms": now_ms})


def heard_in(conn: Connection, org_id: str, email: str) -> None:
    """Note in the caller's transaction that a person wrote from an address: what bounced there is over. Idempotent."""
    row = first(conn, _LOCKED, {"org": org_id, "address": email.lower()})
    if row is not None and row.bounces:
        _set(conn, org_id, email, _CALM)


def acknowledge_in(conn: Connection, org_id: str, email: str, *, every_ms: int, now_ms: int, address: str = "") -> bool:
    """Say in the caller's transaction whether an address may be answered by a machine now, and note that it is.

    At most one of all transactions at once is told so within ``every_ms``; nobody is whose address bounces or
    complained. ``address``: his own, where several count as one.
    """
    row = _lock(conn, org_id, email)
    own = first(conn, _ONE, {"org": org_id, "address": address.lower()}) if address else None
    soon = row.acknowledged_ms and now_ms - row.acknowledged_ms < every_ms
    if soon or any(one.permanent or one.complained_ms for one in (row, own) if one is not None):
        return False
    _set(conn, org_id, email, {"acknowledged_ms": now_ms, "acknowledgements": row.acknowledgements + 1})
    return True


def _lock(conn: Connection, org_id: str, email: str) -> AnyRow:
    """Return the row of an address, made if need be, locked until the transaction ends."""
    of = {"org": org_id, "address": email.lower()}
    insert_once(conn, mail_addresses, {"org_id": org_id, "email": email.lower(), **_EMPTY, "acknowledgements": 0})
    row = first(conn, _LOCKED, of)
    if row is None:
        raise RuntimeError("a row that was just made is not there")
    return row


def _set(conn: Connection, org_id: str, email: str, values: Mapping[str, object]) -> None:
    change(conn, mail_addresses, {"org_id": org_id, "email": email.lower()}, values)


def _address(row: AnyRow) -> MailAddress:
    return MailAddress(
        email=row.email,
        status=row.status,
        diagnostic=row.diagnostic,
        bounces=row.bounces,
        permanent=bool(row.permanent),
        bounced_ms=row.bounced_ms,
        complained_ms=row.complained_ms,
        acknowledged_ms=row.acknowledged_ms,
        acknowledgements=row.acknowledgements,
    )
