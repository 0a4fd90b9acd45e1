"""Write to the index: a step's documents as a part, merge parts, throw away what is dead.

Only who holds the newest version of the mark may write, so that two indexers never mix what they read. A part's words
go in small transactions while nobody sees the part; then one transaction shows it, with everything else of its step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, insert, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.store.full_text.bits import MASK, SHIFT, encode_places
from engine.store.full_text.gather import Gathered, Mark
from engine.store.full_text.tables import (
    search_documents,
    search_facets,
    search_marks,
    search_parts,
    search_pending,
    search_sources,
    search_words,
)
from engine.store.tables import interactions
from engine.store.upsert import insert_once

Words = Mapping[str, Sequence[int]]
"""Word → places, in its step, of the documents that hold it."""
WordRow = tuple[str, int, str, bytes]
"""Organisation, part, word, documents."""
ROWS = 800
"""Rows of words per transaction: a few milliseconds, which is what somebody who writes meanwhile may wait."""
IDS = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of the index: words of some documents of one block."""

    org_id: str
    part: int
    block: int
    documents: int


def part_of(step: Gathered) -> Part:
    """Return the part that a step's documents become."""
    block = step.mark.next_doc >> SHIFT
    return Part(org_id=step.org_id, part=step.mark.next_part, block=block, documents=len(step.documents))


def word_rows(step: Gathered, words: Words) -> list[WordRow]:
    """Return the rows of a step's words, in the order of their index."""
    first = step.mark.next_doc & MASK
    org_id, part = step.org_id, step.mark.next_part
    return [(org_id, part, word, encode_places([first + place for place in words[word]])) for word in sorted(words)]


def in_chunks(rows: list[WordRow]) -> Iterator[list[WordRow]]:
    """Yield rows, so many as one transaction may write."""
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]


def reserve(conn: Connection, part: Part, mark: Mark) -> Mark | None:
    """Announce a part whose words come in several transactions; until it is shown, who finds it throws it away.

    Its number is nobody else's from now on. Returns the mark as it is then; None: somebody else was faster.
    """
    after = replace(mark, version=mark.version + 1, next_part=part.part + 1)
    if not move_mark(conn, part.org_id, mark, after):
        return None
    begin_part(conn, part)
    return after


def begin_part(conn: Connection, part: Part) -> None:
    """Make sure that a part has its row."""
    insert_once(conn, search_parts, _row(part, "building"))


