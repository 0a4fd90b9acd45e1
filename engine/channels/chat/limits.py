"""Bounds against abuse, counted in this process: token buckets, and sockets per address. Pure.

A bucket that is full again carries no information and is forgotten, so the tables stay as small as the abuse.
"""

from engine.model.network import network_of
from engine.model.organisation import ChatLimits

_PURGE_ABOVE = 4_096


class Bucket:
    """A token bucket: ``burst`` at once, ``rate`` per second; both may change while it is in use."""

    __slots__ = ("_at_ms", "_burst", "_rate", "_tokens")

    def __init__(self, *, rate: float, burst: int, now_ms: int) -> None:
        self._bound(rate, burst)
        self._tokens = self._burst
        self._at_ms = now_ms

    def take(self, now_ms: int, *, rate: float, burst: int) -> int:
        """Take one token; return 0, or the milliseconds until there is one (then nothing was taken)."""
        self._bound(rate, burst)
        self._fill(now_ms)
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        return max(1, int((1 - self._tokens) / self._rate * 1000) + 1)

    def full(self, now_ms: int) -> bool:
        """Say whether nothing has been taken for long enough."""
        self._fill(now_ms)
        return self._tokens >= self._burst

    def _bound(self, rate: float, burst: int) -> None:
        self._rate = max(rate, 1e-6)
        self._burst = float(max(burst, 1))

    def _fill(self, now_ms: int) -> None:
        elapsed_ms = max(0, now_ms - self._at_ms)  # a clock set back takes nothing away
        self._tokens = min(self._burst, self._tokens + elapsed_ms * self._rate / 1000)
        self._at_ms = now_ms


class Buckets:
    """Buckets by key (visitor, or network address)."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}
        self._purge_above = _PURGE_ABOVE

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, *, rate: float, burst: int, now_ms: int) -> int:
        """Take one token of ``key``'s bucket; return 0 or the milliseconds to wait."""
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._purge_above:
                self._purge(now_ms)
            bucket = self._buckets[key] = Bucket(rate=rate, burst=burst, now_ms=now_ms)
        return bucket.take(now_ms, rate=rate, burst=burst)

    def _purge(self, now_ms: int) -> None:
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.full(now_ms)}
        # Doubling keeps the cost of purging constant per new key, however many are in use.
        self._purge_above = max(_PURGE_ABOVE, 2 * len(self._buckets))


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
