"""Which pages may open a chat socket (RFC 6455, section 10.2). Pure.

An entry of the allow-list is an origin (``https://shop.example``), ``self`` (the page came from the engine's own
host) or ``*``. A client that names no origin is no browser; it may come where ``*`` is listed.
"""

from collections.abc import Sequence


def allowed(allow_list: Sequence[str], origin: str, host: str) -> bool:
    """Say whether a page of ``origin`` may talk to a channel; ``host`` is the Host header of its request."""
    if "*" in allow_list:
        return True
    origin = origin.strip().lower().rstrip("/")
    if not origin or origin == "null":
        return False
    if any(origin == entry.strip().lower().rstrip("/") for entry in allow_list):
        return True
    scheme, mark, authority = origin.partition("://")
    return "self" in allow_list and bool(mark and authority) and authority == _without_port(host.lower(), scheme)


def _without_port(host: str, scheme: str) -> str:
    # Browsers leave the scheme's own port out of Origin; proxies may write it into Host.
    port = {"http": ":80", "https": ":443"}.get(scheme, "")
    return host.removesuffix(port) if port else host
