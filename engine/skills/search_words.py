"""Which words a text is found by, the same when it is written down as when it is asked for.

A *unit* is what stands as one in a text: a word of letters and digits, or a single character of a script that puts
no spaces between words (Han, kana, hangul, Thai and its neighbours). Units are folded: compatibility forms (NFKC, so
full-width is half-width), case, and the accents of Latin, Greek and Cyrillic. Traditional and simplified Chinese stay
what they are, and so do the marks of kana and of Indic scripts, which change the letter.

Words that begin with ``*``, ``@`` or ``+`` are no units, and no unit looks like them: beginnings of words, whole e-mail
addresses, the last digits of long numbers. A two-character Chinese word is the pair of its characters, found as such.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

WORD_LENGTH = 64
"""Longer words are known by their beginning."""
SHORT_STARTS = (2, 3)
"""Beginnings that are words of the index; longer ones are looked up in the order of words."""
NUMBER_TAILS = (7, 8)
"""Digits of a long number that must agree: the country's code and a leading zero differ from hand to hand."""

CLUSTER = 4
"""Characters that are folded together and remembered."""

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ADDRESS = re.compile(r"[\w.+'&/=~-]+@[\w-]+(?:\.[\w-]+)+")
_GAP = r"[ \t\u00a0.()/\u2010-\u2015-]{0,3}"
LONG_NUMBER = re.compile(rf"\+?\(?\d(?:{_GAP}\d){{6,}}")
_DIGITS = re.compile(r"\d+")

