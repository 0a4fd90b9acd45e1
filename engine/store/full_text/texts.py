"""What is written in the record about cases, contacts, accounts and messages, as the index and its readers need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, select

from engine.model.conversation import EntryKind
from engine.model.search import Document, SearchKind
from engine.store.cases.tables import case_events, cases
from engine.store.customers.tables import account_relations, accounts, contact_addresses, contacts
from engine.store.full_text import facets
from engine.store.json_text import load, load_names
from engine.store.rows import AnyRow
from engine.store.tables import entries, interactions

COMMENTS = 200
"""Newest comments of a case that it is found by."""
LENGTH = 100_000
"""Characters of a document that it is found by."""
WRITTEN = (EntryKind.MESSAGE.value, EntryKind.NOTE.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A row of the record that documents come from."""

    kind: str  # interaction | case | contact | account
    ref_id: str
    case_id: str = ""
    contact_id: str = ""
    account_id: str = ""
    facets: tuple[str, ...] = ()
    number: int = 0  # of its case
    title: str = ""
    document: Document | None = None  # of all but an interaction
    last_seq: int = 0  # of an interaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Refs:
    """Ids of rows by kind."""

    of: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __getitem__(self, kind: str) -> Sequence[str]:
        """Return the ids of a kind."""
        return self.of.get(kind, ())


def origins(conn: Connection, org_id: str, refs: Refs) -> dict[tuple[str, str], Origin]:
    """Return those of the rows that are there, and not merged into others."""
    found = [
        *_cases(conn, org_id, refs["case"]),
        *_contacts(conn, org_id, refs["contact"]),
        *_accounts(conn, org_id, refs["account"]),
        *_interactions(conn, org_id, refs["interaction"]),
    ]
    return {(one.kind, one.ref_id): one for one in found}


def messages(conn: Connection, org_id: str, interaction_id: str, *, after: int, limit: int) -> list[Document]:
    """Return what was said after a number, in order; system lines are not."""
    query = (
        select(entries.c.seq, entries.c.body, entries.c.author_name, entries.c.at_ms)
        .where(
            entries.c.interaction_id == interaction_id,
            entries.c.org_id == org_id,
            entries.c.seq > after,
            entries.c.kind.in_(WRITTEN),
        )
        .order_by(entries.c.seq)
        .limit(limit)
    )
    return [message(interaction_id, row) for row in conn.execute(query).all()]


def message(interaction_id: str, row: Any) -> Document:  # noqa: ANN401 -- a row with these columns
    """Return a message as a document."""
    return Document(
        kind=SearchKind.MESSAGE,
        ref_id=interaction_id,
        seq=row.seq,
        at_ms=row.at_ms,
        title="",
        body=row.body[:LENGTH],
    )


def _cases(conn: Connection, org_id: str, ids: Sequence[str]) -> Iterable[Origin]:
    if not ids:
        return
    comments = _comments(conn, org_id, ids)
    for row in conn.execute(_those(cases, org_id, ids)):
        body = (row.description, *_tags(row.tags), *_values(row.fields), *comments.get(row.id, ()))
        yield Origin(
            kind="case",
            ref_id=row.id,
            case_id=row.id,
            contact_id=row.contact_id,
            account_id=row.account_id,
            facets=_facets(row),
            number=row.number,
            title=row.subject,
            document=Document(
                kind=SearchKind.CASE,
                ref_id=row.id,
                seq=0,
                at_ms=row.opened_ms,
                title=f"{row.number} {row.subject}",
                body=_joined(body),
            ),
        )


