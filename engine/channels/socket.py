"""A text socket as channel adapters see it; the API implements it over its web server."""

from typing import Protocol


class SocketClosed(Exception):
    """The other side, or the network, closed the socket."""


class Socket(Protocol):
    """One accepted text socket with what is known of the other side."""

    @property
    def address(self) -> str:
        """Network address of the other side, behind trusted proxies."""
        ...

    @property
    def origin(self) -> str:
        """Origin header, "" when there is none."""
        ...

    @property
    def host(self) -> str:
        """Host header: what the other side believes to talk to."""
        ...

    async def receive_text(self) -> str:
        """Return the next text frame; raise SocketClosed, or ProtocolError for a binary frame."""
        ...

    def send_at_once(self, text: str) -> bool:
        """Send a text frame if that needs no waiting; say whether it was sent. Raises nothing."""
        ...

    async def send_text(self, text: str) -> None:
        """Send a text frame, waiting while the other side does not read; raise SocketClosed."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close with a code (RFC 6455, section 7.4); safe on a closed socket."""
        ...
