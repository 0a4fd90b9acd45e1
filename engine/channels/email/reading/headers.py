"""Read the headers of a mail: encoded words, addresses, Message-IDs, dates, parameters. Pure; nothing raises.

RFC 5322, RFC 2047 (encoded words), RFC 2231 (parameters), RFC 6532 (headers in UTF-8), as they are really written.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from functools import lru_cache
from itertools import islice

from engine.channels.email.reading.addresses import named
from engine.channels.email.reading.decoding import decoded, text_of
from engine.model.mail import Mailbox

MOST_ADDRESSES = 500
MOST_IDS = 100
LONGEST_ADDRESS = 320
LONGEST_NAME = 200
LONGEST_ID = 900
"""Bytes; RFC 5322 has lines of 998 at most."""
LONGEST_VALUE = 10_000
LATEST_MS = 4_102_444_800_000
"""The year 2100: what lies beyond is no date of a mail."""

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bqBQ])\?([^?]{0,5000})\?=")
_BETWEEN = re.compile(r"(\?=)[ \t]+(?==\?)")
_ID = re.compile(r"<\s*([^<>\s]{1,900})\s*>")
_BARE_ID = re.compile(r"[^<>\s,;\"]{1,400}@[^<>\s,;\"]{1,400}")
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def words(value: bytes) -> str:
    """Return a header's text, its encoded words decoded."""
    if value.isascii() and b"=?" not in value and (plain := value[: LONGEST_VALUE * 4].decode()).isprintable():
        return " ".join(plain.split())[:LONGEST_VALUE]  # as most are
    text, _fault = text_of(value[: LONGEST_VALUE * 4], "utf-8" if _is_utf8(value) else "", guess=False)
    joined = _BETWEEN.sub(r"\1", text)
    return " ".join(_NO_NAME.sub(" ", _decoded_words(joined)).split())[:LONGEST_VALUE]


def mailboxes(value: bytes) -> tuple[Mailbox, ...]:
    """Return whom a header names; the names are decoded after the addresses were told apart."""
    text, _fault = text_of(value, "utf-8" if _is_utf8(value) else "", guess=False)
    found = []
    for name, address in islice(named(text), MOST_ADDRESSES):
        email = _NO_NAME.sub("", address).strip().strip("<>").replace(" ", "")[:LONGEST_ADDRESS]
        plain = " ".join(_NO_NAME.sub(" ", _decoded_words(_BETWEEN.sub(r"\1", name))).split())[:LONGEST_NAME]
        if "@" in email or plain:
            found.append(Mailbox(email=email, name=plain))
    return tuple(found)


def ids(value: bytes) -> tuple[str, ...]:
    """Return the Message-IDs in a header, each once; also such as lack their angle brackets.

    Encoded words have no place there (RFC 2047, section 5), but some programs fold long ids so.
    """
    text = value.decode("utf-8", "replace").replace("\0", "")
    if "=?" in text:
        text = _decoded_words(_BETWEEN.sub(r"\1", text))
    found = _ID.findall(text) or _BARE_ID.findall(text[:LONGEST_VALUE])
    fitting = (one for one in found if len(one.encode("utf-8")) <= LONGEST_ID)  # an index takes no longer ones
    return tuple(dict.fromkeys(fitting))[-MOST_IDS:]


def date_ms(value: bytes) -> int:
    """Return a date in milliseconds, 0 when it cannot be read."""
    try:
        moment = parsedate_to_datetime(value.decode("ascii", "replace")[:200])
        at_ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0
    return at_ms if 0 < at_ms < LATEST_MS else 0


@lru_cache(maxsize=64)
def parameter(value: bytes, name: str, *, of: str = "content-type") -> str:
    """Return a parameter of a structured header, decoded by RFC 2231 or, where people do that, RFC 2047."""
    if name.encode() not in value.lower():
        return ""
    message = Message()
    message[of] = value[:LONGEST_VALUE].decode("utf-8", "surrogateescape").replace("\r", " ").replace("\n", " ")
    try:
        found = message.get_param(name, "", header=of)
        text = collapse_rfc2231_value(found) if found else ""
    except (ValueError, LookupError, IndexError, TypeError, AttributeError):
        return ""
    return words(text.encode("utf-8", "surrogateescape"))


def disposition(value: bytes) -> str:
    """Return how a part is to be shown: ``inline``, ``attachment``, "" when it does not say."""
    return value.decode("ascii", "replace").partition(";")[0].strip().lower()[:40]


def _decoded_words(text: str) -> str:
    """Return text with its encoded words decoded; neighbours of one charset are joined first, as characters are cut."""
    pieces: list[str] = []
    held, charset, at = bytearray(), "", 0

    def release() -> None:
        if held:
            pieces.append(text_of(bytes(held), charset, guess=False)[0])
            held.clear()

    for word in _WORD.finditer(text):
        if word.start() > at:
            release()
            pieces.append(text[at : word.start()])
        named = word.group(1).partition("*")[0].lower()  # RFC 2231, section 5: a language may follow
        if named != charset:
            release()
            charset = named
        held += _bytes_of(word.group(2), word.group(3))
        at = word.end()
    release()
    return "".join((*pieces, text[at:]))


def _bytes_of(encoding: str, said: str) -> bytes:
    data = said.encode("utf-8", "replace")
    if encoding in "qQ":
        return b"".join(decoded(data.replace(b"_", b" "), 0, len(data), "quoted-printable"))
    return b"".join(decoded(data, 0, len(data), "base64"))


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
