"""Read the board's address: one server, or some nodes of a cluster.

A cluster is given as several addresses with commas between them; each stands in full, with the same credentials and
the same form of encryption. The nodes that are not named are learned from those that are.
"""

import re
from urllib.parse import urlsplit

from engine.errors import ConfigurationError

_BETWEEN = re.compile(r"\s*,\s*(?=(?:rediss?|valkeys?|unix)://)")
"""A comma alone does not end an address: it may stand in a password."""
_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}

Endpoint = tuple[str, int]
"""Host and port of one server, as its cluster names it."""


def read_addresses(text: str) -> tuple[str, ...]:
    """Return each address of ``text`` in the form that redis-py reads.

    Raises:
        ConfigurationError: something else is written there, or what cannot be one cluster.
    """
    found = tuple(_read(part) for part in _BETWEEN.split(text.strip()))
    if len(found) > 1 and any(address.startswith("unix:") for address in found):
        raise ConfigurationError("A Unix socket is one server, no node of a cluster.", mend="Write one address.")
    return found


def endpoint_of(address: str) -> Endpoint | None:
    """Return host and port of an address, None for a Unix socket."""
    parts = urlsplit(address)
    return None if parts.scheme == "unix" else (parts.hostname or "localhost", parts.port or 6379)


def at_endpoint(address: str, endpoint: Endpoint) -> str:
    """Return ``address`` with another host and port: credentials and encryption stay."""
    parts = urlsplit(address)
    credentials, at, _ = parts.netloc.rpartition("@")
    host = f"[{endpoint[0]}]" if ":" in endpoint[0] else endpoint[0]
    return parts._replace(netloc=f"{credentials}{at}{host}:{endpoint[1]}").geturl()


def _read(address: str) -> str:
    scheme, between, rest = address.partition("://")
    try:
        known = _SCHEMES[scheme]
        endpoint_of(f"{known}://{rest}")
    except (KeyError, ValueError):
        raise ConfigurationError(
            "The address of Valkey cannot be read.", mend="Write redis://host:port, rediss://host:port or unix:///path."
        ) from None
    return f"{known}{between}{rest}"
