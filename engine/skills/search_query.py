"""Read what a person types into a search field.

Words are all wanted, in any order; ``"…"`` wants them side by side; ``-word`` or ``-"…"`` wants none of it;
``word*``, and the last word while it is being typed, wants what begins so. What is written without a space is side by
side: a Chinese word, ``l'eau``, ``INV-2026-17``. An e-mail address is one word, and so is a long number in any writing.
"""

import re
from collections.abc import Iterator

from engine.model.search import Choice, Query, Term
from engine.skills.search_words import LONG_NUMBER, SHORT_STARTS, Unit, addresses, fold, number_word, units

_PARTS = re.compile(r'(?P<minus>-?)"(?P<phrase>[^"]*)"?|(?P<word>\S+)')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "「": '"', "」": '"', "－": "-", "−": "-"})
_CASE_NUMBER = re.compile(r"#?\s*(\d{1,15})")
_ONE_WORD = re.compile(r"[+(]?\d+")


def parse(text: str) -> Query:
    """Return the question that ``text`` asks; never fails: what has no words asks for nothing."""
    text = text.replace("\0", " ").translate(_QUOTES)
    rest, numbers = _take_numbers(text)
    terms = [_of_number(digits, found) for digits, found in numbers]
    without: list[Term] = []
    last = text.rstrip() == text
    parts = list(_PARTS.finditer(rest))
    for part in parts:
        typing = last and part is parts[-1] and part.end() == len(rest)
        minus, made = _of_part(part, typing=typing)
        (without if minus else terms).extend(made)
    number = _CASE_NUMBER.fullmatch(fold(text).strip())
    return Query(
        terms=tuple(terms),
        without=tuple(without),
        number=int(number[1]) if number else 0,
        addresses=tuple(addresses(fold(text))),
        phones=tuple(digits for digits, _ in numbers),
    )


def _take_numbers(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Take long numbers out of the text, except from quotes and from words; return what is left, and them."""
    plain = fold(text)
    if len(plain) != len(text):  # places would not agree
        return text, []
    numbers: list[tuple[str, str]] = []
    rest = text
    for found in LONG_NUMBER.finditer(plain):
        alone = (found.start() == 0 or plain[found.start() - 1].isspace()) and (
            found.end() == len(plain) or plain[found.end()].isspace()
        )
        if alone and plain.count('"', 0, found.start()) % 2 == 0:
            numbers.append((re.sub(r"\D", "", found[0]), found[0]))
            rest = rest[: found.start()] + " " * (found.end() - found.start()) + rest[found.end() :]
    return rest.rstrip() if numbers else rest, numbers


def _of_number(digits: str, written: str) -> Term:
    choices = [Choice(words=(number_word(digits),))]
    if _ONE_WORD.fullmatch(written):  # may also be the beginning of a longer one
        choices.append(Choice(prefix=digits))
    return Term(choices=tuple(choices), digits=digits)


def _of_part(part: re.Match[str], *, typing: bool) -> tuple[bool, list[Term]]:
    phrase = part["phrase"]
    if phrase is not None:
        return bool(part["minus"]), list(_of_units(units(phrase), beginning=False, side_by_side=True))
    word = part["word"]
    minus = word.startswith("-") and len(word) > 1
    word = word[1:] if minus else word
    found = addresses(fold(word))
    if found and fold(word).strip(".,;<>()") == found[0]:
        return minus, [Term(choices=(Choice(words=(f"@{found[0]}",)),), units=tuple(u.text for u in units(word)))]
    beginning = word.endswith("*") or (typing and not minus and word[-1].isalnum())
    return minus, list(_of_units(units(word), beginning=beginning, side_by_side=True))


def _of_units(found: list[Unit], *, beginning: bool, side_by_side: bool) -> Iterator[Term]:
    """Yield the term of units that stand side by side; nothing when there are none."""
    if not found:
        return
    last = found[-1]
    is_open = beginning and not last.run and len(last.text) >= SHORT_STARTS[0]
    words, prefix = _words(found[:-1] if is_open else found), ""
    if is_open and len(last.text) <= SHORT_STARTS[-1]:
        words.append(f"*{last.text}")
    elif is_open:
        prefix = last.text
    # One unit, or one pair, is told by the index exactly.
    sure = len(found) == 1 or (len(found) == 2 and len(words) == 1)
    yield Term(
        choices=(Choice(words=tuple(words), prefix=prefix),),
        units=tuple(unit.text for unit in found),
        open=is_open,
        exact=side_by_side and not sure,
    )


def _words(found: list[Unit]) -> list[str]:
    """Return the words of the index that units side by side are found by."""
    words: list[str] = []
    for number, unit in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        before = found[number - 1] if number else None
        if unit.run and after is not None and after.run and after.joined:
            words.append(unit.text + after.text)
        elif not (unit.run and before is not None and before.run and unit.joined):
            words.append(unit.text)
    return words