def _comments(conn: Connection, org_id: str, ids: Sequence[str]) -> dict[str, list[str]]:
    query = (
        select(case_events.c.case_id, case_events.c.data)
        .where(
            case_events.c.org_id == org_id,
            case_events.c.case_id.in_(list(ids)),
            case_events.c.kind.like("comment%"),
        )
        .order_by(case_events.c.case_id, case_events.c.number.desc())
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in conn.execute(query):
        body = load(row.data).get("body")
        if isinstance(body, str) and len(found[row.case_id]) < COMMENTS:
            found[row.case_id].append(body)
    return found


def _contacts(conn: Connection, org_id: str, ids: Sequence[str]) -> Iterable[Origin]:
    if not ids:
        return
    reached: dict[str, list[str]] = defaultdict(list)
    query = select(contact_addresses.c.contact_id, contact_addresses.c.value, contact_addresses.c.key).where(
        _of(contact_addresses, org_id), contact_addresses.c.contact_id.in_(list(ids))
    )
    for row in conn.execute(query):
        reached[row.contact_id] += [row.value] if row.key in row.value else [row.value, row.key]
    of = _accounts_of(conn, org_id, ids)
    for row in conn.execute(_those(contacts, org_id, ids)):
        body = (row.email, *reached.get(row.id, ()), row.title, row.notes, *_values(row.fields))
        yield Origin(
            kind="contact",
            ref_id=row.id,
            contact_id=row.id,
            account_id=of.get(row.id, ""),
            title=row.name,
            document=Document(
                kind=SearchKind.CONTACT,
                ref_id=row.id,
                seq=0,
                at_ms=row.created_ms,
                title=row.name,
                body=_joined(dict.fromkeys(body)),
            ),
        )


def _accounts_of(conn: Connection, org_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the account that each contact belongs to now."""
    relation = account_relations.c
    query = select(relation.contact_id, relation.account_id).where(
        relation.org_id == org_id, relation.contact_id.in_(list(ids)), relation.direct == 1, relation.to_date == ""
    )
    return {row.contact_id: row.account_id for row in conn.execute(query)}


def _accounts(conn: Connection, org_id: str, ids: Sequence[str]) -> Iterable[Origin]:
    if not ids:
        return
    for row in conn.execute(_those(accounts, org_id, ids)):
        body = (row.domain, row.phone, row.website, row.industry, row.notes, *_values(row.fields))
        yield Origin(
            kind="account",
            ref_id=row.id,
            account_id=row.id,
            title=row.name,
            document=Document(
                kind=SearchKind.ACCOUNT,
                ref_id=row.id,
                seq=0,
                at_ms=row.created_ms,
                title=row.name,
                body=_joined(body),
            ),
        )


def _interactions(conn: Connection, org_id: str, ids: Sequence[str]) -> Iterable[Origin]:
    if not ids:
        return
    of = _accounts_of_interactions(conn, org_id, ids)
    case = (cases.c.number, cases.c.subject, cases.c.status, cases.c.queue, cases.c.owner_id, cases.c.team)
    query = (
        select(interactions, cases.c.account_id, *case)
        .outerjoin(cases, cases.c.id == interactions.c.case_id)
        .where(_of(interactions, org_id), interactions.c.id.in_(list(ids)))
    )
    for row in conn.execute(query):
        yield Origin(
            kind="interaction",
            ref_id=row.id,
            case_id=row.case_id,
            contact_id=row.contact_id,
            account_id=row.account_id or of.get(row.contact_id, ""),
            facets=_facets(row) if row.status else (),
            number=row.number or 0,
            title=row.subject or row.topic,
            last_seq=row.last_seq,
        )


def _accounts_of_interactions(conn: Connection, org_id: str, ids: Sequence[str]) -> dict[str, str]:
    query = select(interactions.c.contact_id).where(_of(interactions, org_id), interactions.c.id.in_(list(ids)))
    return _accounts_of(conn, org_id, sorted({one for one in conn.scalars(query) if one}))


def _those(table: Table, org_id: str, ids: Sequence[str]) -> Select[Any]:
    query = select(table).where(_of(table, org_id), table.c.id.in_(list(ids)))
    return query.where(table.c.merged_into == "")


def _of(table: Table, org_id: str) -> ColumnElement[bool]:
    """Return that a row is the organisation's, spelled so that SQLite, without statistics, looks rows up by id.

    Else it may walk along all of the organisation's: for the addresses of a dozen contacts, all addresses.
    """
    return table.c.org_id.concat("") == org_id


def _facets(row: AnyRow) -> tuple[str, ...]:
    return tuple(facets.of_case(status=row.status, queue=row.queue, owner_id=row.owner_id, team=row.team))


def _tags(tags: str) -> list[str]:
    return list(load_names(tags))


def _values(fields: str) -> list[str]:
    """Return the texts and numbers of custom fields."""
    flat = [one for value in load(fields).values() for one in (value if isinstance(value, list) else [value])]
    return [str(one) for one in flat if isinstance(one, str | int | float) and not isinstance(one, bool)]


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)[:LENGTH]
