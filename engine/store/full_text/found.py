"""Read what documents of the index say now, in the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.model.conversation import EntryKind
from engine.model.search import Found, SearchKind
from engine.store.customers.tables import contacts
from engine.store.full_text.tables import search_documents
from engine.store.full_text.texts import Origin, Refs, message, origins
from engine.store.tables import entries

CHUNK = 400
_NAMES = select(contacts.c.id, contacts.c.name).where(
    contacts.c.org_id.concat("") == bindparam("org"), contacts.c.id.in_(bindparam("ids", expanding=True))
)
_ROWS = (
    select(
        *(search_documents.c[name] for name in ("doc", "kind", "ref_id", "seq")),
        *(entries.c[name] for name in ("body", "at_ms", "author", "author_name")),
        entries.c.kind.label("entry_kind"),
    )
    .select_from(search_documents)
    .outerjoin(
        entries,
        (entries.c.interaction_id == search_documents.c.ref_id)
        & (entries.c.seq == search_documents.c.seq)
        & (entries.c.org_id == search_documents.c.org_id),
    )
    .where(search_documents.c.org_id == bindparam("org"), search_documents.c.doc.in_(bindparam("docs", expanding=True)))
)


def read(conn: Connection, org_id: str, docs: Sequence[int]) -> list[Found]:
    """Return documents in the order asked for; those that are gone from the record meanwhile are left out.

    Of messages only what they say, who wrote it and when: that is what they are ranked by; see ``around``.
    """
    chunks = [list(docs[start : start + CHUNK]) for start in range(0, len(docs), CHUNK)]
    rows = [row for chunk in chunks for row in conn.execute(_ROWS, {"org": org_id, "docs": chunk})]
    refs: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.kind != SearchKind.MESSAGE:
            refs[row.kind].add(row.ref_id)
    there = origins(conn, org_id, Refs(of={kind: sorted(ids) for kind, ids in refs.items()}))
    found: dict[int, Found] = {}
    for row in rows:
        one = _message(row) if row.kind == SearchKind.MESSAGE else _other(row.doc, there.get((row.kind, row.ref_id)))
        if one is not None:
            found[row.doc] = one
    return [found[doc] for doc in docs if doc in found]


def around(conn: Connection, org_id: str, found: Sequence[Found]) -> list[Found]:
    """Return documents with what messages belong to, and with names; without messages whose conversation is gone."""
    said_in = {one.document.ref_id for one in found if one.document.kind is SearchKind.MESSAGE}
    there = origins(conn, org_id, Refs(of={"interaction": sorted(said_in)}))
    whole = [_within(one, there) for one in found]
    names = _names(conn, org_id, {one.contact_id for one in whole if one is not None and one.contact_id})
    return [replace(one, contact_name=names.get(one.contact_id, "")) for one in whole if one is not None]


def _names(conn: Connection, org_id: str, ids: AbstractSet[str]) -> dict[str, str]:
    wanted = sorted(ids)
    names: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = conn.execute(_NAMES, {"org": org_id, "ids": wanted[start : start + CHUNK]})
        names.update((row.id, row.name) for row in rows)
    return names


def _message(row: Any) -> Found | None:  # noqa: ANN401 -- a row of the query above
    if row.body is None:
        return None
    return Found(
        doc=row.doc,
        document=message(row.ref_id, row),
        author=row.author,
        author_name=row.author_name,
        internal=row.entry_kind == EntryKind.NOTE.value,
    )


def _other(doc: int, origin: Origin | None) -> Found | None:
    if origin is None or origin.document is None:
        return None
    return _with(Found(doc=doc, document=origin.document), origin)


def _within(one: Found, there: Mapping[tuple[str, str], Origin]) -> Found | None:
    """Return a document with what its conversation belongs to, if it has one."""
    if one.document.kind is not SearchKind.MESSAGE:
        return one
    origin = there.get(("interaction", one.document.ref_id))
    return None if origin is None else _with(one, origin)


def _with(one: Found, origin: Origin) -> Found:
    return replace(
        one,
        case_id=origin.case_id,
        case_number=origin.number,
        contact_id=origin.contact_id,
        account_id=origin.account_id,
        about=origin.title,
    )
