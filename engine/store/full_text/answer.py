"""Answer a question from the index: sets of documents, intersected."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select

from engine.model.search import Choice, Matches, Narrow, Query, SearchKind, Term
from engine.model.visibility import CasesSeen, Sight
from engine.store.cases.sight import cases_seen, held
from engine.store.cases.tables import cases
from engine.store.customers.sight import accounts_of, contacts_of
from engine.store.customers.tables import contact_addresses
from engine.store.full_text import facets
from engine.store.full_text.bits import Docs, both, decode, docs_of, either, falling, less, size, united
from engine.store.full_text.shape import Shape
from engine.store.full_text.tables import search_facets, search_sources, search_words
from engine.store.json_text import load_numbers

LAST = "\U0010ffff"
STARTING = 6_000
"""Rows of words that begin alike that are looked at; the first of them, if there are more."""
CHUNK = 400
SOURCES = 20_000
"""Sources of one contact or account that are looked at."""
TOP = 1 << 62
_FACETS = select(search_facets.c.block, search_facets.c.docs)
_WORDS = select(search_words.c.part, search_words.c.word, search_words.c.docs).where(
    search_words.c.org_id == bindparam("org"),
    search_words.c.part.in_(bindparam("parts", expanding=True)),
    search_words.c.word.in_(bindparam("words", expanding=True)),
)
_STARTING = (
    select(search_words.c.part, search_words.c.docs)
    .where(
        search_words.c.org_id == bindparam("org"),
        search_words.c.part.in_(bindparam("parts", expanding=True)),
        search_words.c.word >= bindparam("first"),
        search_words.c.word < bindparam("last"),
    )
    .limit(bindparam("most"))
)


@dataclass(kw_only=True, slots=True)
class _Words:
    """The sets of the words of a question."""

    words: dict[str, Docs] = field(default_factory=dict)
    starting: dict[str, Docs] = field(default_factory=dict)

    def of(self, term: Term) -> Docs:
        """Return where a term is met."""
        return either(*(self._choice(choice) for choice in term.choices))

    def _choice(self, choice: Choice) -> Docs:
        sets = [self.words.get(word, {}) for word in choice.words]
        if choice.prefix:
            sets.append(self.starting.get(choice.prefix, {}))
        sets.sort(key=len)
        found = sets[0] if sets else {}
        for other in sets[1:]:
            found = both(found, other)
        return found


def answer(
    conn: Connection, org_id: str, query: Query, *, shape: Shape, narrow: Narrow, sight: Sight, below: int, most: int
) -> Matches:
    """Return what matches, newest first, numbers under ``below`` only (0 = all), with counts of all that match."""
    field_of_view = _narrowed(conn, org_id, shape, narrow=narrow, sight=sight)
    sets = _read_words(conn, org_id, query, shape=shape, blocks=field_of_view)
    found, met = field_of_view, [sets.of(term) for term in query.terms]
    for one in met:
        found = both(found, one)
    for term in query.without:
        if not term.exact:  # else the text must be looked at
            found = less(found, sets.of(term))
    exact = _exact(conn, org_id, query, field_of_view)
    found = less(either(found, exact), {}) if exact else found
    kinds = {kind: both(found, shape.kinds[kind]) for kind in SearchKind}
    shown = either(*(kinds[kind] for kind in sorted(narrow.kinds))) if narrow.kinds else found
    counts = {kind: size(some) for kind, some in kinds.items()}
    return Matches(
        docs=tuple(islice(falling(shown, below=below or TOP), most)),
        exact=tuple(falling(both(shown, exact), below=TOP)),
        total=sum(counts[kind] for kind in narrow.kinds or SearchKind),
        kinds=counts,
        counts={" ".join(term.units): size(one) for term, one in zip(query.terms, met, strict=True) if term.units},
        documents=shape.documents,
        ready=shape.ready,
    )


def _narrowed(conn: Connection, org_id: str, shape: Shape, *, narrow: Narrow, sight: Sight) -> Docs:
    found = shape.everything
    named = (("status", narrow.status), ("queue", narrow.queue), ("owner", narrow.owner_id))
    for name, value in named:
        if value:
            found = both(found, _facet(conn, org_id, f"{name}:{value}"))
    source = search_sources.c
    for column, value in ((source.contact_id, narrow.contact_id), (source.account_id, narrow.account_id)):
        if value:
            found = both(found, _of_sources(conn, and_(source.org_id == org_id, column == value)))
    if narrow.from_ms or narrow.to_ms:
        found = both(found, _in_time(conn, org_id, narrow))
    return found if sight.everything else both(found, _seen(conn, org_id, shape.kinds, sight))


def _in_time(conn: Connection, org_id: str, narrow: Narrow) -> Docs:
    facet = search_facets.c
    if narrow.to_ms and narrow.from_ms:
        return _facets(conn, org_id, facets.between(narrow.from_ms, narrow.to_ms))
    # Open at one end: by months, whose names sort as they follow each other.
    conditions: list[ColumnElement[bool]] = [facet.facet.like("month:%")]
    if narrow.from_ms:
        conditions.append(facet.facet >= facets.of_time(narrow.from_ms)[1])
    if narrow.to_ms:
        conditions.append(facet.facet <= facets.of_time(narrow.to_ms - 1)[1])
    return _rows_of(conn, facet.org_id == org_id, *conditions)


def _seen(conn: Connection, org_id: str, kinds: Mapping[SearchKind, Docs], sight: Sight) -> Docs:
    """Return what somebody may see; the union of all that gives him sight."""
    told = either(kinds.get(SearchKind.CASE, {}), kinds.get(SearchKind.MESSAGE, {}))
    if not sight.all_cases:
        told = both(told, _seen_cases(conn, org_id, sight))
    if sight.all_customers:
        return either(told, kinds.get(SearchKind.CONTACT, {}), kinds.get(SearchKind.ACCOUNT, {}))
    source = search_sources.c
    customers = or_(
        and_(source.kind == "contact", source.ref_id.in_(contacts_of(org_id, sight))),
        and_(source.kind == "account", source.ref_id.in_(accounts_of(org_id, sight))),
    )
    return either(told, _of_sources(conn, and_(source.org_id == org_id, customers)))


def _seen_cases(conn: Connection, org_id: str, sight: Sight) -> Docs:
    """Return the cases somebody sees, and their messages; of those of his teams and queues the index knows itself."""
    names = [f"owner:{sight.user_id}"]
    if sight.visibility.cases is CasesSeen.TEAM:
        names += [*(f"queue:{one}" for one in sight.queues), *(f"team:{one}" for one in sight.teams)]
    own = replace(sight, visibility=replace(sight.visibility, cases=CasesSeen.OWN))
    at_hand = select(cases.c.id).where(cases.c.org_id == org_id, cases_seen(org_id, own))
    source = search_sources.c
    sources = or_(
        source.case_id.in_(at_hand),
        and_(source.kind == "case", source.ref_id.in_(at_hand)),
        and_(source.kind == "interaction", source.ref_id.in_(held(org_id, sight, "interaction_id"))),
    )
    return either(_facets(conn, org_id, names), _of_sources(conn, and_(source.org_id == org_id, sources)))


def _facet(conn: Connection, org_id: str, name: str) -> Docs:
    return _facets(conn, org_id, [name])


def _facets(conn: Connection, org_id: str, names: Sequence[str]) -> Docs:
    sets = [
        _rows_of(conn, search_facets.c.org_id == org_id, search_facets.c.facet.in_(names[start : start + CHUNK]))
        for start in range(0, len(names), CHUNK)
    ]
    return either(*sets)


def _rows_of(conn: Connection, *conditions: ColumnElement[bool]) -> Docs:
    return united((block, docs) for block, docs in conn.execute(_FACETS.where(*conditions)))


def _of_sources(conn: Connection, condition: ColumnElement[bool]) -> Docs:
    kept = conn.scalars(select(search_sources.c.docs).where(condition).limit(SOURCES))
    return docs_of(doc for docs in kept for doc in load_numbers(docs))


def _read_words(conn: Connection, org_id: str, query: Query, *, shape: Shape, blocks: Container[int]) -> _Words:
    """Read the sets of a question's words, of those blocks only that can matter."""
    block_of = {part: block for part, block in shape.block_of.items() if block in blocks}
    choices = [choice for term in (*query.terms, *query.without) for choice in term.choices]
    words = sorted({word for choice in choices for word in choice.words})
    sets = _Words()
    if words:
        _read(conn, org_id, block_of, words, sets.words)
    for prefix in {choice.prefix for choice in choices if choice.prefix}:
        sets.starting[prefix] = _read_starting(conn, org_id, block_of, prefix)
    return sets


