"""Identifiers: UUID version 7, which sort by time (RFC 9562, section 5.7)."""

from __future__ import annotations

OrgId = str
"""Organisation id, ``[a-z0-9-]{1,40}``."""

_RANDOM_BYTES = 10


def make_id(now_ms: int, random_bytes: bytes) -> str:
    """Build a UUIDv7 from ``now_ms`` (48 bits) and ten random bytes (74 bits are used)."""
    if len(random_bytes) != _RANDOM_BYTES:
        raise ValueError(f"ten random bytes are needed, not {len(random_bytes)}")
    tail = int.from_bytes(random_bytes, "big")
    low = 0b10 << 62 | (tail & 0x3FFF_FFFF_FFFF_FFFF)
    text = f"{now_ms & 0xFFFF_FFFF_FFFF:012x}7{tail >> 68 & 0x0FFF:03x}{low:016x}"
    # The standard library's class takes twice the time, several times a message.
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
