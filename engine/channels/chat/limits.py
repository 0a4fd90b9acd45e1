"""Bounds against abuse, counted in this process: token buckets, and sockets per address. Pure."""

from engine.buckets import Buckets
from engine.model.chat_limits import ChatLimits
from engine.model.network import network_of


class Limits:
    """All that is counted for the chat sockets of this process."""

    def __init__(self) -> None:
        self._visitors = Buckets()
        self._addresses = Buckets()
        self._sockets: dict[str, int] = {}

    def admit(self, address: str, bounds: ChatLimits) -> bool:
        """Count a socket of ``address``; False (nothing counted) when it has as many as it may."""
        network = network_of(address)
        count = self._sockets.get(network, 0)
        if count >= bounds.sockets_per_address:
            return False
        self._sockets[network] = count + 1
        return True

    def release(self, address: str) -> None:
        """Uncount a socket that was admitted."""
        network = network_of(address)
        count = self._sockets.get(network, 0) - 1
        if count > 0:
            self._sockets[network] = count
        else:
            self._sockets.pop(network, None)

    def frame(self, address: str, bounds: ChatLimits, now_ms: int) -> int:
        """Count a frame from ``address``; return 0 or the milliseconds to wait."""
        network = network_of(address)
        return self._addresses.take(network, rate=bounds.address_rate, burst=bounds.address_burst, now_ms=now_ms)

    def message(self, visitor: str, bounds: ChatLimits, now_ms: int) -> int:
        """Count a message of ``visitor`` (his token's hash); return 0 or the milliseconds to wait."""
        return self._visitors.take(visitor, rate=bounds.visitor_rate, burst=bounds.visitor_burst, now_ms=now_ms)
