"""Signatures of webhooks, as the Standard Webhooks specification has them (standardwebhooks.com, version 1.0). Pure.

Signed is ``id.timestamp.body`` with HMAC-SHA256. Several secrets sign side by side while one takes over from another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from engine.errors import InvalidInput

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret."""


def read_secrets(text: str) -> tuple[bytes, ...]:
    """Read secrets, one on each line, ``whsec_`` and base64; raise InvalidInput saying what is wrong."""
    found = tuple(_read(line.strip()) for line in text.splitlines() if line.strip())
    if not found:
        raise InvalidInput("there is no secret")
    return found


def _read(line: str) -> bytes:
    if not line.startswith(PREFIX):
        raise InvalidInput(f"a secret begins with {PREFIX}")
    try:
        key = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise InvalidInput(f"after {PREFIX} comes base64") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise InvalidInput(f"a secret has {SHORTEST} to {LONGEST} bytes, not {len(key)}")
    return key


def headers(*, message_id: str, at_s: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of a signed message sent at ``at_s`` (seconds since 1970, UTC)."""
    signed = b"%s.%d.%s" % (message_id.encode(), at_s, body)
    signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
