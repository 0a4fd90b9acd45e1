"""Mailboxes that are polled: how far each folder is taken, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, bindparam, select

from engine.model.polled_folder import FolderKey, PolledFolder
from engine.store.access import Access
from engine.store.direct import every, first
from engine.store.json_text import dump
from engine.store.mail.tables import mailboxes
from engine.store.rows import AnyRow
from engine.store.tables import alerts
from engine.store.upsert import change, insert, insert_once

FAULT = "mailbox-fault"
LEFT = "mail-left"
"""Kinds of alerts."""

_OF_MAILBOX = and_(
    mailboxes.c.org_id == bindparam("org_id"),
    mailboxes.c.channel == bindparam("channel"),
    mailboxes.c.mailbox == bindparam("mailbox"),
)
_FOLDERS = select(mailboxes).where(_OF_MAILBOX)
_FOLDER = _FOLDERS.where(mailboxes.c.folder == bindparam("folder")).with_for_update()
_ALL = (
    select(mailboxes)
    .where(mailboxes.c.org_id == bindparam("org_id"))
    .order_by(mailboxes.c.channel, mailboxes.c.mailbox, mailboxes.c.folder)
)


class Mailboxes:
    """Remember polled mailboxes."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def list(self, org_id: str) -> Sequence[PolledFolder]:
        """Return every folder of an organisation that was ever polled, and mailboxes as a whole as folder ""."""
        rows = await self._access.look(lambda conn: every(conn, _ALL, {"org_id": org_id}))
        return [_folder(row) for row in rows]

    async def folders(self, key: FolderKey) -> Mapping[str, PolledFolder]:
        """Return a mailbox's folders by name, "" among them."""
        of = {name: value for name, value in key._asdict().items() if name != "folder"}
        rows = await self._access.look(lambda conn: every(conn, _FOLDERS, of))
        return {row.folder: _folder(row) for row in rows}

    async def advance(self, folder: PolledFolder) -> None:
        """Remember validity and numbers; under one validity, numbers never go back. Idempotent."""

        def work(conn: Connection) -> None:
            known = _locked(conn, folder.key)
            same = known.uid_validity == folder.uid_validity
            values = {
                "uid_validity": folder.uid_validity,
                "last_uid": max(folder.last_uid, known.last_uid) if same else folder.last_uid,
                "first_uid": folder.first_uid,
                "first_ms": known.first_ms or folder.first_ms,
            }
            change(conn, mailboxes, folder.key._asdict(), values)

        await self._access.write(folder.key.org_id, work)

    async def polled(self, key: FolderKey, *, now_ms: int) -> None:
        """Note that a folder has no fault. Idempotent."""

        def work(conn: Connection) -> None:
            _locked(conn, key)
            change(conn, mailboxes, key._asdict(), {"polled_ms": now_ms, "fault": "", "detail": "", "fault_ms": 0})

        await self._access.write(key.org_id, work)

    async def faulty(self, key: FolderKey, *, fault: str, detail: str, now_ms: int, tell: bool) -> None:
        """Note what is wrong; ``tell``: raise an alert for supervisors, once for a fault. Idempotent."""

        def work(conn: Connection) -> None:
            known = _locked(conn, key)
            told = known.fault == fault and bool(known.told)
            since = known.fault_ms if known.fault == fault else now_ms
            values = {"fault": fault, "detail": detail, "fault_ms": since, "told": int(told or tell)}
            change(conn, mailboxes, key._asdict(), values)
            if tell and not told:
                self._alert(conn, key, FAULT, {"fault": fault, "detail": detail}, now_ms)

        await self._access.write(key.org_id, work)

    async def left(self, key: FolderKey, *, uid: int, reason: str, now_ms: int) -> None:
        """Raise an alert for supervisors: a mail is left where it is, and is not here."""
        data = {"uid": uid, "reason": reason}
        await self._access.write(key.org_id, lambda conn: self._alert(conn, key, LEFT, data, now_ms))

    def _alert(self, conn: Connection, key: FolderKey, kind: str, data: Mapping[str, object], now_ms: int) -> None:
        place = {"channel": key.channel, "mailbox": key.mailbox, "folder": key.folder}
        row = {
            "id": self._access.new_id(),
            "org_id": key.org_id,
            "user_id": "",
            "kind": kind,
            "at_ms": now_ms,
            "data": dump({**place, **data}),
            "acknowledged_ms": 0,
            "acknowledged_by": "",
        }
        insert(conn, alerts, row)


def _locked(conn: Connection, key: FolderKey) -> AnyRow:
    """Lock a folder's row, made where it is missing."""
    numbers = ("uid_validity", "last_uid", "first_uid", "first_ms", "polled_ms", "fault_ms", "told")
    row: dict[str, object] = {**key._asdict(), "fault": "", "detail": "", **dict.fromkeys(numbers, 0)}
    insert_once(conn, mailboxes, row)
    found = first(conn, _FOLDER, key._asdict())
    assert found is not None
    return found


def _folder(row: AnyRow) -> PolledFolder:
    return PolledFolder(
        key=FolderKey(row.org_id, row.channel, row.mailbox, row.folder),
        uid_validity=row.uid_validity,
        last_uid=row.last_uid,
        first_uid=row.first_uid,
        first_ms=row.first_ms,
        polled_ms=row.polled_ms,
        fault=row.fault,
        detail=row.detail,
        fault_ms=row.fault_ms,
    )
