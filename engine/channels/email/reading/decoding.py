"""Turn bytes of a mail into what they stand for: transfer encodings and character sets, whatever is wrong. Pure.

Broken pieces are passed over, never refused: the raw source is kept, and somebody may want to know the rest.
"""

from __future__ import annotations

import binascii
import codecs
import re
import string
from collections.abc import Iterator, Mapping

from charset_normalizer import from_bytes

from engine.channels.email.reading.splitting import Raw

CHUNK = 1_048_576
GUESSED_BYTES = 20_000
"""Bytes of a text whose character set is not said that are looked at to guess it."""

LABELS: Mapping[str, str] = {
    "cp1252": "iso-8859-1 iso8859-1 latin1 latin-1 l1",
    "cp1254": "iso-8859-9 latin5",
    "cp874": "tis-620 iso-8859-11",
    "gb18030": "gb2312 gbk x-gbk cp936 chinese csgb2312",
    "hz": "hz-gb-2312",
    "big5hkscs": "big5 big5-hkscs x-x-big5 cn-big5",
    "cp932": "shift_jis shift-jis x-sjis sjis windows-31j ms_kanji",
    "iso2022_jp_ext": "iso-2022-jp",
    "euc_jp": "x-euc-jp",
    "cp949": "euc-kr ks_c_5601-1987 ks_c_5601 korean windows-949",
    "utf-7": "unicode-1-1-utf-7",
    "utf-8": "unicode utf8mb4 utf-8-sig",
    "mac_roman": "x-mac-roman macintosh",
}
"""The character set that writers really use, by the labels that their mails bear (https://encoding.spec.whatwg.org/)."""
REALLY: Mapping[str, str] = {label: codec for codec, labels in LABELS.items() for label in labels.split()}
SAYS_NOTHING = frozenset({"ascii", "us-ascii", "x-unknown", "unknown-8bit", "x-user-defined", "default", "unknown"})
"""Labels beneath which anything is found."""

NOT_TEXT = frozenset(
    {
        "base64",
        "bz2",
        "hex",
        "quopri",
        "rot13",
        "uu",
        "zlib",
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
    }
)
"""Codecs of Python that are no character sets."""

_NO_BASE64 = bytes(set(range(256)) - set(string.ascii_letters.encode() + string.digits.encode() + b"+/="))
_PADDED = re.compile(rb"=+")


def decoded(raw: Raw, start: int, end: int, encoding: str) -> Iterator[bytes]:
    """Yield a body without its transfer encoding, in pieces (RFC 2045, section 6); an unknown one is left as it is."""
    match encoding.strip().lower():
        case "base64":
            yield from _base64(raw, start, end)
        case "quoted-printable":
            yield from _quoted_printable(raw, start, end)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            yield from _uuencoded(raw, start, end)
        case _:
            for at in range(start, end, CHUNK):
                yield raw[at : min(at + CHUNK, end)]


def text_of(data: bytes, charset: str, *, guess: bool = True) -> tuple[str, str]:
    """Return bytes as text, and what was wrong: "" or ``charset-unknown``, ``charset-wrong``.

    ``guess``: whether the language is looked at where nobody said the character set; that takes milliseconds.
    """
    label = charset.strip().strip("\"'").lower()
    codec = _codec(label)
    if codec is None:
        return _guessed(data, guess=guess), "charset-unknown" if label and label not in SAYS_NOTHING else ""
    try:
        return _clean(data.decode(codec)), ""
    except (LookupError, ValueError):
        pass
    if codec != "utf_8":
        try:
            return _clean(data.decode("utf-8")), "charset-wrong"
        except UnicodeDecodeError:
            pass
    return _clean(data.decode(codec, "replace")), "charset-wrong"


def _guessed(data: bytes, *, guess: bool) -> str:
    """Return the text of bytes whose character set nobody said."""
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        best = from_bytes(data[:GUESSED_BYTES], chunk_size=512, steps=5).best() if guess else None
        return _clean(data.decode(best.encoding if best else "cp1252", "replace"))


def _codec(label: str) -> str | None:
    """Return the name of Python's codec for a label; None = unknown."""
    name = REALLY.get(label, label)
    if not name or name in SAYS_NOTHING or len(name) > 40 or "\0" in name:
        return None
    try:
        found = codecs.lookup(name).name.replace("-", "_")
    except (LookupError, ValueError):
        return None
    return None if found in NOT_TEXT or found.startswith(("oem", "mbcs")) else found


def _clean(text: str) -> str:
    """Return a text without what databases and screens cannot take: NUL, and halves of characters."""
    text = text.removeprefix("\ufeff").replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:  # there are halves
        return text.encode("utf-8", "replace").decode()
    return text


def _base64(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    """Yield what base64 holds; anything else between its letters is passed over (RFC 2045, section 6.8)."""
    rest = b""
    for at in range(start, end, CHUNK):
        letters = rest + raw[at : min(at + CHUNK, end)].translate(None, _NO_BASE64)
        letters = letters.rstrip(b"=")
        if b"=" in letters:  # several pieces, each padded, one after the other
            *whole, letters = _PADDED.split(letters)
            for piece in whole:
                yield _of_base64(piece)
        keep = len(letters) % 4
        yield _of_base64(letters[: len(letters) - keep])
        rest = letters[len(letters) - keep :]
    yield _of_base64(rest)


def _of_base64(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]  # six bits are no byte
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)) if letters else b""


def _quoted_printable(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    """Yield what quoted-printable stands for, a number of whole lines at a time."""
    at = start
    while at < end:
        stop = min(at + CHUNK, end)
        line_end = raw.rfind(b"\n", at, stop) if stop < end else stop - 1
        stop = stop if line_end < at else line_end + 1
        yield binascii.a2b_qp(raw[at:stop])
        at = stop


def _uuencoded(raw: Raw, start: int, end: int) -> Iterator[bytes]:
    """Yield what uuencode holds, between its lines ``begin`` and ``end``."""
    begun = False
    for line in raw[start:end].splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
        elif line.strip() == b"end":
            return
        else:
            try:
                yield binascii.a2b_uu(line)
            except binascii.Error:
                continue
