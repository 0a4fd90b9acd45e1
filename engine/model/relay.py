"""A mail relay, and how its address is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from engine.errors import InvalidInput

PORTS: Mapping[str, int] = {"smtps": 465, "smtp": 587, "smtp-plain": 25}
"""Schemes of a relay's address: TLS from the start, STARTTLS required, no TLS at all; with their usual ports."""
FOLDER = "folder"
"""Scheme of a directory that mail is written into instead of being sent, for trying things out."""
FOR_GOOD = 500
"""Replies from here on mean: do not try again (RFC 5321, 4.2.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relay:
    """A mail relay."""

    host: str = ""
    port: int = 0
    scheme: str = "smtp"
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = ""  # path, of one that is none

    @property
    def name(self) -> str:
        """Name it for people, without its password."""
        return self.folder or f"{self.host}:{self.port}"


def relay_of(url: str) -> Relay | None:
    """Read a relay's address such as ``smtp://user:password@relay.example:587``; "" = None. Raises InvalidInput."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("the mail relay's address cannot be read") from None
    if parts.scheme == FOLDER and parts.path.startswith("/") and not parts.netloc:
        return Relay(scheme=FOLDER, folder=unquote(parts.path))
    if parts.scheme not in PORTS or not parts.hostname:
        raise InvalidInput(f"write the mail relay as scheme://host, with a scheme of {', '.join(PORTS)}")
    return Relay(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        scheme=parts.scheme,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
