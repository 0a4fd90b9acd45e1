"""Where webhooks may go: public addresses, over HTTPS, unless the operator allows his own network.

An admin of an organisation chooses the address, but the request leaves from inside the operator's network, where there
may be services that trust their neighbours (server-side request forgery, OWASP). So each request's host name is
resolved here, every address it has is checked, and the request goes to the address that was checked and no other: a
name that resolves differently a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.errors import CordboardError, InvalidInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in disguise
LONGEST_URL = 2_000


class Unreachable(CordboardError):
    """Say why an address cannot be called."""

    slug = "webhook-unreachable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a webhook's URL leads."""

    scheme: str
    host: str
    port: int


def target_of(url: str, *, private: bool) -> Target:
    """Read a URL; raise InvalidInput naming the field ``url`` unless it may be a webhook's."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("This is no URL.", field="url") from None
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInput(f"A URL has at most {LONGEST_URL} characters of ASCII.", field="url")
    if parts.scheme not in (("https", "http") if private else ("https",)):
        raise InvalidInput("Webhooks go over https.", field="url")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInput("A URL here has a host, and neither user nor fragment.", field="url")
    literal = _literal(parts.hostname)
    if literal is not None and not private and not is_public(literal):
        raise InvalidInput("Webhooks go to public addresses only.", field="url")
    return Target(scheme=parts.scheme, host=parts.hostname, port=port or (443 if parts.scheme == "https" else 80))


async def resolve(target: Target, *, private: bool) -> str:
    """Return the address to call; raise Unreachable when there is none, or one of them is not public."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"the name cannot be resolved: {error.strerror or error}") from None
    addresses = [str(one[4][0]) for one in found]
    if not addresses:
        raise Unreachable("the name has no address")
    if not private and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in addresses):
        raise Unreachable("the name leads to an address that is not public")
    return addresses[0]


def is_public(address: Address) -> bool:
    """Say whether an address is one of the public internet's, also one that is wrapped in another."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
