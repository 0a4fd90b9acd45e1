"""The spam guard: what is seen in a submission, and what becomes of it. Pure.

Each rule has a name, which is the reason that is recorded, counted and, where it refuses, told to the sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.model.form import Guarding, SpamGuard, Unproven

SCANNED = 40_000
"""Characters of a submission that are looked through."""
_LINK = re.compile(r"(?:https?://|www\.)|\[url[=\]]|<a\s", re.IGNORECASE)
_HEADER = re.compile(r"(?:^|[\r\n])\s*(?:b?cc|reply-to|content-type|mime-version)\s*:", re.IGNORECASE)
_WORD = re.compile(r"\w")


class Decision(StrEnum):
    """What becomes of a submission."""

    ACCEPT = "accept"
    HOLD = "hold"
    REFUSE = "refuse"


class Human(StrEnum):
    """What the CAPTCHA's provider said."""

    UNASKED = "unasked"  # none is configured
    NONE = "none"  # the browser has no scripts, and so no answer
    YES = "yes"
    NO = "no"
    AWAY = "away"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is known of a submission."""

    lines: Sequence[str]  # as they came, of fields of one line
    text: str  # all that was written
    sender: str = ""  # e-mail address, as it is compared
    age_ms: int = 0  # since the page was made
    honeypot: bool = False  # the hidden field was filled in
    proven: bool = True  # the proof of work is there
    human: Human = Human.UNASKED
    repeated: bool = False  # the same was sent a short time ago


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What becomes of a submission, and why."""

    decision: Decision
    reasons: tuple[str, ...] = ()


def judge(guard: SpamGuard, seen: Seen) -> Verdict:
    """Ask every rule; the strictest answer counts, with the names of all rules that saw something."""
    held, refused = list[str](), list[str]()
    for name, what in _found(guard, seen):
        if what is Guarding.HOLD:
            held.append(name)
        elif what is Guarding.REFUSE:
            refused.append(name)
    if refused:
        return Verdict(decision=Decision.REFUSE, reasons=tuple(refused))
    return Verdict(decision=Decision.HOLD if held else Decision.ACCEPT, reasons=tuple(held))


def _found(guard: SpamGuard, seen: Seen) -> Iterator[tuple[str, Guarding]]:
    text = seen.text[:SCANNED]
    if seen.honeypot:
        yield "honeypot", guard.honeypot
    if seen.age_ms < guard.least_fill_ms:
        yield "too-fast", guard.too_fast
    if sum(1 for _ in _LINK.finditer(text)) > guard.most_links:
        yield "links", guard.links
    if _blocked_word(guard.words, text) or blocked_sender(guard.senders, seen.sender):
        yield "blocked", guard.blocked
    if any("\n" in line or "\r" in line or _HEADER.search(line[:SCANNED]) for line in seen.lines):
        yield "headers", guard.headers
    if seen.repeated:
        yield "duplicate", guard.duplicates
    if not seen.proven:
        yield "no-work", Guarding.HOLD if guard.without_work is Unproven.HOLD else Guarding.OFF
    yield from _human(guard, seen.human)


def _human(guard: SpamGuard, human: Human) -> Iterator[tuple[str, Guarding]]:
    if guard.captcha is None:
        return
    if human is Human.NO:
        yield "captcha", Guarding.REFUSE
    elif human is Human.NONE:
        yield "no-captcha", Guarding.HOLD
    elif human is Human.AWAY:
        held = guard.captcha.when_away is Unproven.HOLD
        yield "captcha-away", Guarding.HOLD if held else Guarding.OFF


def _blocked_word(words: Sequence[str], text: str) -> bool:
    """Say whether a word stands in the text: whole, where the script has spaces between words."""
    folded = text.casefold()
    return any(_stands(word.casefold(), folded) for word in words)


def _stands(word: str, text: str) -> bool:
    start = text.find(word)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(word) : start + len(word) + 1]
        spaced = word.isascii()
        if not spaced or not (_WORD.match(before or " ") or _WORD.match(after or " ")):
            return True
        start = text.find(word, start + 1)
    return False


def blocked_sender(senders: Sequence[str], sender: str) -> bool:
    """Say whether an address, its domain, or one above it is blocked."""
    domain = sender.rpartition("@")[2]
    for blocked in senders:
        one = blocked.casefold()
        if "@" in one:
            if sender == one:
                return True
        elif domain and (domain == one or domain.endswith(f".{one}")):
            return True
    return False
