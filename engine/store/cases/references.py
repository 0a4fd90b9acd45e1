"""That what a case refers to exists, and that no case comes to be a part of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.case import Case
from engine.store.cases.tables import cases
from engine.store.cases.writes import merged_away
from engine.store.customers.tables import accounts, contacts
from engine.store.direct import first
from engine.store.tables import users

DEEPEST = 20
"""Cases above a case."""

_PARENT: Select[Any] = (
    select(cases.c.id, cases.c.parent_id, cases.c.merged_into)
    .where(cases.c.id == bindparam("id"), cases.c.org_id == bindparam("org"))
    .with_for_update()
)
_USER: Select[Any] = select(users.c.id, users.c.active).where(
    users.c.id == bindparam("id"), users.c.org_id == bindparam("org")
)
# The share locks keep a merge from moving what it finds until what refers to them is committed.
_CONTACT: Select[Any] = (
    select(contacts.c.id, contacts.c.merged_into)
    .where(contacts.c.id == bindparam("id"), contacts.c.org_id == bindparam("org"))
    .with_for_update(read=True, key_share=True)
)
_ACCOUNT: Select[Any] = (
    select(accounts.c.id, accounts.c.merged_into)
    .where(accounts.c.id == bindparam("id"), accounts.c.org_id == bindparam("org"))
    .with_for_update(read=True, key_share=True)
)


def check_references(conn: Connection, case: Case, now: Mapping[str, object]) -> None:
    """Check the references among the changed fields; raise NotFound, InvalidInput, Conflict (``case-circle``)."""
    for name, check in _CHECKS.items():
        if now.get(name):
            check(conn, case, str(now[name]))


def _owner(conn: Connection, case: Case, user_id: str) -> None:
    row = first(conn, _USER, {"id": user_id, "org": case.org_id})
    if row is None:
        raise NotFound(f"there is no user {user_id}", slug="unknown-user")
    if not row.active:
        raise InvalidInput("the user is switched off", field="owner_id")


def _kept(query: Select[Any], what: str) -> Callable[[Connection, Case, str], None]:
    def check(conn: Connection, case: Case, wanted: str) -> None:
        row = first(conn, query, {"id": wanted, "org": case.org_id})
        if row is None or row.merged_into:
            raise NotFound(f"there is no {what} {wanted}", slug=f"unknown-{what}")

    return check


def _parent(conn: Connection, case: Case, parent_id: str) -> None:
    """Walk up from the new parent, locking each: of two cases that take each other, one is refused."""
    above = parent_id
    for _ in range(DEEPEST):
        if above == case.id:
            raise Conflict("a case cannot be a part of itself", slug="case-circle")
        row = first(conn, _PARENT, {"id": above, "org": case.org_id})
        if row is None:
            raise NotFound(f"there is no case {above}", slug="unknown-case")
        if row.merged_into:
            raise merged_away(row.merged_into)
        if not row.parent_id:
            return
        above = row.parent_id
    raise Conflict(f"cases lie at most {DEEPEST} deep", slug="case-circle")


_CHECKS: Mapping[str, Callable[[Connection, Case, str], None]] = {
    "owner_id": _owner,
    "contact_id": _kept(_CONTACT, "contact"),
    "account_id": _kept(_ACCOUNT, "account"),
    "parent_id": _parent,
}
