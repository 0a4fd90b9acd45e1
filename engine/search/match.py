"""Where the terms of a question stand in a text, how well the text answers, and which piece of it is shown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.model.search import Found, Marked, Query, Term
from engine.skills.search_words import LONG_NUMBER, Unit, number_word, number_words, units

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A text as the question sees it: where each term stands in title and body."""

    title: tuple[tuple[Span, ...], ...]
    body: tuple[tuple[Span, ...], ...]
    length: int  # units


def look(found: Found, query: Query) -> Seen | None:
    """Return where the terms stand; None when the text, looked at, does not answer the question."""
    title, body = found.document.title, found.document.body
    title_units, body_units = units(title), units(body)
    in_title = tuple(spans(title, title_units, term) for term in query.terms)
    in_body = tuple(spans(body, body_units, term) for term in query.terms)
    for term, above, below in zip(query.terms, in_title, in_body, strict=True):
        if term.exact and not above and not below:
            return None
    for term in query.without:
        if term.exact and (spans(title, title_units, term) or spans(body, body_units, term)):
            return None
    return Seen(title=in_title, body=in_body, length=len(title_units) + len(body_units))


def spans(text: str, of: Sequence[Unit], term: Term) -> tuple[Span, ...]:
    """Return where a term stands in a text, which has these units; overlapping places are left out."""
    if not term.units:
        return _numbers(text, term.digits)
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


def score(seen: Seen, query: Query, *, counts: Mapping[str, int], documents: int, age_ms: int) -> float:
    """Return how well a text answers: rare words count more, repetition less and less, a title more, age less."""
    relevance = 0.0
    for term, above, below in zip(query.terms, seen.title, seen.body, strict=True):
        often = TITLE_WEIGHT * len(above) + len(below)
        holders = min(documents, counts.get(" ".join(term.units), 0))
        rarity = math.log(1 + (documents - holders + 0.5) / (holders + 0.5))
        weight = often + K1 * (1 - B + B * seen.length / USUAL_LENGTH)
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
