"""Gather what the index has to take in next, and work out all that follows from it except the words.

What is to be done is told by ``search_pending``, which triggers fill in the transaction of the change itself: a row
there is seen when its change is seen, whatever ids or clocks say. What was written before there was an index is
found along the ids of its rows.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, select

from engine.model.search import Document
from engine.store.cases.tables import cases
from engine.store.customers.tables import accounts, contacts
from engine.store.full_text import facets
from engine.store.full_text.bits import BLOCK, MASK, SHIFT, bits_of, decode, encode
from engine.store.full_text.tables import search_facets, search_marks, search_parts, search_pending, search_sources
from engine.store.full_text.texts import Origin, Refs, messages, origins
from engine.store.json_text import dump, load_names, load_numbers
from engine.store.rows import AnyRow
from engine.store.tables import interactions

ALL = "~"
"""Above every id."""
CHUNK = 400
"""Ids per query."""
SLICE = 100
"""Rows looked at together; a conversation among them may fill the room alone."""
FILLED_FROM = {"contact": contacts, "account": accounts, "case": cases, "interaction": interactions}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How far an organisation's index is."""

    version: int = 0  # 0 = there is none yet
    next_doc: int = 0
    next_part: int = 0
    filled: str = ALL  # an organisation without rows before the triggers has nothing to be filled with
    anew: int = 0


@dataclass(kw_only=True, slots=True)
class Wanted:
    """A row of the record that the index must look at."""

    kind: str
    ref_id: str
    pending: list[int] = field(default_factory=list)  # rows of search_pending that want it
    rewritten: bool = False  # what is in the index of it is no longer true
    filling: bool = False  # met along the ids
    taken: bool = False


@dataclass(kw_only=True, slots=True)
class Gathered:
    """What one step changes. Rows are as the tables have them."""

    org_id: str
    mark: Mark
    next: Mark
    documents: list[Document] = field(default_factory=list)  # the first has the number mark.next_doc
    killed: list[int] = field(default_factory=list)
    sources: list[dict[str, object]] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)
    facets: list[dict[str, object]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)  # rows of search_pending
    pending: list[tuple[str, str]] = field(default_factory=list)  # … to be added
    spread: list[tuple[str, str]] = field(default_factory=list)  # cases and contacts whose conversations must follow
    abandoned: list[int] = field(default_factory=list)  # parts that nobody finished
    more: bool = False

    @property
    def idle(self) -> bool:
        """Say whether there is nothing to write."""
        return self.mark == self.next and not self.done


def gather(conn: Connection, org_id: str, *, most: int) -> Gathered:
    """Return the next step, of about ``most`` documents at most."""
    mark = mark_of(conn, org_id)
    wanted = _pending(conn, org_id, most)
    filling = _filling(conn, org_id, mark, most - len(wanted)) if len(wanted) < most else []
    step = Gathered(org_id=org_id, mark=mark, next=mark)
    building = select(search_parts.c.part).where(search_parts.c.org_id == org_id, search_parts.c.state == "building")
    step.abandoned = list(conn.scalars(building))
    room = min(most, BLOCK - (mark.next_doc & MASK))
    _Taking(conn, step, room).take([*wanted, *filling])
    _advance(step, filling, asked=most - len(wanted))
    follows = bool(step.spread or step.pending)
    step.more = step.more or follows or len(wanted) >= most or step.next.filled != ALL
    return step


def mark_of(conn: Connection, org_id: str) -> Mark:
    """Return how far the index is."""
    row = conn.execute(select(search_marks).where(search_marks.c.org_id == org_id)).first()
    if row is None:
        return Mark()
    return Mark(version=row.version, next_doc=row.next_doc, next_part=row.next_part, filled=row.filled, anew=row.anew)


def _pending(conn: Connection, org_id: str, most: int) -> list[Wanted]:
    query = (
        select(search_pending).where(search_pending.c.org_id == org_id).order_by(search_pending.c.id).limit(2 * most)
    )
    found: dict[tuple[str, str], Wanted] = {}
    for row in conn.execute(query):
        kind = "interaction" if row.kind == "rewritten" else row.kind
        if (kind, row.ref_id) not in found and len(found) >= most:
            break
        one = found.setdefault((kind, row.ref_id), Wanted(kind=kind, ref_id=row.ref_id))
        one.pending.append(row.id)
        one.rewritten = one.rewritten or row.kind == "rewritten"
    return list(found.values())


