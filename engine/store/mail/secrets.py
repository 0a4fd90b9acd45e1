"""The secret with which an organisation's mails name their cases."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, bindparam, select

from engine.store.access import Access
from engine.store.direct import scalar
from engine.store.mail.tables import mail_secrets
from engine.store.upsert import insert_once

SECRET_BYTES = 32
_SECRET = select(mail_secrets.c.secret).where(mail_secrets.c.org_id == bindparam("org"))


class MailSecrets:
    """Make and remember secrets, one per organisation."""

    def __init__(self, *, access: Access) -> None:
        self._access = access
        self._known: dict[str, bytes] = {}

    async def secret(self, org_id: str) -> bytes:
        """Return the secret; the first call, in whatever process, makes it. Idempotent."""
        known = self._known.get(org_id)
        if known is None:
            text = await self._access.look(lambda conn: scalar(conn, _SECRET, {"org": org_id}))
            if text is None:
                text = await self._access.write(org_id, lambda conn: _make(conn, org_id))
            known = self._known[org_id] = bytes.fromhex(text)
        return known


def _make(conn: Connection, org_id: str) -> str:
    insert_once(conn, mail_secrets, {"org_id": org_id, "secret": secrets.token_hex(SECRET_BYTES)})
    text: str = scalar(conn, _SECRET, {"org": org_id})
    return text
