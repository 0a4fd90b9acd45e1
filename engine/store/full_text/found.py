"""Read what documents of the index say now, in the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Connection, select

from engine.model.conversation import EntryKind
from engine.model.search import Document, Found, SearchKind
from engine.store.customers.tables import contacts
from engine.store.full_text.tables import search_documents
from engine.store.full_text.texts import Origin, Refs, message, origins
from engine.store.tables import entries

CHUNK = 400


def read(conn: Connection, org_id: str, docs: Sequence[int]) -> list[Found]:
    """Return documents in the order asked for; those that are gone from the record meanwhile are left out."""
    rows = [row for start in range(0, len(docs), CHUNK) for row in _rows(conn, org_id, docs[start : start + CHUNK])]
    refs: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        refs[_origin_kind(row.kind)].add(row.ref_id)
    there = origins(conn, org_id, Refs(of={kind: sorted(ids) for kind, ids in refs.items()}))
    names = _names(conn, org_id, {one.contact_id for one in there.values() if one.contact_id})
    found: dict[int, Found] = {}
    for row in rows:
        origin = there.get((_origin_kind(row.kind), row.ref_id))
        one = _found(row, origin, names) if origin is not None else None
        if one is not None:
            found[row.doc] = one
    return [found[doc] for doc in docs if doc in found]


def _origin_kind(kind: str) -> str:
    return "interaction" if kind == SearchKind.MESSAGE else kind


def _names(conn: Connection, org_id: str, ids: AbstractSet[str]) -> dict[str, str]:
    wanted = sorted(ids)
    names: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        those = contacts.c.id.in_(wanted[start : start + CHUNK])
        query = select(contacts.c.id, contacts.c.name).where(contacts.c.org_id.concat("") == org_id, those)
        names.update((row.id, row.name) for row in conn.execute(query))
    return names


def _rows(conn: Connection, org_id: str, docs: Sequence[int]) -> Sequence[Any]:
    document, entry = search_documents.c, entries.c
    query = (
        select(
            document.doc,
            document.kind,
            document.ref_id,
            document.seq,
            entry.body,
            entry.at_ms,
            entry.author,
            entry.author_name,
            entry.kind.label("entry_kind"),
        )
        .select_from(search_documents)
        .outerjoin(
            entries,
            (entry.interaction_id == document.ref_id) & (entry.seq == document.seq) & (entry.org_id == document.org_id),
        )
        .where(document.org_id == org_id, document.doc.in_(list(docs)))
    )
    return conn.execute(query).all()


def _found(row: Any, origin: Origin, names: Mapping[str, str]) -> Found | None:  # noqa: ANN401 -- a row of the query above
    document: Document | None = origin.document
    if document is None:
        if row.body is None:
            return None
        document = message(row.ref_id, row)
    return Found(
        doc=row.doc,
        document=document,
        case_id=origin.case_id,
        case_number=origin.number,
        contact_id=origin.contact_id,
        contact_name=names.get(origin.contact_id, ""),
        account_id=origin.account_id,
        author=row.author or "",
        author_name=row.author_name or "",
        internal=row.entry_kind == EntryKind.NOTE.value,
        about=origin.title,
    )
