"""How likely two contacts, or two accounts, are the same. Pure.

The same address is certain: nobody shares one. For the rest points are added: a name as alike as Jaro and Winkler
find it (W. E. Winkler, 1990), and what the two have in common besides. Nothing but a similar name is no suggestion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rapidfuzz.distance import JaroWinkler
from rapidfuzz.fuzz import token_sort_ratio

from engine.customers.addresses import domain_of
from engine.model.customer import EMAIL, PHONE, CompanyTraits, Duplicate, PersonTraits
from engine.model.naming import company_words, person_words

LIKELY = 0.6
"""Score from which a duplicate is suggested."""
ALIKE = 0.85
"""Likeness from which names count as similar."""
MOST = 20

_SAME_NAME = 0.7
_ALIKE_NAME = 0.5
_SAME_ACCOUNT = 0.25
_SAME_DOMAIN = 0.15
_ALIKE_EMAIL = 0.25
_ALIKE_ADDRESS = 0.9

T = TypeVar("T", PersonTraits, CompanyTraits)


def persons(one: PersonTraits, others: Iterable[PersonTraits]) -> tuple[Duplicate, ...]:
    """Return those of ``others`` that are likely the same as ``one``, likeliest first, at most 20."""
    return _likeliest(one, others, compare_persons)


def companies(one: CompanyTraits, others: Iterable[CompanyTraits]) -> tuple[Duplicate, ...]:
    """Return those of ``others`` that are likely the same as ``one``, likeliest first, at most 20."""
    return _likeliest(one, others, compare_companies)


def compare_persons(one: PersonTraits, other: PersonTraits) -> Duplicate | None:
    """Return ``other`` as a duplicate of ``one``, or None."""
    shared = one.addresses & other.addresses
    if shared:
        channels = sorted({channel for channel, _ in shared})
        reasons = [f"same-{channel}" if channel in (EMAIL, PHONE) else "same-address" for channel in channels]
        return _duplicate(other.id, other.name, 1.0, tuple(dict.fromkeys(reasons)), certain=True)
    points, reasons = _name_points(person_words(one.name), person_words(other.name))
    if not points:
        return None
    if one.account_ids & other.account_ids:
        points += _SAME_ACCOUNT
        reasons.append("same-account")
    elif _domains(one) & _domains(other):
        points += _SAME_DOMAIN
        reasons.append("same-domain")
    if _similar_email(one, other):
        points += _ALIKE_EMAIL
        reasons.append("similar-email")
    return _likely(other.id, other.name, points, reasons)


def compare_companies(one: CompanyTraits, other: CompanyTraits) -> Duplicate | None:
    """Return ``other`` as a duplicate of ``one``, or None."""
    reasons = []
    if one.domain and one.domain == other.domain:
        reasons.append("same-domain")
    if one.phone and one.phone == other.phone:
        reasons.append("same-phone")
    points, of_name = _name_points(company_words(one.name), company_words(other.name))
    if reasons or "same-name" in of_name:
        return _duplicate(other.id, other.name, 1.0, (*reasons, *of_name), certain=True)
    return _likely(other.id, other.name, points + 0.15 if points else 0.0, of_name)


def likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """Return how alike two names are, whatever the order of their words, 0 to 1."""
    if not one or not other:
        return 0.0
    straight = JaroWinkler.similarity(" ".join(one), " ".join(other))
    sorted_words = JaroWinkler.similarity(" ".join(sorted(one)), " ".join(sorted(other)))
    return float(max(straight, sorted_words, token_sort_ratio(" ".join(one), " ".join(other)) / 100))


def _name_points(one: Sequence[str], other: Sequence[str]) -> tuple[float, list[str]]:
    if not one or not other:
        return 0.0, []
    if sorted(one) == sorted(other) or "".join(one) == "".join(other):
        return _SAME_NAME, ["same-name"]
    alike = likeness(one, other)
    if alike < ALIKE:
        return 0.0, []
    return _ALIKE_NAME * alike, ["similar-name"]


def _domains(one: PersonTraits) -> set[str]:
    return {domain_of(key) for channel, key in one.addresses if channel == EMAIL} - {""}


def _similar_email(one: PersonTraits, other: PersonTraits) -> bool:
    ours, theirs = (
        [key for channel, key in traits.addresses if channel == EMAIL and domain_of(key)] for traits in (one, other)
    )
    return any(JaroWinkler.similarity(a, b) >= _ALIKE_ADDRESS for a in ours for b in theirs)


def _likely(other_id: str, name: str, points: float, reasons: Sequence[str]) -> Duplicate | None:
    return _duplicate(other_id, name, min(points, 0.99), tuple(reasons)) if points >= LIKELY else None


def _duplicate(other_id: str, name: str, score: float, reasons: tuple[str, ...], *, certain: bool = False) -> Duplicate:
    return Duplicate(id=other_id, name=name, score=round(score, 2), certain=certain, reasons=reasons)


def _likeliest(one: T, others: Iterable[T], compare: Callable[[T, T], Duplicate | None]) -> tuple[Duplicate, ...]:
    found = [compare(one, other) for other in others if other.id != one.id]
    kept = sorted((it for it in found if it is not None), key=lambda it: (-it.score, it.id))
    return tuple(kept[:MOST])
