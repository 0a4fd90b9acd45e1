"""Open Outlook's own envelope, ``winmail.dat`` (TNEF, [MS-OXTNEF]). Pure; one that cannot be opened is a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from tnefparse import TNEF  # type: ignore[import-untyped] # it has no types

LARGEST = 52_428_800
"""Bytes of an envelope that is opened."""

logging.getLogger("tnef-decode").setLevel(logging.CRITICAL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What was within."""

    text: str = ""
    html: str = ""
    files: tuple[tuple[str, bytes], ...] = ()  # (name, content)


def opened(data: bytes) -> Envelope | None:
    """Return what is in an envelope; None when it is none, is broken, or is too large."""
    if len(data) > LARGEST:
        return None
    try:
        envelope = TNEF(data, do_checksum=False)
        files = tuple((str(one.long_filename() or one.name or ""), bytes(one.data)) for one in envelope.attachments)
        return Envelope(text=_text(envelope.body), html=_text(envelope.htmlbody), files=files)
    except Exception:  # noqa: BLE001 - the library raises whatever it meets in what a stranger sent
        return None


def _text(said: object) -> str:
    if isinstance(said, bytes):
        return said.decode("utf-8", "replace").replace("\0", "")
    return str(said).replace("\0", "") if said else ""