def _filling(conn: Connection, org_id: str, mark: Mark, most: int) -> list[Wanted]:
    """Return the next rows along their ids, which rise with time, of all kinds together."""
    if mark.filled == ALL:
        return []
    found: list[tuple[str, str]] = []
    for kind, table in FILLED_FROM.items():
        mine = table.c.org_id.concat("") == org_id  # spelled so that the walk is along the ids
        query = select(table.c.id).where(table.c.id > mark.filled, mine).order_by(table.c.id)
        found += [(ref_id, kind) for ref_id in conn.scalars(query.limit(most))]
    return [
        Wanted(kind=kind, ref_id=ref_id, filling=True, rewritten=bool(mark.anew))
        for ref_id, kind in sorted(found)[:most]
    ]


def _advance(step: Gathered, filling: Sequence[Wanted], *, asked: int) -> None:
    """Move the mark over what was taken."""
    taken = [one for one in filling if one.taken]
    filled = step.mark.filled
    if filled != ALL and asked > 0 and len(taken) == len(filling) < asked:
        filled = ALL
    elif taken:
        filled = taken[-1].ref_id
    next_doc = step.mark.next_doc + len(step.documents)
    changed = filled != step.mark.filled or step.documents or step.killed or step.sources or step.gone or step.done
    if changed or step.abandoned:
        step.next = Mark(
            version=step.mark.version + 1,
            next_doc=next_doc,
            next_part=step.mark.next_part + (1 if step.documents else 0),
            filled=filled,
            anew=0 if filled == ALL else step.mark.anew,
        )


