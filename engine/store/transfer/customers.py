"""Rows of contacts and accounts, written: found by our id, their key, an address or a name; else made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.errors import Conflict, InvalidInput
from engine.model.customer import EMAIL, Account, Address, Contact, Relation, email_key
from engine.model.transfer import ImportRow, Noun, OnKnown, Outcome
from engine.store.customers.accounts import check_parent, lock_families, locked_account, write_account
from engine.store.customers.addresses import MOST_ADDRESSES
from engine.store.customers.contacts import keep_or_refuse, keys_of, locked_contact, write_contact
from engine.store.customers.relations import add_relation, end_direct
from engine.store.customers.rows import row_of_account
from engine.store.customers.tables import accounts, contacts
from engine.store.customers.writes import holder_of, row_of_contact, search_text
from engine.store.transfer.writing import Writing
from engine.store.upsert import insert


def put_contact(w: Writing, row: ImportRow) -> Outcome:
    """Write a row of a contact; raise CordboardError where it cannot be."""
    account_id, owner_id = w.referred(row, "account", Noun.ACCOUNT), w.user(row)
    if owner_id is not None:
        row = replace(row, values={**row.values, "owner_id": owner_id})
    known, by_key = w.known(row), True
    if not known:
        known, by_key = _reached(w, row), False
    if not known:
        contact_id, outcome = _new_contact(w, row), Outcome.CREATED
    elif not by_key and w.options.known is not OnKnown.UPDATE:
        return _refused(w, known, "address-taken", "there is a contact with this address")
    else:
        contact_id, outcome = known, _changed_contact(w, row, known)
    w.keep_key(row, contact_id)
    if account_id is not None and _belongs(w, contact_id, account_id) and outcome is Outcome.UNCHANGED:
        return Outcome.UPDATED
    return outcome


def put_account(w: Writing, row: ImportRow) -> Outcome:
    """Write a row of an account; raise CordboardError where it cannot be."""
    parent_id, owner_id = w.referred(row, "parent", Noun.ACCOUNT), w.user(row)
    known, by_key = w.known(row), True
    if not known and row.values.get("name"):
        known = w.of_name(str(row.values["name"]), domain=str(row.values.get("domain", "")))
        by_key = False
    values: dict[str, Any] = dict(row.values)
    values.update({} if parent_id is None else {"parent_id": parent_id})
    values.update({} if owner_id is None else {"owner_id": owner_id})
    if not known:
        account_id, outcome = _new_account(w, row, values), Outcome.CREATED
    elif not by_key and w.options.known is not OnKnown.UPDATE:
        return _refused(w, known, "likely-duplicate", "there is an account of this name")
    else:
        account_id, outcome = known, _changed_account(w, row, known, values)
    w.keep_key(row, account_id)
    return outcome


def _refused(w: Writing, known: str, slug: str, detail: str) -> Outcome:
    if w.options.known is OnKnown.SKIP:
        return Outcome.SKIPPED
    raise Conflict(detail, slug=slug, mend=f"It is {known}.")


def _reached(w: Writing, row: ImportRow) -> str:
    """Return the contact who has one of a row's addresses; raise Conflict where several have."""
    found: dict[str, None] = {}
    for one in row.addresses:
        holder = holder_of(w.conn, w.org_id, one.channel, one.key)
        if holder is not None:
            found[holder.id] = None
    if len(found) > 1:
        raise Conflict("several contacts have these addresses", slug="address-taken", field="addresses")
    return next(iter(found), "")


def _new_contact(w: Writing, row: ImportRow) -> str:
    _check_new(row)
    contact_id = w.new_id()
    made = _addresses(w, row, contact_id)
    main = next((one.value for one in made if one.channel == EMAIL), "")
    values: dict[str, Any] = {**row.values, "email": main}
    contact = Contact(
        id=contact_id, org_id=w.org_id, fields=_fields({}, row), created_ms=w.now_ms, updated_ms=w.now_ms, **values
    )
    for one in sorted(made, key=lambda one: (one.channel, one.key)):
        keep_or_refuse(w.conn, one)
    search = search_text(contact, [one.key for one in made])
    insert(w.conn, contacts, {**row_of_contact(contact), "search": search})
    return contact_id


