"""Names of files that came with a mail, made fit for any disk and any screen. Pure."""

from __future__ import annotations

import mimetypes
import re

LONGEST_NAME = 150

_UNFIT = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069<>:\"|?*]+")
_DEVICE = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
USUAL = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/plain": ".txt", "text/html": ".html"}


def safe_name(name: str, content_type: str) -> str:
    r"""Return a name without folders, signs that turn writing round, and what systems forbid; never empty.

    ``invoice\u202efdp.exe``, which reads as a document, becomes ``invoicefdp.exe``.
    """
    plain = _UNFIT.sub("", name.replace("\\", "/")).rpartition("/")[2].strip(" .")
    if not plain:
        plain = "file" + (USUAL.get(content_type) or mimetypes.guess_extension(content_type, strict=True) or ".bin")
    if _DEVICE.match(plain):
        plain = f"_{plain}"
    if len(plain) > LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        short = dot + ending[:20] if dot and stem else ""
        plain = plain[: LONGEST_NAME - len(short)] + short
    return plain