def _read(
    conn: Connection, org_id: str, block_of: Mapping[int, int], words: Sequence[str], into: dict[str, Docs]
) -> None:
    parts = sorted(block_of)
    for start in range(0, len(parts), CHUNK):
        wanted = {"org": org_id, "parts": parts[start : start + CHUNK], "words": words}
        for number, name, kept in conn.execute(_WORDS, wanted):
            docs, block = into.setdefault(name, {}), block_of[number]
            docs[block] = docs.get(block, 0) | decode(kept)


def _read_starting(conn: Connection, org_id: str, block_of: Mapping[int, int], prefix: str) -> Docs:
    parts = sorted(block_of, reverse=True)
    found: list[tuple[int, bytes]] = []
    for start in range(0, len(parts), CHUNK):
        some, left = parts[start : start + CHUNK], STARTING - len(found)
        wanted = {"org": org_id, "parts": some, "first": prefix, "last": prefix + LAST, "most": left}
        found += [(block_of[number], kept) for number, kept in conn.execute(_STARTING, wanted)]
    return united(found)


def _exact(conn: Connection, org_id: str, query: Query, view: Docs) -> Docs:
    """Return the documents whose very number or address the question is, among those that may be seen."""
    refs: list[tuple[str, str]] = []
    if query.number:
        case = select(cases.c.id).where(cases.c.org_id == org_id, cases.c.number == query.number)
        refs += [("case", one) for one in conn.scalars(case)]
    address = contact_addresses.c
    if query.addresses:
        those = select(address.contact_id).where(
            address.org_id == org_id, address.channel == "email", address.key.in_(list(query.addresses))
        )
        refs += [("contact", one) for one in conn.scalars(those)]
    for digits in query.phones:
        those = select(address.contact_id).where(
            address.org_id == org_id, address.channel == "phone", address.key.in_([f"+{digits}", digits])
        )
        refs += [("contact", one) for one in conn.scalars(those)]
    found: Docs = {}
    source = search_sources.c
    for kind, ref_id in refs:
        condition = and_(source.org_id == org_id, source.kind == kind, source.ref_id == ref_id)
        found = either(found, _of_sources(conn, condition))
    return both(found, view)
