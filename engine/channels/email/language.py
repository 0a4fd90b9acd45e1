"""Which language a mail is in: what it says of itself, else a guess by its script and its small words. Pure.

A guess is only worth something where it is nearly always right, since queues go by it: a few words give none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

LONGEST = 1_500
"""Characters that are looked at."""
LEAST_WORDS = 3
"""Small words of a language that make a guess."""
LEAST_LEAD = 1.5
"""It has so many times as many as the next one."""

_TAG = re.compile(r"^\s*([a-z]{2,3})(?:[-_][a-z0-9-_]*)?\s*$", re.IGNORECASE)
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    "ja": re.compile("[\u3041-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7a3\u1100-\u11ff]"),
    "zh": re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
}
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_SMALL: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and is are was you your my we have has not this that with for from please it be can would i to of",
        "de": "der die das und ist sind nicht ich sie wir ihr mein meine mit für auf ein eine haben habe bitte es zu",
        "fr": "le la les et est je vous nous ne pas mon ma mes avec pour dans un une ai avez bonjour merci que de du",
        "es": "el los las y es no mi con para por un una que hola gracias tengo se lo pero muy está su de del",
        "it": "il lo gli e è non mio mia con per un una che ho grazie buongiorno sono della di del questo si",
        "pt": "o os e é não meu minha com para por um uma que obrigado obrigada olá tenho está seu do da em",
        "nl": "de het een en is niet ik u wij mijn met voor op van heb heeft graag bedankt dat dit te",
        "pl": "i w z na jest nie mój moja do się że proszę dziękuję mam co jak to dzień dobry",
        "sv": "och är inte jag ni vi min mitt med för på ett en har hej tack det som att av",
        "da": "og er ikke jeg vi min mit med for på et en har hej tak det som at af",
        "tr": "ve bir bu için ile değil ben siz çok teşekkürler merhaba lütfen olarak var ne de da",
        "cs": "a je není jsem můj moje s na pro že prosím děkuji dobrý den mám to se v",
    }.items()
}


def language_of(declared: str, text: str) -> str:
    """Return the primary tag of a mail's language ("de"), "" where nothing tells.

    ``declared``: its ``Content-Language`` (RFC 3282), believed where it names one language and the script agrees.
    """
    text = text[:LONGEST]
    script = _by_script(text)
    tag = _TAG.match(declared)
    if tag and (not script or tag[1].lower() == script):
        return tag[1].lower()
    return script or _by_words(text)


def _by_script(text: str) -> str:
    """Return the language of the script that most letters are in; "" for Latin ones."""
    letters = 0 if text.isascii() else len(_LETTER.findall(text))
    if not letters:
        return ""
    found = {language: len(pattern.findall(text)) for language, pattern in _SCRIPTS.items()}
    if found["ja"] * 20 > letters and (found["ja"] + found["zh"]) * 3 > letters:
        return "ja"  # Chinese characters are Japanese ones where kana stand among them
    language, most = max(found.items(), key=lambda one: one[1])
    if most * 3 < letters:  # names and addresses are Latin in every mail; one such character is a word
        return ""
    return "uk" if language == "ru" and _UKRAINIAN.search(text) else language


def _by_words(text: str) -> str:
    words = Counter(_WORD.findall(text.lower()))
    scores = sorted(
        ((sum(map(words.__getitem__, small & words.keys())), language) for language, small in _SMALL.items()),
        reverse=True,
    )
    (most, language), (next_most, _other) = scores[0], scores[1]
    return language if most >= LEAST_WORDS and most >= next_most * LEAST_LEAD else ""
