"""Signatures of messages between systems: Standard Webhooks (standardwebhooks.com, version 1.0). Pure.

Signed is ``id.timestamp.body`` with HMAC-SHA256. Several secrets sign side by side while one takes over from another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from engine.errors import InvalidInput, Unauthenticated

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret."""
TOLERANCE_S = 300
"""How far the time of signing may be off, as the specification advises: what is older may be a replay."""
LONGEST_TIME = 15
MOST_SIGNATURES = 10


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
    except ValueError:  # of which binascii.Error is one
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


def check(given: Mapping[str, str], body: bytes, *, keys: Sequence[bytes], now_s: int) -> None:
    """Raise Unauthenticated (``bad-signature``) unless one of ``keys`` signed ``body`` just now.

    ``given``: the request's headers, names in small letters. In constant time as far as secrets are concerned.
    """
    message_id, at = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not (message_id and at and given.get("webhook-signature")):
        raise _bad("The request is not signed.", "Send webhook-id, webhook-timestamp and webhook-signature.")
    if not (at.isascii() and at.isdigit() and len(at) <= LONGEST_TIME):
        raise _bad("webhook-timestamp is no number.", "Send seconds since 1970, UTC.")
    if abs(now_s - int(at)) > TOLERANCE_S:
        raise _bad("The request was signed at another time.", "Set the clock of the sender, and sign each try anew.")
    wanted = headers(message_id=message_id, at_s=int(at), body=body, keys=keys)["webhook-signature"].split(" ")
    found = given["webhook-signature"].split(" ")[:MOST_SIGNATURES]
    same = [hmac.compare_digest(one.encode(), each.encode()) for one in wanted for each in found]
    if not any(same):
        raise _bad("The signature is wrong.", "Sign id.timestamp.body, byte for byte, with the source's secret.")


def _bad(detail: str, mend: str) -> Unauthenticated:
    return Unauthenticated(detail, slug="bad-signature", mend=mend)
