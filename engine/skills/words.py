"""Find keywords in what a customer wrote.

Both sides are folded first: NFKC makes full-width and compatibility forms equal, ``casefold`` makes case equal
(the two together follow Unicode's NFKC_Casefold closely enough for keywords). Scripts that put no spaces between
words (Chinese, Japanese, Thai, …) and Korean, which glues particles to its words, match anywhere; all others match
whole words only, so that "ill" is not found in "bill". Next to a letter of a spaceless script there is always a
word boundary: "refund" is found in "我要refund".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST_TEXT = 8_192
"""Characters of a text that are looked at; the rest cannot change how it is classified."""

_SPACELESS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul jamo
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # CJK radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, zero
    (0x3040, 0x318F),  # kana, bopomofo, Hangul compatibility jamo
    (0x31A0, 0x31FF),  # bopomofo and kana extensions
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0xAC00, 0xD7FF),  # Hangul syllables
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x20000, 0x3FFFF),  # Han, further extensions
)


def fold(text: str) -> str:
    """Return ``text`` (at most ``LONGEST_TEXT`` characters of it) in the form that is compared."""
    text = text[:LONGEST_TEXT]
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def contains(folded_text: str, keyword: str) -> bool:
    """Say whether ``keyword`` occurs in a text that ``fold`` returned. Takes time linear in the text."""
    wanted = fold(keyword).strip()
    if not wanted:
        return False
    if any(_is_spaceless(char) for char in wanted):
        return wanted in folded_text
    return any(_stands_alone(folded_text, place, wanted) for place in _places(folded_text, wanted))


def _places(text: str, wanted: str) -> Iterable[int]:
    place = text.find(wanted)
    while place >= 0:
        yield place
        place = text.find(wanted, place + len(wanted))


def _stands_alone(text: str, start: int, wanted: str) -> bool:
    end = start + len(wanted)
    before = start == 0 or not (_joins(wanted[0]) and _joins(text[start - 1]))
    after = end == len(text) or not (_joins(wanted[-1]) and _joins(text[end]))
    return before and after


def _joins(char: str) -> bool:
    """Say whether ``char`` continues a word of a script that uses spaces."""
    if char.isascii():
        return char.isalnum() or char == "_"
    if _is_spaceless(char):
        return False
    return char.isalnum() or unicodedata.category(char) in ("Mn", "Mc")


def _is_spaceless(char: str) -> bool:
    if char < "\u0e00":
        return False
    code = ord(char)
    return any(first <= code <= last for first, last in _SPACELESS)
