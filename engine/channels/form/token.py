"""The token of a form: made with the page, good for one submission, within a time. And the proof of work upon it. Pure.

``v1.<nonce>.<made, ms>.<bits>.<mac>``: HMAC-SHA-256 over organisation, channel and what stands before it, so that
nobody makes one himself, and none serves another form. Its hash is the key under which the submission is kept:
whoever sends it again meets what it became. A page without cookies needs no other defence against forged requests:
there is nothing in them that only this visitor could do.

The proof of work is Hashcash's (A. Back, 2002) with SHA-256: a number for which ``sha256(token.number)`` begins with so
many zero bits. Its price is signed in the token, so that a changed setting breaks no page that is open.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

_FORM = re.compile(r"v1\.([A-Za-z0-9_-]{16,64})\.([0-9]{1,15})\.([0-9]{1,2})\.([0-9a-f]{64})")
_COUNTER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token that this engine made."""

    text: str
    made_ms: int
    bits: int  # of the proof of work

    @property
    def key(self) -> str:
        """Return the key under which what is sent with it is kept."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def issue(secret: bytes, place: tuple[str, str], *, nonce: str, now_ms: int, bits: int) -> str:
    """Return a new token for the form at ``place`` (organisation, channel)."""
    body = f"v1.{nonce}.{now_ms}.{bits}"
    return f"{body}.{_mac(secret, place, body)}"


def read(secret: bytes, place: tuple[str, str], text: str) -> Token | None:
    """Return a token that was made for this form; None for any other text."""
    found = _FORM.fullmatch(text[:200])
    if found is None:
        return None
    if not hmac.compare_digest(_mac(secret, place, text.rpartition(".")[0]), found[4]):
        return None
    return Token(text=text, made_ms=int(found[2]), bits=int(found[3]))


def seal(secret: bytes, place: tuple[str, str], text: str) -> str:
    """Return ``text`` with a seal by which the engine knows it again."""
    return f"{text}.{_mac(secret, place, f'receipt:{text}')[:32]}"


def unseal(secret: bytes, place: tuple[str, str], sealed: str) -> str:
    """Return what was sealed, "" where nothing was."""
    text, _, _ = sealed[:200].rpartition(".")
    return text if hmac.compare_digest(seal(secret, place, text).encode(), sealed.encode()) else ""


def worked(token: Token, counter: str) -> bool:
    """Say whether ``counter`` proves the work that the token asks for."""
    if token.bits == 0:
        return True
    if not _COUNTER.fullmatch(counter):
        return False
    digest = hashlib.sha256(f"{token.text}.{counter}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - token.bits) == 0


def _mac(secret: bytes, place: tuple[str, str], body: str) -> str:
    return hmac.new(secret, "\n".join((*place, body)).encode(), hashlib.sha256).hexdigest()
