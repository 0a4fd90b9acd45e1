"""How the values of settings are read: each reader takes what was written and says what to write instead."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

SHORTEST_SECRET = 16
UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

Read = Callable[[object], object]
"""Turn what was written into the value; raise ValueError saying what to write."""


def text(value: object) -> str:
    """Read a text, without the spaces around it."""
    if not isinstance(value, str):
        raise ValueError("write a text")  # noqa: TRY004 - a reader says ValueError for whatever cannot be read
    return value.strip()


def secret(value: object) -> str:
    """Read something that nobody can guess."""
    written = text(value)
    if written and len(written) < SHORTEST_SECRET:
        raise ValueError(f"write at least {SHORTEST_SECRET} characters, drawn by chance")
    return written


def whole(least: int, most: int) -> Read:
    """Return a reader of whole numbers."""

    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"write a whole number from {least} to {most}")
        return value

    return read


def boolean(value: object) -> bool:
    """Read true or false, in the ways people write them."""
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() in ("true", "yes", "on", "1"):
        return True
    if str(value).strip().lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError("write true or false")


def choice(*allowed: str) -> Read:
    """Return a reader of one of some words."""

    def read(value: object) -> str:
        if str(value).strip().lower() not in allowed:
            raise ValueError(f"write one of: {', '.join(allowed)}")
        return str(value).strip().lower()

    return read


def duration(value: object) -> int:
    """Read a time in milliseconds."""
    written = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", str(value).strip())
    if written is None or int(written[1]) == 0:
        raise ValueError('write a time such as "30s" or "12h"')
    return int(written[1]) * UNITS_MS[written[2]]


def days(value: object) -> int:
    """Read a time of at least a day."""
    read = duration(value)
    if read < UNITS_MS["d"]:
        raise ValueError('write a time of at least one day such as "400d"')
    return read


def names(value: object) -> tuple[str, ...]:
    """Read names with commas between them."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError("write names with commas between them")
    return tuple(part.strip() for part in parts if part.strip())


def path(value: object) -> Path:
    """Read a path."""
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError("write a path")
    return Path(value.strip()).expanduser()


def paths(value: object) -> tuple[Path, ...]:
    """Read one or several paths."""
    if isinstance(value, list | tuple) and all(isinstance(part, Path) for part in value):
        return tuple(value)
    return tuple(path(part) for part in names(value))


def origins(value: object) -> tuple[str, ...]:
    """Read origins of web pages."""
    for origin in names(value):
        if not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", origin):
            raise ValueError("write scheme and host in small letters, such as https://chat.example")
    return names(value)


def networks(value: object) -> tuple[str, ...]:
    """Read addresses or networks."""
    try:
        return tuple(str(ipaddress.ip_network(part)) for part in names(value))
    except ValueError as error:
        raise ValueError("write addresses or networks such as 10.0.0.0/8") from error


def servers(value: object) -> str:
    """Read where Valkey is."""
    one = r"(?:(?:redis|valkey)s?://(?:\S*@)?(?:\[[0-9a-f:.]+\]|[^\s:/@,?]+)(?::\d{1,5})?(?:[/?]\S*)?|unix:///\S+)"
    if text(value) and not re.fullmatch(rf"{one}(\s*,\s*{one})*", text(value), re.IGNORECASE):
        raise ValueError(
            "write redis://host:port, rediss://host:port or unix:///path; of a cluster, some nodes in full"
        )
    return text(value)


def relay(value: object) -> str:
    """Read where a mail relay is."""
    written = text(value)
    server = r"(smtps?|smtp-plain)://(\S+@)?(\[[0-9a-f:.]+\]|[^\s:/@]+)(:\d{1,5})?/?"
    if written and not re.fullmatch(rf"{server}|folder:///\S+", written):
        raise ValueError(
            "write smtp://user:password@host:587 (STARTTLS), smtps://… (TLS), smtp-plain://… or folder:///…"
        )
    return written


def address(value: object) -> str:
    """Read a mail address."""
    written = text(value)
    if written and not re.fullmatch(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,189}", written):
        raise ValueError("write a mail address such as desk@example.org")
    return written


def listen(value: object) -> str:
    """Read where to listen: a host or address with a port, or the path of a socket."""
    written = text(value)
    if written and not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}|/\S{1,100}", written):
        raise ValueError("write address:port, such as 0.0.0.0:25 or [::]:25, or the path of a socket")
    return written
