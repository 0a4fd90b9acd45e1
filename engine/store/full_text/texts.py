"""What is written in the record about cases, contacts, accounts and messages, as the index and its readers need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, Table, bindparam, select

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

_ORG: BindParameter[str] = bindparam("org")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


def _of(table: Table) -> ColumnElement[bool]:
    """Return that a row is the organisation's, spelled so that SQLite, without statistics, looks rows up by id.

    Else it may walk along all of the organisation's: for the addresses of a dozen contacts, all addresses.
    """
    return table.c.org_id.concat("") == _ORG


def _those(table: Table) -> Select[Any]:
    return select(table).where(_of(table), table.c.id.in_(_IDS), table.c.merged_into == "")


# Constants: a statement made anew costs more than what it finds.
_CASES, _CONTACTS, _ACCOUNTS = _those(cases), _those(contacts), _those(accounts)
_COMMENTS = (
    select(case_events.c.case_id, case_events.c.data)
    .where(case_events.c.org_id == _ORG, case_events.c.case_id.in_(_IDS), case_events.c.kind.like("comment%"))
    .order_by(case_events.c.case_id, case_events.c.number.desc())
)
_ADDRESSES = select(contact_addresses.c.contact_id, contact_addresses.c.value, contact_addresses.c.key).where(
    _of(contact_addresses), contact_addresses.c.contact_id.in_(_IDS)
)
_DIRECT = select(account_relations.c.contact_id, account_relations.c.account_id).where(
    account_relations.c.org_id == _ORG,
    account_relations.c.contact_id.in_(_IDS),
    account_relations.c.direct == 1,
    account_relations.c.to_date == "",
)
_INTERACTIONS = (
    select(
        *(interactions.c[name] for name in ("id", "case_id", "contact_id", "topic", "last_seq")),
        *(cases.c[name] for name in ("account_id", "number", "subject", "status", "queue", "owner_id", "team")),
    )
    .outerjoin(cases, cases.c.id == interactions.c.case_id)
    .where(_of(interactions), interactions.c.id.in_(_IDS))
)


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
    for row in conn.execute(_CASES, {"org": org_id, "ids": ids}):
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
    found: dict[str, list[str]] = defaultdict(list)
    for row in conn.execute(_COMMENTS, {"org": org_id, "ids": ids}):
        body = load(row.data).get("body")
        if isinstance(body, str) and len(found[row.case_id]) < COMMENTS:
            found[row.case_id].append(body)
    return found


def _contacts(conn: Connection, org_id: str, ids: Sequence[str]) -> Iterable[Origin]:
    if not ids:
        return
    reached: dict[str, list[str]] = defaultdict(list)
    for row in conn.execute(_ADDRESSES, {"org": org_id, "ids": ids}):
        reached[row.contact_id] += [row.value] if row.key in row.value else [row.value, row.key]
    of = _accounts_of(conn, org_id, ids)
    for row in conn.execute(_CONTACTS, {"org": org_id, "ids": ids}):
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
    rows = conn.execute(_DIRECT, {"org": org_id, "ids": ids})
    return {row.contact_id: row.account_id for row in rows}


def _accounts(conn: Connection, org_id: str, ids: Sequence[str]) -> Iterable[Origin]:
    if not ids:
        return
    for row in conn.execute(_ACCOUNTS, {"org": org_id, "ids": ids}):
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
    rows = conn.execute(_INTERACTIONS, {"org": org_id, "ids": ids}).all()
    of = _accounts_of(conn, org_id, sorted({row.contact_id for row in rows if row.contact_id}))
    for row in rows:
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
