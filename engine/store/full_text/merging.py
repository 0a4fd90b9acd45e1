"""Which parts of the index are merged, and into what.

A question looks into every part, so there must be few. Small parts of like size are merged eight at a time while their
block fills; a full block becomes one part, and is written again when a quarter of it has died.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from engine.store.full_text.bits import SHIFT, decode, encode
from engine.store.full_text.gather import Mark, mark_of
from engine.store.full_text.tables import search_facets, search_parts, search_words
from engine.store.full_text.write import Part, WordRow

FAN = 8
STEP_BITS = 3
"""Sizes that differ by less than this power of two are alike."""
LARGE = 1_000
"""Parts from this size on wait until their block is full."""
DEAD_SHARE = 4
PAGE = 4_000
"""Rows read at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """Parts that become one."""

    mark: Mark
    into: Part
    parts: tuple[int, ...]
    living: int  # bits of the block's documents that are still there


def next_merge(conn: Connection, org_id: str) -> Merge | None:
    """Return the most wanted merge; None when there is none."""
    mark = mark_of(conn, org_id)
    query = (
        select(search_parts)
        .where(search_parts.c.org_id == org_id, search_parts.c.state == "live")
        .order_by(search_parts.c.part)
    )
    blocks: dict[int, list[Part]] = defaultdict(list)
    for row in conn.execute(query):
        one = Part(org_id=org_id, part=row.part, block=row.block, documents=row.documents)
        blocks[row.block].append(one)
    living = _living(conn, org_id)
    for block, parts in blocks.items():
        full = block < mark.next_doc >> SHIFT
        chosen = _chosen(parts, full=full, living=living.get(block, 0).bit_count())
        if chosen:
            documents = sum(one.documents for one in chosen)
            if full:
                documents = living.get(block, 0).bit_count()
            into = Part(org_id=org_id, part=mark.next_part, block=block, documents=documents)
            return Merge(mark=mark, into=into, parts=tuple(one.part for one in chosen), living=living.get(block, 0))
    return None


def _chosen(parts: Sequence[Part], *, full: bool, living: int) -> Sequence[Part]:
    held = sum(one.documents for one in parts)
    if full and (len(parts) > 1 or (held - living) * DEAD_SHARE > held):
        return parts
    alike: dict[int, list[Part]] = defaultdict(list)
    for one in parts:
        if one.documents < LARGE:
            alike[one.documents.bit_length() // STEP_BITS].append(one)
    return next((some for some in alike.values() if len(some) >= FAN), ())


def _living(conn: Connection, org_id: str) -> dict[int, int]:
    kinds = [f"kind:{name}" for name in ("case", "message", "contact", "account")]
    facet = search_facets.c
    query = select(facet.block, facet.docs).where(facet.org_id == org_id, facet.facet.in_(kinds))
    living: dict[int, int] = defaultdict(int)
    for row in conn.execute(query):
        living[row.block] |= decode(row.docs)
    return living


def read_page(conn: Connection, org_id: str, part: int, after: str) -> list[tuple[str, bytes]]:
    """Return a part's words after one, with their sets as they are kept."""
    word = search_words.c
    query = (
        select(word.word, word.docs)
        .where(word.org_id == org_id, word.part == part, word.word > after)
        .order_by(word.word)
        .limit(PAGE)
    )
    return [(row.word, bytes(row.docs)) for row in conn.execute(query)]


def merged_rows(merge: Merge, words: Sequence[tuple[str, Sequence[bytes]]]) -> list[WordRow]:
    """Return the rows of words in the merged part; words that only the dead held are left out."""
    rows: list[WordRow] = []
    for word, kept in words:
        bits = 0
        for one in kept:
            bits |= decode(one)
        bits &= merge.living
        if bits:
            rows.append((merge.into.org_id, merge.into.part, word, encode(bits)))
    return rows
