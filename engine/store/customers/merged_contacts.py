"""Merging contacts: whose main address, whose account."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import NotFound
from engine.model.customer import EMAIL, Contact, CustomerKind, email_key
from engine.store.customers.contacts import keys_of, write_contact
from engine.store.customers.merging import Merging
from engine.store.customers.moving import restore_all
from engine.store.customers.references import Move, alter, drop
from engine.store.customers.tables import account_relations, contact_addresses, contacts
from engine.store.direct import first
from engine.store.rows import AnyRow, contact_of

TAKEN_OVER = ("name", "email", "language", "time_zone", "tier", "title", "notes", "owner_id")

_LOCKED = (
    select(contacts).where(contacts.c.id == bindparam("id"), contacts.c.org_id == bindparam("org")).with_for_update()
)


def joined(_conn: Connection, kept: Contact, lost: Contact) -> Contact:
    """Return the kept contact with what only the lost one has."""
    taken = {name: getattr(lost, name) for name in TAKEN_OVER if not getattr(kept, name)}
    return replace(kept, **taken, fields={**lost.fields, **kept.fields})


def _prepare(_conn: Connection, _org_id: str, _now_ms: int) -> None:
    """Lock nothing: the two are enough."""


def _locked(conn: Connection, org_id: str, contact_id: str) -> Contact:
    row = first(conn, _LOCKED, {"org": org_id, "id": contact_id})
    if row is None:
        raise NotFound(f"there is no contact {contact_id}", slug="unknown-contact")
    return contact_of(row)


def _make_way(conn: Connection, move: Move, _both: tuple[Contact, Contact]) -> None:
    """Let the kept contact belong to one account, and have no relation twice."""
    kept, lost = _open_relations(conn, move.org_id, move.kept_id), _open_relations(conn, move.org_id, move.lost_id)
    there = {_same(row) for row in kept}
    belongs = any(row.direct for row in kept)
    for row in lost:
        if _same(row) in there:
            drop(conn, account_relations, row, move)
        elif row.direct and belongs:
            alter(conn, account_relations, row, {"direct": 0}, move)


def _same(row: AnyRow) -> tuple[str, int, str]:
    return (row.account_id, row.direct, "" if row.direct else row.role)


def _open_relations(conn: Connection, org_id: str, contact_id: str) -> list[AnyRow]:
    of = account_relations.c
    query: Select[tuple[object, ...]] = select(account_relations).where(
        of.contact_id == contact_id, of.org_id == org_id, of.to_date == ""
    )
    return list(conn.execute(query.with_for_update()).all())


def _give_back(conn: Connection, move: Move) -> tuple[int, bool]:
    return restore_all(conn, account_relations, move, of="contact_id", columns=("direct",)), False


def _mended(conn: Connection, contact: Contact) -> Contact:
    """Return a contact whose main address is one of his."""
    if not contact.email or (EMAIL, email_key(contact.email)) in keys_of(conn, contact):
        return contact
    of = contact_addresses.c
    query = (
        select(of.value)
        .where(of.contact_id == contact.id, of.org_id == contact.org_id, of.channel == EMAIL)
        .order_by(of.created_ms, of.id)
        .limit(1)
    )
    return replace(contact, email=conn.execute(query).scalar() or "")


def _check(_conn: Connection, _contact: Contact) -> None:
    """Find nothing wrong: contacts lie beneath nobody."""


CONTACTS = Merging(
    kind=CustomerKind.CONTACT,
    prepare=_prepare,
    locked=_locked,
    joined=joined,
    make_way=_make_way,
    write=write_contact,
    check=_check,
    give_back=_give_back,
    mended=_mended,
)
