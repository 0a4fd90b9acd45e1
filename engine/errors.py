"""Every error the engine raises on purpose, with a stable slug.

CordboardError                    root; carries ``slug``, ``detail``, ``mend`` and fields
├── InvalidInput                  what was sent cannot be accepted            (400 / error frame)
│   ├── ConfigurationError        a configuration file is wrong: file, line
│   └── ProtocolError             a socket frame breaks the protocol
├── Unauthenticated               nobody is signed in, or the secret is wrong (401)
├── Forbidden                     signed in, but not allowed                  (403)
├── NotFound                      no such thing in this organisation          (404)
├── Conflict                      the thing is not in the state this needs    (409)
│   └── Refused                   the router refused a command; ``outcome`` names why
├── TooFast                       a limit was reached; ``retry_after_ms``     (429)
└── Unavailable                   a part the engine needs is away             (503)

One table (``engine/api/problem.py``) maps slugs to HTTP answers (RFC 9457).
"""

from __future__ import annotations


class CordboardError(Exception):
    """Carry a stable ``slug``, what is wrong (``detail``) and how to mend it (``mend``)."""

    slug = "internal"

    def __init__(self, detail: str, *, slug: str = "", mend: str = "", **fields: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.mend = mend
        self.fields = fields
        if slug:
            self.slug = slug

    def __str__(self) -> str:
        return f"{self.detail} {self.mend}".strip()


class InvalidInput(CordboardError):
    """Say that what was sent cannot be accepted."""

    slug = "invalid-input"


class ConfigurationError(InvalidInput):
    """Say which configuration file and line is wrong."""

    slug = "invalid-configuration"

    def __init__(self, detail: str, *, file: str = "", line: int = 0, mend: str = "") -> None:
        super().__init__(detail, mend=mend, file=file, line=line)
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else ""
        place = place or (f"{self.file}: " if self.file else "")
        return f"{place}{super().__str__()}"


class ProtocolError(InvalidInput):
    """Say that a socket frame breaks the protocol; the socket closes after the error frame."""

    slug = "bad-frame"


class Unauthenticated(CordboardError):
    """Say that nobody is signed in, or that the secret is wrong."""

    slug = "unauthenticated"


class Forbidden(CordboardError):
    """Say that the caller is known but not allowed."""

    slug = "forbidden"


class NotFound(CordboardError):
    """Say that there is no such thing in this organisation."""

    slug = "not-found"


class Conflict(CordboardError):
    """Say that the thing is not in the state that this needs."""

    slug = "conflict"


class Refused(Conflict):
    """Say that the router refused a command; ``slug`` is the router's outcome."""

    slug = "refused"


class TooFast(CordboardError):
    """Say that a limit was reached; ``fields['retry_after_ms']`` says when to come back."""

    slug = "too-fast"


class Unavailable(CordboardError):
    """Say that a part the engine needs is away for the moment."""

    slug = "unavailable"
