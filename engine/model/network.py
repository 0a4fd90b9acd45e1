"""What counts as one network address where customers and guesses are counted."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=4_096)  # asked for each frame of a socket
def network_of(address: str) -> str:
    """Return what one customer has: an IPv4 address, or the /64 of an IPv6 one (RFC 6177); else ``address``."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:  # a listener for both families
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
