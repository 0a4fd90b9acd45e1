"""Where the terms of a question stand in a text, how well the text answers, and which piece of it is shown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.model.search import Found, Marked, Query, Term
from engine.skills.search_words import (
    FLAT_LETTER,
    FLAT_UNIT,
    LONG_NUMBER,
    WORD_LENGTH,
    Unit,
    flat,
    number_word,
    number_words,
    units,
)

Span = tuple[int, int]

SNIPPET = 200
"""Characters shown of a text."""
LEAD = 40
"""Characters shown before what was found."""
TITLE_WEIGHT = 3
HALF_LIFE_MS = 30 * 86_400_000
RECENCY = 0.6
"""Share of a score that age takes away in the end."""
K1, B, USUAL_LENGTH = 1.2, 0.5, 40
"""Okapi BM25 (Robertson and Zaragoza, 2009): how soon repetition stops counting; how much length does; units."""

_DIGIT = re.compile(r"\D")
_LETTER = re.compile(FLAT_LETTER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """How well a text answers: how often each term stands in title and body."""

    title: tuple[int, ...]
    body: tuple[int, ...]
    length: int  # units


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A text as the question sees it: where each term stands in title and body."""

    title: tuple[tuple[Span, ...], ...]
    body: tuple[tuple[Span, ...], ...]


def meet(found: Found, query: Query) -> Met | None:
    """Return how often the terms are met; None when the text, looked at, does not answer the question."""
    title, body = _Text(found.document.title), _Text(found.document.body)
    above = tuple(title.often(term) for term in query.terms)
    below = tuple(body.often(term) for term in query.terms)
    for term, *times in zip(query.terms, above, below, strict=True):
        if term.exact and not any(times):
            return None
    if any(term.exact and (title.often(term) or body.often(term)) for term in query.without):
        return None
    return Met(title=above, body=below, length=title.length + body.length)


def look(found: Found, query: Query) -> Seen:
    """Return where the terms stand."""
    title, body = found.document.title, found.document.body
    return Seen(title=_places(title, query), body=_places(body, query))


class _Text:
    """A text in which terms are counted: without their places, which is a tenth of the work where nothing joins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._flat = flat(text)
        self._units = units(text) if self._flat is None else []

    @property
    def length(self) -> int:
        """Count the units."""
        return len(self._units) if self._flat is None else len(FLAT_UNIT.findall(self._flat))

    def often(self, term: Term) -> int:
        """Count how often a term stands there."""
        if not term.units:
            return len(_numbers(self._text, term.digits))
        if self._flat is None:
            return len(spans(self._units, term))
        return len(_pattern(term).findall(self._flat))


def _places(text: str, query: Query) -> tuple[tuple[Span, ...], ...]:
    plain = flat(text, in_place=True)
    of = units(text) if plain is None else ()
    places: list[tuple[Span, ...]] = []
    for term in query.terms:
        if not term.units:
            places.append(_numbers(text, term.digits))
        elif plain is None:
            places.append(spans(of, term))
        else:
            places.append(tuple(found.span() for found in _pattern(term).finditer(plain)))
    return tuple(places)


@lru_cache(maxsize=1_024)
def _pattern(term: Term) -> re.Pattern[str]:
    """Return what a term is in a flat text: its units, with nothing between them that is one."""
    pieces: list[str] = []
    for number, unit in enumerate(term.units):
        if not _LETTER.match(unit):  # a character that is a unit by itself
            pieces.append(re.escape(unit))
            continue
        more = (term.open and number == len(term.units) - 1) or len(unit) >= WORD_LENGTH
        tail = f"{FLAT_LETTER}*" if more else ""
        pieces.append(f"(?<!{FLAT_LETTER}){re.escape(unit)}{tail}(?!{FLAT_LETTER})")
    return re.compile(r"[\W_]*".join(pieces))


def spans(of: Sequence[Unit], term: Term) -> tuple[Span, ...]:
    """Return where the units of a term stand among those of a text; overlapping places are left out."""
    places: list[Span] = []
    first, width = term.units[0], len(term.units)
    after = 0
    for number, unit in enumerate(of):
        if number < after or not (unit.text == first or (width == 1 and term.open)):
            continue
        some = of[number : number + width]
        if _agree(some, term):
            places.append((unit.start, some[-1].end))
            after = number + width
    return tuple(places)


def _agree(some: Sequence[Unit], term: Term) -> bool:
    if len(some) < len(term.units):
        return False
    *others, last = zip(some, term.units, strict=True)
    if any(unit.text != wanted for unit, wanted in others):
        return False
    return last[0].text.startswith(last[1]) if term.open else last[0].text == last[1]


def _numbers(text: str, digits: str) -> tuple[Span, ...]:
    word = number_word(digits)
    return tuple(
        found.span()
        for found in LONG_NUMBER.finditer(text)
        if word in number_words(found[0]) or _DIGIT.sub("", found[0]).startswith(digits)
    )


def score(met: Met, query: Query, *, counts: Mapping[str, int], documents: int, age_ms: int) -> float:
    """Return how well a text answers: rare words count more, repetition less and less, a title more, age less."""
    relevance = 0.0
    for term, above, below in zip(query.terms, met.title, met.body, strict=True):
        often = TITLE_WEIGHT * above + below
        holders = min(documents, counts.get(" ".join(term.units), 0))
        rarity = math.log(1 + (documents - holders + 0.5) / (holders + 0.5))
        weight = often + K1 * (1 - B + B * met.length / USUAL_LENGTH)
        relevance += rarity * often * (K1 + 1) / weight
    fresh = math.exp2(-max(0, age_ms) / HALF_LIFE_MS)
    return (relevance if query.terms else 1.0) * (1 - RECENCY + RECENCY * fresh)


def shown(text: str, places: Sequence[Sequence[Span]]) -> Marked:
    """Return the piece of a text around what was found, with marks; its beginning when nothing was."""
    every = _apart(span for one in places for span in one)
    begin = _best(places, every)
    start = max(0, begin - LEAD) if begin + SNIPPET - LEAD < len(text) else max(0, len(text) - SNIPPET)
    start = min(start, begin)
    if 0 < start < begin:
        space = text.rfind(" ", start, begin)
        start = text.find(" ", start, begin) + 1 if space >= 0 else start
    end = min(len(text), start + SNIPPET)
    marks = tuple((first - start, min(last, end) - start) for first, last in every if first >= start and first < end)
    return Marked(text=text[start:end], marks=marks)


def whole(text: str, places: Sequence[Sequence[Span]]) -> Marked:
    """Return a text with marks on what was found."""
    return Marked(text=text, marks=tuple(_apart(span for one in places for span in one)))


def _best(places: Sequence[Sequence[Span]], every: Sequence[Span]) -> int:
    """Return where the stretch begins that shows the most different terms; the first of those."""
    best, begin = 0, every[0][0] if every else 0
    for start, _ in every[:50]:
        terms = sum(any(start <= first < start + SNIPPET - LEAD for first, _ in one) for one in places)
        if terms > best:
            best, begin = terms, start
    return begin


def _apart(all_spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap joined."""
    joined: list[Span] = []
    for first, last in sorted(all_spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
