"""Whose key in another system something is, as it is now: merges are followed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import NotFound
from engine.model.transfer import Noun
from engine.store.cases.tables import cases
from engine.store.customers import accounts as account_writes
from engine.store.customers import contacts as contact_writes
from engine.store.direct import first, scalar
from engine.store.transfer.tables import external_ids

MOST_HOPS = 20
"""Merges that reading follows."""

_EXTERNAL = select(external_ids.c.target_id).where(
    external_ids.c.org_id == bindparam("org"),
    external_ids.c.noun == bindparam("noun"),
    external_ids.c.source == bindparam("source"),
    external_ids.c.external_id == bindparam("key"),
)
_CASE: Select[Any] = select(cases.c.id, cases.c.merged_into).where(
    cases.c.org_id == bindparam("org"), cases.c.id == bindparam("id")
)


def of_key(conn: Connection, org_id: str, noun: Noun, *, source: str, key: str) -> str:
    """Return the id of what a system calls so; ``""``: nothing."""
    target = scalar(conn, _EXTERNAL, {"org": org_id, "noun": noun.value, "source": source, "key": key})
    return present(conn, org_id, noun, str(target)) if target else ""


def present(conn: Connection, org_id: str, noun: Noun, wanted: str) -> str:
    """Return an id, or that of the one it was merged into; ``""``: it is not there."""
    try:
        if noun is Noun.CONTACT:
            return contact_writes.present(conn, org_id, wanted).id
        if noun is Noun.ACCOUNT:
            return account_writes.present(conn, org_id, wanted).id
    except NotFound:
        return ""
    for _ in range(MOST_HOPS):
        row = first(conn, _CASE, {"org": org_id, "id": wanted})
        if row is None or not row.merged_into:
            return "" if row is None else str(row.id)
        wanted = row.merged_into
    return ""