# Without spaces between words: Thai, Lao, Myanmar, Hangul, Khmer, kana, Han.
_RUNS = (
    (0x0E00, 0x0EFF), (0x1000, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007), (0x303B, 0x303B), (0x3040, 0x30FA),
    (0x30FC, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)  # fmt: skip
_RUN_CHARS = "".join(f"{chr(first)}-{chr(last)}" for first, last in _RUNS)
FLAT_LETTER = rf"[^\W_{_RUN_CHARS}]"
"""What words of a flat text are made of: what is alphanumeric and no unit by itself."""
FLAT_UNIT = re.compile(rf"(?=\w)[{_RUN_CHARS}]|{FLAT_LETTER}+")
"""A unit of a flat text; longer than ``WORD_LENGTH`` it is known by its beginning."""
_ODD = "\0"
_KNOWN = 65_536
_FOLDED_SCRIPTS_END = 0x0590
"""Latin, Greek, Cyrillic and Armenian lie below: their accents are folded."""
_POINTS = ((0x0591, 0x05C7), (0x064B, 0x065F), (0x0670, 0x0670), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
"""Vowel points of Hebrew and Arabic, which are seldom written, and variation selectors."""
_LETTERS = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h"})


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a text, folded, with where it stands in the text as written."""

    text: str
    start: int
    end: int
    run: bool  # one character of a script without spaces
    joined: bool  # nothing stands between the unit before and this one


def units(text: str) -> list[Unit]:
    """Return the units of a text in order."""
    if text.isascii():
        return [
            Unit(found[0][:WORD_LENGTH], found.start(), found.end(), run=False, joined=False)
            for found in _ASCII_WORD.finditer(text.lower())
        ]
    return list(_units(text))


def words_of(text: str) -> set[str]:
    """Return all words that a text is found by."""
    words: set[str] = set()
    before: Unit | None = None
    for unit in units(text):
        word = unit.text
        words.add(word)
        if not unit.run:
            words.update(f"*{word[:length]}" for length in SHORT_STARTS if len(word) >= length)
        elif before is not None and before.run and unit.joined:
            words.add(before.text + word)
        before = unit
    plain = fold(text)
    if "@" in plain:
        words.update(f"@{found}" for found in addresses(plain))
    words.update(number_words(plain))
    return words


def flat(text: str, *, in_place: bool = False) -> str | None:
    """Return a text folded character by character, in which ``FLAT_UNIT`` finds its units.

    None: characters join in it, so that ``units`` must be asked; with ``in_place`` also where a character becomes none
    or several, so that places in what is returned are places in the text.
    """
    if text.isascii():
        return text.lower()
    plain = text.translate(_IN_PLACE if in_place else _FLAT)
    return None if _ODD in plain else plain


def addresses(folded: str) -> list[str]:
    """Return the e-mail addresses in a folded text."""
    return [found.strip(".'") for found in _ADDRESS.findall(folded)]


def number_words(folded: str) -> Iterator[str]:
    """Yield the words of long numbers: what they end with, wherever a group of their digits ends."""
    for found in LONG_NUMBER.finditer(folded):
        digits = ""
        for group in _DIGITS.findall(found[0]):
            digits += group
            for length in NUMBER_TAILS:
                if len(digits) >= length:
                    yield f"+{digits[-length:]}"


def number_word(digits: str) -> str:
    """Return the word by which a long number is found; "" when it is not long."""
    return f"+{digits[-NUMBER_TAILS[-1] :]}" if len(digits) >= NUMBER_TAILS[0] else ""


def fold(text: str) -> str:
    """Return a text with compatibility forms, case and accents folded. Idempotent."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS))
    kept: list[str] = []
    folds = False
    for char in plain:
        if unicodedata.combining(char) and folds:
            continue
        if _within(char, _POINTS) or unicodedata.category(char) == "Cf":
            continue
        if not unicodedata.combining(char):
            folds = ord(char) < _FOLDED_SCRIPTS_END
        kept.append(str(unicodedata.decimal(char)) if char.isdecimal() else char)
    return unicodedata.normalize("NFKC", "".join(kept)).casefold().translate(_LETTERS)


@lru_cache(maxsize=65_536)
def _fold_one(cluster: str) -> str:
    return fold(cluster)


class _Folds(dict[int, str]):
    """What each character becomes by itself; ``_ODD`` where that cannot be said."""

    def __init__(self, *, in_place: bool) -> None:
        super().__init__()
        self._in_place = in_place

    def __missing__(self, point: int) -> str:
        if len(self) >= _KNOWN:
            self.clear()
        char = chr(point)
        folded = _fold_one(char)
        joins = _attaches(char) or any(unicodedata.category(one)[0] == "M" for one in folded)
        self[point] = _ODD if joins or (self._in_place and len(folded) != 1) else folded
        return self[point]


_FLAT, _IN_PLACE = _Folds(in_place=False), _Folds(in_place=True)


def _units(text: str) -> Iterator[Unit]:
    word, start, end, joined = "", 0, 0, False
    touching = False  # the last unit ended where we stand
    for char, begins, ends in _folded(text):
        if _is_run(char):
            if word:
                yield Unit(word[:WORD_LENGTH], start, end, run=False, joined=joined)
                word = ""
            yield Unit(char, begins, ends, run=True, joined=touching)
            touching = True
        elif char.isalnum() or unicodedata.category(char)[0] == "M":
            if not word:
                start, joined = begins, touching
            word, end, touching = word + char, ends, True
        else:
            if word:
                yield Unit(word[:WORD_LENGTH], start, end, run=False, joined=joined)
                word = ""
            touching = False
    if word:
        yield Unit(word[:WORD_LENGTH], start, end, run=False, joined=joined)


def _folded(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each folded character with the place of the characters that it came from."""
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and _attaches(text[end]):
            continue
        for char in _fold_one(text[start:end]) if end - start <= CLUSTER else fold(text[start:end]):
            yield char, start, end
        start = end


@lru_cache(maxsize=65_536)
def _attaches(char: str) -> bool:
    """Say whether a character belongs to the one before: marks, voiced half-width kana, parts of hangul."""
    if char.isascii():
        return False
    return unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf") or char in "ﾞﾟ" or "\u1160" <= char <= "\u11ff"


@lru_cache(maxsize=65_536)
def _is_run(char: str) -> bool:
    return not char.isascii() and _within(char, _RUNS) and (char.isalnum() or unicodedata.category(char)[0] == "M")


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    point = ord(char)
    return any(first <= point <= last for first, last in ranges)
