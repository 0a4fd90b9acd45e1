"""Signed names of cases that come back with a customer's answer: in the address, the Message-ID, the quoted text. Pure.

A token is a case's id with a keyed hash, in letters and digits that survive gateways which change upper to lower
case: 16 bytes of the id and 10 of HMAC-SHA-256 in base32. Whoever has one cannot make another; that he has one does
not yet say that he may write to the case (``joining.py``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from uuid import UUID

SIGNATURE_BYTES = 10
LENGTH = 42
"""Characters of a token: 26 bytes in base32, five bits each."""

_TOKEN = rf"c([a-z2-7]{{{LENGTH}}})"
_ADDRESS = re.compile(rf"[+=-]{_TOKEN}@", re.IGNORECASE)
_MESSAGE_ID = re.compile(rf"^{_TOKEN}\.", re.IGNORECASE)
_MARKER = re.compile(rf"\[ref:\s*{_TOKEN}\s*\]", re.IGNORECASE)
MOST_FOUND = 10
LONGEST_TEXT = 200_000
"""Characters of a text that are looked through for a marker."""


def token_of(secret: bytes, org_id: str, case_id: str) -> str:
    """Return the token of a case; raise ValueError for what is no UUID."""
    name = UUID(case_id).bytes
    return base64.b32encode(name + _signature(secret, org_id, name)).decode().rstrip("=").lower()


def case_of(secrets: Sequence[bytes], org_id: str, token: str) -> str:
    """Return the id of the case that a token names, "" when nobody who has one of the secrets made it.

    Several secrets: the one in use and those before it, so that it can be changed.
    """
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return ""
    name, signature = raw[:16], raw[16:]
    made = any(hmac.compare_digest(signature, _signature(secret, org_id, name)) for secret in secrets)
    return str(UUID(bytes=name)) if made else ""


def plus_address(address: str, token: str) -> str:
    """Return the address with the token in it; one that would be too long is returned as it was (RFC 5321, 4.5.3.1)."""
    local, at, domain = address.rpartition("@")
    longer = f"{local}+c{token}"
    return f"{longer}{at}{domain}" if at and len(longer) <= 64 else address


def without_token(address: str) -> str:
    """Return the address that a plus-address was made of."""
    return _ADDRESS.sub("@", address)


def marker(token: str) -> str:
    """Return the line that names the case in a mail's text."""
    return f"[ref:c{token}]"


def in_addresses(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens in addresses."""
    return tuple(found.group(1).lower() for one in addresses[:100] if (found := _ADDRESS.search(one)))


def in_message_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens in Message-IDs of ours, the newest first."""
    return tuple(found.group(1).lower() for one in reversed(ids[-100:]) if (found := _MESSAGE_ID.match(one)))


def in_text(text: str) -> tuple[str, ...]:
    """Return the tokens in a text, in order, each once."""
    found = (one.group(1).lower() for one in _MARKER.finditer(text[:LONGEST_TEXT]))
    return tuple(dict.fromkeys(found))[:MOST_FOUND]


def _signature(secret: bytes, org_id: str, name: bytes) -> bytes:
    return hmac.new(secret, b"case\0" + org_id.encode() + b"\0" + name, hashlib.sha256).digest()[:SIGNATURE_BYTES]
