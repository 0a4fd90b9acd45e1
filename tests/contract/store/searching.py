"""Rows to be found, and how to take them in and look for them."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Table

from engine.model.search import Narrow, Results
from engine.model.visibility import EVERYTHING, Sight
from engine.search.finder import Finder
from engine.skills.search_words import words_of
from engine.store.cases.tables import case_events, cases
from engine.store.customers.tables import accounts, contact_addresses, contacts
from engine.store.store import Store
from engine.store.upsert import change, insert

ALL = EVERYTHING
ANYWHERE = Narrow()


def full_row(table: Table, values: Mapping[str, object]) -> dict[str, object]:
    """Return a row with something in every column."""
    empty: dict[str, object] = {column.name: 0 if column.type.python_type is int else "" for column in table.columns}
    if "fields" in empty:
        empty["fields"] = "{}"
    if "tags" in empty:
        empty["tags"] = "[]"
    return {**empty, **values}


IDS = ("id", "case_id", "contact_id", "account_id", "merged_into")


def own(org: str, name: str) -> str:
    """Return an id that no other test has; '' stays."""
    return f"{org}:{name}" if name else ""


def owned(org: str, values: Mapping[str, object]) -> dict[str, object]:
    return {name: own(org, str(value)) if name in IDS else value for name, value in values.items()}


async def write(store: Store, org: str, table: Table, **values: object) -> None:
    row = full_row(table, {"org_id": org, **owned(org, values)})
    await store._access.write(org, lambda conn: insert(conn, table, row))


async def rewrite(store: Store, org: str, table: Table, row_id: str, **values: object) -> None:
    await store._access.write(org, lambda conn: change(conn, table, {"id": row_id}, owned(org, values)))


async def case(store: Store, org: str, case_id: str, number: int, subject: str, **values: object) -> None:
    defaults: dict[str, object] = {"status": "open", "opened_ms": 1_800_000_000_000 + number}
    await write(store, org, cases, id=case_id, number=number, subject=subject, **{**defaults, **values})


async def comment(store: Store, org: str, case_id: str, body: str, number: int = 1) -> None:
    data = f'{{"body":"{body}"}}'
    event_id = f"{case_id}-{number}"
    await write(store, org, case_events, id=event_id, case_id=case_id, number=number, kind="comment", data=data)


async def contact(store: Store, org: str, contact_id: str, name: str, **values: object) -> None:
    await write(store, org, contacts, id=contact_id, name=name, created_ms=1_800_000_000_000, **values)


async def address(store: Store, org: str, contact_id: str, channel: str, *, value: str, key: str) -> None:
    values = {"contact_id": contact_id, "channel": channel, "value": value, "key": key}
    await write(store, org, contact_addresses, id=f"{contact_id}-{key}", **values)


async def account(store: Store, org: str, account_id: str, name: str, **values: object) -> None:
    await write(store, org, accounts, id=account_id, name=name, created_ms=1_800_000_000_000, **values)


async def take_in(store: Store, org: str, most: int = 64) -> int:
    """Take in all that waits; return how many documents that were."""
    count = 0
    while True:
        taken = await store.search.take_in(org, words_of=words_of, most=most)
        count += taken.documents
        while await store.search.tidy(org):
            pass
        if not taken.more:
            return count


async def find(
    store: Store,
    org: str,
    text: str,
    *,
    narrow: Narrow = ANYWHERE,
    sight: Sight = ALL,
    limit: int = 50,
    after: str = "",
) -> Results:
    narrow = replace(narrow, contact_id=own(org, narrow.contact_id), account_id=own(org, narrow.account_id))
    return await Finder(index=store.search).find(org, text, narrow=narrow, sight=sight, limit=limit, after=after)


async def refs(store: Store, org: str, text: str, *, narrow: Narrow = ANYWHERE, sight: Sight = ALL) -> list[str]:
    """Return what is found, by id; of messages the body."""
    found = await find(store, org, text, narrow=narrow, sight=sight)
    documents = [hit.found.document for hit in found.hits]
    return [one.body if one.kind == "message" else one.ref_id.removeprefix(f"{org}:") for one in documents]