class _Taking:
    """Work out one step, row by row."""

    def __init__(self, conn: Connection, step: Gathered, room: int) -> None:
        self._conn = conn
        self._step = step
        self._room = room
        self._flips: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))  # facet → set, clear

    def take(self, wanted: Sequence[Wanted]) -> None:
        """Take rows in order until the room is full."""
        seen: set[tuple[str, str]] = set()
        for start in range(0, len(wanted), SLICE):
            if len(self._step.documents) >= self._room:
                self._step.more = True
                break
            self._take_slice(wanted[start : start + SLICE], seen)
        self._step.facets = self._flipped()

    def _take_slice(self, wanted: Sequence[Wanted], seen: set[tuple[str, str]]) -> None:
        org_id = self._step.org_id
        refs: dict[str, list[str]] = defaultdict(list)
        for one in wanted:
            refs[one.kind].append(one.ref_id)
        there: dict[tuple[str, str], Origin] = {}
        known: dict[tuple[str, str], AnyRow] = {}
        for kind, ids in refs.items():
            there.update(origins(self._conn, org_id, Refs(of={kind: ids})))
            known.update(((kind, row.ref_id), row) for row in self._known(kind, ids))
        for one in wanted:
            if len(self._step.documents) >= self._room:
                self._step.more = True
                break
            key = (one.kind, one.ref_id)
            if key not in seen:
                self._take(one, there.get(key), known.get(key))
            one.taken = True
            seen.add(key)

    def _known(self, kind: str, ids: Sequence[str]) -> Sequence[Any]:
        source = search_sources.c
        return self._conn.execute(
            select(search_sources).where(
                source.org_id == self._step.org_id, source.kind == kind, source.ref_id.in_(list(ids))
            )
        ).all()

    def _take(self, one: Wanted, origin: Origin | None, known: AnyRow | None) -> None:
        step = self._step
        if origin is None:
            if known is not None:
                self._kill(known.kind, load_numbers(known.docs))
                step.gone.append((one.kind, one.ref_id))
                step.spread += [(one.kind, one.ref_id)] if one.kind in ("case", "contact") else []
            finished = True
        elif origin.document is not None:
            finished = self._take_one(origin, origin.document, known, rewritten=one.rewritten)
        else:
            finished = self._take_messages(origin, known, rewritten=one.rewritten)
        if finished:
            step.done += one.pending
        else:
            step.more = True
            if one.filling:
                step.pending.append((one.kind, one.ref_id))

    def _take_one(self, origin: Origin, document: Document, known: AnyRow | None, *, rewritten: bool) -> bool:
        """Take a case, contact or account: with other words it is another document, the newest there is."""
        digest = zlib.crc32(f"{document.title}\n{document.body}".encode())
        if known is not None and known.seq == digest and not rewritten:
            docs = load_numbers(known.docs)
        else:
            if known is not None:
                self._kill(origin.kind, load_numbers(known.docs))
            docs = [self._add(document)]
        self._keep(origin, known, docs, digest)
        return True

    def _take_messages(self, origin: Origin, known: AnyRow | None, *, rewritten: bool) -> bool:
        docs, after = ([], 0) if known is None else (load_numbers(known.docs), known.seq)
        if rewritten:
            self._kill(origin.kind, docs)
            docs, after = [], 0
        room = self._room - len(self._step.documents)
        found = (
            messages(self._conn, self._step.org_id, origin.ref_id, after=after, limit=room)
            if origin.last_seq > after
            else []
        )
        finished = len(found) < room
        docs += [self._add(document) for document in found]
        seq = origin.last_seq if finished else found[-1].seq
        self._keep(origin, known, docs, seq)
        return finished

    def _add(self, document: Document) -> int:
        doc = self._step.mark.next_doc + len(self._step.documents)
        self._step.documents.append(document)
        for facet in (facets.kind(document.kind.value), *facets.of_time(document.at_ms)):
            self._flips[facet][0].append(doc)
        return doc

    def _kill(self, kind: str, docs: Sequence[int]) -> None:
        self._step.killed += docs
        self._flips[facets.kind("message" if kind == "interaction" else kind)][1].extend(docs)

    def _keep(self, origin: Origin, known: AnyRow | None, docs: list[int], seq: int) -> None:
        """Write down where a row's documents are; move them between facets."""
        before = set(load_names(known.facets)) if known is not None else set()
        old = set(load_numbers(known.docs)) if known is not None else set()
        for facet in before - set(origin.facets):
            self._flips[facet][1].extend(old)
        for facet in origin.facets:
            self._flips[facet][0].extend(docs if facet not in before else [doc for doc in docs if doc not in old])
        if known is not None and origin.kind in ("case", "contact"):
            moved = before != set(origin.facets) or known.account_id != origin.account_id
            self._step.spread += [(origin.kind, origin.ref_id)] if moved else []
        self._step.sources.append(
            {
                "org_id": self._step.org_id,
                "kind": origin.kind,
                "ref_id": origin.ref_id,
                "case_id": origin.case_id,
                "contact_id": origin.contact_id,
                "account_id": origin.account_id,
                "facets": dump(origin.facets),
                "docs": dump(tuple(docs)),
                "seq": seq,
            }
        )

    def _flipped(self) -> list[dict[str, object]]:
        """Return the facets' rows as they become."""
        org_id = self._step.org_id
        kept = _facet_rows(self._conn, org_id, self._flips)
        rows: list[dict[str, object]] = []
        for facet, (added, cleared) in self._flips.items():
            for block in {doc >> SHIFT for doc in (*added, *cleared)}:
                bits = kept.get((facet, block), 0)
                bits |= bits_of(doc & MASK for doc in added if doc >> SHIFT == block)
                bits &= ~bits_of(doc & MASK for doc in cleared if doc >> SHIFT == block)
                rows.append({"org_id": org_id, "facet": facet, "block": block, "docs": encode(bits)})
        return rows


def _facet_rows(
    conn: Connection, org_id: str, flips: Mapping[str, tuple[Sequence[int], Sequence[int]]]
) -> dict[tuple[str, int], int]:
    blocks = sorted({doc >> SHIFT for added, cleared in flips.values() for doc in (*added, *cleared)})
    kept: dict[tuple[str, int], int] = {}
    names = sorted(flips)
    facet = search_facets.c
    for start in range(0, len(names), CHUNK):
        query = select(facet.facet, facet.block, facet.docs).where(
            facet.org_id == org_id, facet.facet.in_(names[start : start + CHUNK]), facet.block.in_(blocks)
        )
        kept.update(((row.facet, row.block), decode(row.docs)) for row in conn.execute(query))
    return kept


def restarted(mark: Mark) -> Mark:
    """Return the mark of an index that is made anew, while it answers."""
    return replace(mark, version=mark.version + 1, filled="", anew=1)
