"""Bounds of a chat channel."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatLimits:
    """Bounds against abuse of a chat channel."""

    message_bytes: int = 4_096  # longest message body, UTF-8
    frame_bytes: int = 16_384  # longest frame
    visitor_rate: float = 2.0  # messages per second per visitor …
    visitor_burst: int = 10  # … after this many at once
    address_rate: float = 20.0  # frames per second per network address …
    address_burst: int = 200
    sockets_per_address: int = 50