def _changed_contact(w: Writing, row: ImportRow, contact_id: str) -> Outcome:
    before = locked_contact(w.conn, w.org_id, contact_id)
    there = set(keys_of(w.conn, before))
    new = [one for one in _addresses(w, row, contact_id) if (one.channel, one.key) not in there]
    if len(there) + len(new) > MOST_ADDRESSES:
        raise Conflict(f"a contact has at most {MOST_ADDRESSES} addresses", slug="too-many", field="addresses")
    for one in new:
        keep_or_refuse(w.conn, one)
    values: dict[str, Any] = {**row.values, "fields": _fields(before.fields, row)}
    if email_key(str(values.get("email", before.email))) == email_key(before.email):
        values.pop("email", None)  # the same one, perhaps written otherwise
    if not before.email and not values.get("email"):
        values["email"] = next((one.value for one in new if one.channel == EMAIL), "")
    after = replace(before, **values)
    if after == before and not new:
        return Outcome.UNCHANGED
    write_contact(w.conn, before, after, w.now_ms)
    return Outcome.UPDATED


def _addresses(w: Writing, row: ImportRow, contact_id: str) -> list[Address]:
    # Ids of one millisecond have no order; these have that in which the addresses were given.
    ids = sorted(w.new_id() for _ in row.addresses)
    return [
        Address(
            id=new,
            org_id=w.org_id,
            contact_id=contact_id,
            channel=one.channel,
            value=one.value,
            key=one.key,
            label=one.label,
            verified_ms=w.now_ms if one.verified else 0,
            created_ms=w.now_ms,
        )
        for new, one in zip(ids, row.addresses, strict=True)
    ]


def _belongs(w: Writing, contact_id: str, account_id: str) -> bool:
    """Let a contact belong to an account, or to none; say whether that is new."""
    if not account_id:
        return end_direct(w.conn, w.org_id, contact_id, w.today)
    wanted = Relation(
        id=w.new_id(), org_id=w.org_id, contact_id=contact_id, account_id=account_id, direct=True, created_ms=w.now_ms
    )
    return add_relation(w.conn, wanted, w.today).id == wanted.id


def _new_account(w: Writing, row: ImportRow, values: Mapping[str, Any]) -> str:
    _check_new(row)
    account = Account(
        id=w.new_id(), org_id=w.org_id, fields=_fields({}, row), created_ms=w.now_ms, updated_ms=w.now_ms, **values
    )
    if account.parent_id:
        lock_families(w.conn, w.org_id, w.now_ms)
        check_parent(w.conn, account)
    insert(w.conn, accounts, row_of_account(account))
    return account.id


def _changed_account(w: Writing, row: ImportRow, account_id: str, values: Mapping[str, Any]) -> Outcome:
    if "parent_id" in values:
        lock_families(w.conn, w.org_id, w.now_ms)  # before the account's own row, as a merge does
    before = locked_account(w.conn, w.org_id, account_id)
    after = replace(before, **values, fields=_fields(before.fields, row))
    if after == before:
        return Outcome.UNCHANGED
    if after.parent_id != before.parent_id:
        check_parent(w.conn, after)
    write_account(w.conn, before, after, w.now_ms)
    return Outcome.UPDATED


def _check_new(row: ImportRow) -> None:
    lacks, detail = row.not_new
    if lacks:
        raise InvalidInput(detail, field=lacks)


def _fields(before: Mapping[str, object], row: ImportRow) -> dict[str, object]:
    return {key: value for key, value in {**before, **row.fields}.items() if value is not None}
