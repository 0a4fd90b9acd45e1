"""Names as they are compared: folded to words, and to short keys under which likely duplicates are found.

A key is looked up for equality only, which every database can index: no prefix, no trigram. It keeps the sound of a
name (after R. C. Russell's Soundex, US patent 1,261,167) and forgets the order of its words, so that most misspellings
keep the key. Names in Chinese, Japanese and Korean characters have no spaces: there the last two characters are it.
How alike two names of one key are is judged by ``engine/customers/duplicates.py``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

LONGEST = 200
"""Characters of a name that are looked at."""
WORDS = 5
"""Words of a name that make keys."""
BIGRAMS = 8
"""Pairs of characters of a company's name that are looked up."""

_IDEOGRAPHS = r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]+|[^\W_{_IDEOGRAPHS}]+")
_IS_IDEOGRAPH = re.compile(rf"[{_IDEOGRAPHS}]")
_INNER_DOT = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_COMBINING = re.compile("[\u0300-\u036f]")  # accents; Japanese voicing marks and Korean letters stay
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})

_CLASSES = {
    letter: digit
    for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), start=1)
    for letter in letters
}
_ADDRESSES = "mr mrs ms miss mx dr prof sir herr frau hr fr monsieur madame mme mlle senor senora sr sra"
_FORMS_OF_ADDRESS = frozenset(_ADDRESSES.split())
_ADDRESS_AFTER = ("先生", "女士", "小姐", "太太", "さん", "さま", "様", "님", "씨")
_FORMS = (
    "gmbh ggmbh mbh ag kg kgaa ohg gbr ug ek se ltd limited llc llp lp inc incorporated corp corporation co company "
    "plc sa sas sasu sarl srl spa bv nv oy oyj ab as aps kft zrt doo sro pty pte sdn bhd kk cia ltda 株 有"
)
_LEGAL_FORMS = frozenset(_FORMS.split())
_LITTLE_WORDS = frozenset({"and", "und", "et", "y", "e", "the", "der", "die", "das"})
_LEGAL_AFTER = (
    "股份有限公司", "有限责任公司", "有限責任公司", "有限公司", "集团公司", "集團公司", "株式会社", "有限会社",
    "合同会社", "주식회사", "유한회사", "公司", "集团", "集團",
)  # fmt: skip
_TRADES_AFTER = ("科技", "技术", "技術", "贸易", "貿易", "商贸", "商貿", "实业", "實業", "网络", "網絡", "信息", "控股")


def folded(text: str) -> str:
    """Return ``text`` without what nobody minds: width, case, accents, ligatures."""
    if text.isascii():
        return text[:LONGEST].lower()
    text = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    text = _COMBINING.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", text).translate(_LETTERS)


def words(text: str) -> list[str]:
    """Return the folded words of ``text``; a run of ideographs is one word."""
    text = folded(text)
    return _WORD.findall(_INNER_DOT.sub("", text) if "." in text else text)


def person_words(name: str) -> list[str]:
    """Return the words of a person's name without forms of address."""
    found = [_without(one, _ADDRESS_AFTER) for one in words(name)]
    return [one for one in found if one not in _FORMS_OF_ADDRESS and one not in _ADDRESS_AFTER] or found


def company_words(name: str) -> list[str]:
    """Return the words of a company's name without its legal form and little words."""
    found = [_core(one) for one in words(name)]
    kept = [one for one in found if one and one not in _LITTLE_WORDS]
    while len(kept) > 1 and kept[-1] in _LEGAL_FORMS:
        kept.pop()
    while len(kept) > 1 and kept[0] in _LEGAL_FORMS:
        kept.pop(0)
    return kept or found


def person_key(name: str) -> str:
    """Return the key under which a person is kept; ``""`` without a name."""
    found = person_words(name)
    given = _given(found)
    if given:
        return given
    return _joined(sorted(found, key=len, reverse=True)[:2])


def person_keys(name: str) -> tuple[str, ...]:
    """Return every key under which the same person may be kept, his own first; at most 11."""
    found = person_words(name)
    longest = sorted((one for one in found if not _IS_IDEOGRAPH.match(one)), key=len, reverse=True)[:WORDS]
    pairs = (_joined(pair) for pair in combinations(longest, 2))
    return _different([person_key(name), *pairs])


def company_key(name: str) -> str:
    """Return the key under which a company is kept; ``""`` without a name."""
    found = company_words(name)
    if not found:
        return ""
    return _trade(found[0])[-2:] if _IS_IDEOGRAPH.match(found[0]) else sound(found[0])


def company_keys(name: str) -> tuple[str, ...]:
    """Return every key under which the same company may be kept, its own first; at most 14."""
    keys = [company_key(name)]
    for one in company_words(name)[:WORDS]:
        if not _IS_IDEOGRAPH.match(one):
            keys.append(sound(one))
            continue
        core = _trade(one)
        keys += [core[at : at + 2] for at in range(len(core) - 1)][-BIGRAMS:]
    return _different(keys)[: WORDS + BIGRAMS + 1]


@lru_cache(maxsize=8_192)
def sound(word: str) -> str:
    """Return the Soundex code of a folded word: its first letter and three classes of consonants.

    Kept for some thousand words: it is computed for whoever arrives, and most first names are common.
    """
    code, before = word[:1], _CLASSES.get(word[:1], 0)
    for letter in word[1:]:
        found = _CLASSES.get(letter, 0)
        if found and found != before:
            code += str(found)
        elif letter.isdigit():
            code += letter
        if letter not in "hw":
            before = found
    return code[:4].ljust(4, "0")


def _given(found: Sequence[str]) -> str:
    """Return the last two characters of a name in ideographs: the given name, of which there are more than families."""
    together = "".join(one for one in found if not one.isascii() and _IS_IDEOGRAPH.match(one))
    return together[-2:]


def _joined(pair: Iterable[str]) -> str:
    return " ".join(sorted(sound(one) for one in pair))


def _without(word: str, endings: Sequence[str]) -> str:
    if word.isascii():
        return word
    ending = next((one for one in endings if word.endswith(one) and len(word) > len(one)), "")
    return word.removesuffix(ending)


def _core(word: str) -> str:
    if word in _LEGAL_AFTER or not _IS_IDEOGRAPH.match(word):
        return word
    beginning = next((one for one in _LEGAL_AFTER if word.startswith(one) and len(word) > len(one)), "")
    return _without(word.removeprefix(beginning), _LEGAL_AFTER)


def _trade(word: str) -> str:
    """Return a company's name without the trade it ends with: half of them share one."""
    return _without(word, _TRADES_AFTER)


def _different(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in keys if one))
