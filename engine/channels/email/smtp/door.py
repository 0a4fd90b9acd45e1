"""Who may come in, how many at once and how often. Pure: the time is handed in."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence

from engine.buckets import Buckets

GUESSES = 10
"""Wrong passwords from one address at once; as many again in …"""
GUESSES_S = 600.0


class Door:
    """Count connections and mails, in all and by network address."""

    def __init__(self, *, connections: int, per_address: int, rate: int, networks: Sequence[str]) -> None:
        """``rate``: mails of an address in a minute; ``networks``: those that only the total binds."""
        self._connections = connections
        self._per_address = per_address
        self._rate = rate
        self._networks = [ipaddress.ip_network(one) for one in networks]
        self._inside: Counter[str] = Counter()
        self._mails = Buckets()
        self._guesses = Buckets()

    @property
    def inside(self) -> int:
        """Return how many connections there are."""
        return self._inside.total()

    def enter(self, address: str) -> str:
        """Let a connection in; return "" or why not: ``connections`` or ``connections-of-address``.

        ``address``: "" for one of this machine's own, over a socket file.
        """
        if self.inside >= self._connections:
            return "connections"
        if not self.trusts(address) and self._inside[_key(address)] >= self._per_address:
            return "connections-of-address"
        self._inside[_key(address)] += 1
        return ""

    def leave(self, address: str) -> None:
        """Let a connection go that came in."""
        key = _key(address)
        self._inside[key] -= 1
        if self._inside[key] <= 0:
            del self._inside[key]

    def mail(self, address: str, now_ms: int) -> int:
        """Count a mail; return 0, or the milliseconds until one may come from there."""
        if self.trusts(address):
            return 0
        return self._mails.take(_key(address), rate=self._rate / 60, burst=self._rate, now_ms=now_ms)

    def guess(self, address: str, now_ms: int) -> int:
        """Count a password that is tried; return 0, or the milliseconds until one may be."""
        return self._guesses.take(_key(address), rate=GUESSES / GUESSES_S, burst=GUESSES, now_ms=now_ms)

    def guessed(self, address: str) -> None:
        """Note that a password was right, so that it does not count."""
        self._guesses.give_back(_key(address))

    def trusts(self, address: str) -> bool:
        """Say whether an address is one of those that are not slowed down."""
        return not address or any(_parsed(address) in network for network in self._networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def _key(address: str) -> str:
    """Return what is counted as one: an IPv4 address, or the /64 of an IPv6 address, which belongs to one customer."""
    if not address:
        return ""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
