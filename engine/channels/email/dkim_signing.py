"""DKIM signatures (RFC 6376; Ed25519: RFC 8463) on mail that is sent. Pure.

Who, what and the thread are signed; headers of which there is one are named once more than they are there, so that
nobody can put a second one above (section 8.15). Header and body relaxed: relays may fold anew and change blanks.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from engine.errors import NotFound

SIGNED = (
    "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "content-language", "auto-submitted",
)  # fmt: skip
ONCE_MORE = ("from", "to", "cc", "subject", "date", "reply-to")
"""Headers of which there is one: none may be added."""
SHORTEST_KEY = 1_024
"""Bits of an RSA key, below which nobody believes it (RFC 8301, section 3.2)."""
LINE = 72

_BLANKS = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")


def sign(source: bytes, *, domain: str, selector: str, key: str, at_s: int) -> bytes:
    """Return a mail with a signature in front; ``source`` has CRLF line ends. Blocks for some milliseconds.

    Raises NotFound (``unknown-secret``) for a ``key`` (PEM) that cannot be used.
    """
    private = _private_key(key)
    head, _blank, body = source.partition(b"\r\n\r\n")
    fields = [(_name(field), field) for field in _unfolded(head)]
    there = [name for name in SIGNED if any(one == name for one, _field in fields)]
    tags = {
        "v": "1",
        "a": "rsa-sha256" if isinstance(private, RSAPrivateKey) else "ed25519-sha256",
        "c": "relaxed/relaxed",
        "d": domain.lower(),
        "s": selector,
        "t": str(at_s),
        "h": ":".join((*there, *ONCE_MORE)),
        "bh": base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode(),
    }
    unsigned = "DKIM-Signature: " + "; ".join(f"{name}={value}" for name, value in tags.items()) + "; b="
    signed = [_last(fields, name) for name in there] + [unsigned.encode()]
    data = b"\r\n".join(map(relaxed_header, signed))
    return _folded(unsigned, _signature(private, data)) + source


def relaxed_header(field: bytes) -> bytes:
    """Return a header as it is signed (section 3.4.2)."""
    name, _colon, value = field.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", _FOLD.sub(b"", value)).strip()


def relaxed_body(body: bytes) -> bytes:
    """Return a body as it is signed (section 3.4.4)."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _private_key(key: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        private = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable(str(error)[:200]) from error
    if isinstance(private, Ed25519PrivateKey) or (
        isinstance(private, RSAPrivateKey) and private.key_size >= SHORTEST_KEY
    ):
        return private
    raise _unusable(f"it is no RSA key of at least {SHORTEST_KEY} bits, nor Ed25519")


def _unusable(why: str) -> NotFound:
    mend = "Give an RSA or Ed25519 private key as PEM, without a passphrase."
    return NotFound(f"The DKIM key cannot be used: {why}.", slug="unknown-secret", mend=mend)


def _signature(private: RSAPrivateKey | Ed25519PrivateKey, data: bytes) -> str:
    if isinstance(private, RSAPrivateKey):
        signature = private.sign(data, PKCS1v15(), hashes.SHA256())
    else:
        signature = private.sign(hashlib.sha256(data).digest())  # RFC 8463, section 3: of the hash
    return base64.b64encode(signature).decode()


def _unfolded(head: bytes) -> Sequence[bytes]:
    """Return the fields of a header, each with its folded lines."""
    return re.split(rb"\r\n(?![ \t])", head)


def _name(field: bytes) -> str:
    return field.partition(b":")[0].strip().lower().decode("ascii", "replace")


def _last(fields: Sequence[tuple[str, bytes]], name: str) -> bytes:
    """Return the last field of a name: where one is named once, it is meant (section 5.4.2)."""
    return next(field for one, field in reversed(fields) if one == name)


def _folded(unsigned: str, signature: str) -> bytes:
    """Return the header with lines that no relay folds anew; blanks within it do not count."""
    whole = unsigned.replace("; ", ";\r\n ")
    parts = [signature[start : start + LINE] for start in range(0, len(signature), LINE)]
    return (whole + "\r\n ".join(parts) + "\r\n").encode()