def add_words(conn: Connection, rows: Sequence[WordRow]) -> None:
    """Add words to a part that is not shown yet."""
    driver: Any = conn.connection.dbapi_connection
    if conn.dialect.name == "sqlite":
        driver.executemany("INSERT INTO search_words (org_id, part, word, docs) VALUES (?, ?, ?, ?)", rows)
        return
    with driver.cursor() as cursor, cursor.copy("COPY search_words (org_id, part, word, docs) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def publish(conn: Connection, step: Gathered, rows: Sequence[WordRow], *, held: Mark) -> bool:
    """Write all of a step but the words that are there already; False: somebody else was faster, nothing is written.

    ``held`` is the mark as this step has left it.
    """
    if not move_mark(conn, step.org_id, held, replace(step.next, version=held.version + 1)):
        return False
    if step.documents:
        part = part_of(step)
        begin_part(conn, part)
        add_words(conn, rows)
        _set_state(conn, step.org_id, [part.part], "live")
        conn.execute(insert(search_documents), _document_rows(step))
    abandoned = [one for one in step.abandoned if one != step.mark.next_part or not step.documents]
    _set_state(conn, step.org_id, abandoned, "dead")
    _forget(conn, step)
    if step.facets:
        conn.execute(_replacing(conn, "search_facets"), step.facets)
    if step.sources:
        conn.execute(_replacing(conn, "search_sources"), step.sources)
    for start in range(0, len(step.done), IDS):
        conn.execute(delete(search_pending).where(search_pending.c.id.in_(step.done[start : start + IDS])))
    _add_pending(conn, step)
    return True


def merge(conn: Connection, into: Part, *, parts: Sequence[int], held: Mark) -> bool:
    """Show a merged part instead of what it was merged from; False: somebody else was faster."""
    if not move_mark(conn, into.org_id, held, replace(held, version=held.version + 1)):
        return False
    _set_state(conn, into.org_id, [into.part], "live" if into.documents else "dead")
    _set_state(conn, into.org_id, parts, "dead")
    return True


def throw_away(conn: Connection, org_id: str) -> bool:
    """Delete some of what is dead; say whether there may be more."""
    dead = (
        select(search_parts.c.part)
        .where(search_parts.c.org_id == org_id, search_parts.c.state == "dead")
        .order_by(search_parts.c.part)
    )
    part = conn.execute(dead.limit(1)).scalar()
    if part is None:
        return False
    word = search_words.c
    of = (word.org_id == org_id, word.part == part)
    last = conn.execute(select(word.word).where(*of).order_by(word.word).offset(ROWS - 1).limit(1)).scalar()
    if last is not None:
        conn.execute(delete(search_words).where(*of, word.word <= last))
        return True
    conn.execute(delete(search_words).where(*of))
    conn.execute(delete(search_parts).where(search_parts.c.org_id == org_id, search_parts.c.part == part))
    return True


def move_mark(conn: Connection, org_id: str, before: Mark, after: Mark) -> bool:
    """Move the mark unless somebody else has."""
    row = {
        "version": after.version,
        "next_doc": after.next_doc,
        "next_part": after.next_part,
        "filled": after.filled,
        "anew": after.anew,
    }
    if before.version == 0:
        return insert_once(conn, search_marks, {"org_id": org_id, **row})
    held = (search_marks.c.org_id == org_id, search_marks.c.version == before.version)
    return conn.execute(update(search_marks).where(*held).values(**row)).rowcount == 1


def _row(part: Part, state: str) -> dict[str, object]:
    return {
        "org_id": part.org_id,
        "part": part.part,
        "block": part.block,
        "documents": part.documents,
        "state": state,
    }


def _set_state(conn: Connection, org_id: str, parts: Sequence[int], state: str) -> None:
    if parts:
        those = (search_parts.c.org_id == org_id, search_parts.c.part.in_(list(parts)))
        conn.execute(update(search_parts).where(*those).values(state=state))


def _document_rows(step: Gathered) -> list[dict[str, object]]:
    return [
        {
            "org_id": step.org_id,
            "doc": step.mark.next_doc + place,
            "kind": one.kind.value,
            "ref_id": one.ref_id,
            "seq": one.seq,
        }
        for place, one in enumerate(step.documents)
    ]


def _forget(conn: Connection, step: Gathered) -> None:
    """Delete the rows of documents and sources that are no more."""
    for start in range(0, len(step.killed), IDS):
        those = search_documents.c.doc.in_(step.killed[start : start + IDS])
        conn.execute(delete(search_documents).where(search_documents.c.org_id == step.org_id, those))
    source = search_sources.c
    for kind, ref_id in step.gone:
        conn.execute(
            delete(search_sources).where(
                tuple_(source.org_id, source.kind, source.ref_id) == tuple_(step.org_id, kind, ref_id)
            )
        )


def _add_pending(conn: Connection, step: Gathered) -> None:
    if step.pending:
        conn.execute(
            insert(search_pending),
            [{"org_id": step.org_id, "kind": kind, "ref_id": ref_id} for kind, ref_id in step.pending],
        )
    for kind, ref_id in step.spread:
        of = interactions.c.case_id if kind == "case" else interactions.c.contact_id
        those = select(interactions.c.org_id, literal("interaction"), interactions.c.id).where(
            interactions.c.org_id == step.org_id, of == ref_id
        )
        conn.execute(insert(search_pending).from_select(["org_id", "kind", "ref_id"], those))


def _replacing(conn: Connection, name: str) -> postgresql.Insert | sqlite.Insert:
    table = search_facets if name == "search_facets" else search_sources
    made = postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    values = {column.name: made.excluded[column.name] for column in table.columns if column.name not in keys}
    return made.on_conflict_do_update(index_elements=keys, set_=values)
