"""Token buckets by key, counted in this process. Pure: the time is handed in.

At most ``MOST`` keys are remembered; beyond, the one unused for longest is forgotten, which by then is as good as full.
"""

from __future__ import annotations

MOST = 10_000


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
        elapsed_ms = max(0, now_ms - self._at_ms)  # a clock set back takes nothing away
        self._tokens = min(self._burst, self._tokens + elapsed_ms * self._rate / 1000)
        self._at_ms = now_ms
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        return max(1, int((1 - self._tokens) / self._rate * 1000) + 1)

    def give_back(self) -> None:
        """Undo a ``take``."""
        self._tokens = min(self._burst, self._tokens + 1)

    def _bound(self, rate: float, burst: int) -> None:
        self._rate = max(rate, 1e-6)
        self._burst = float(max(burst, 1))


class Buckets:
    """Buckets by key (visitor, or network address)."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._buckets: dict[str, Bucket] = {}  # the first is the one unused for longest

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, *, rate: float, burst: int, now_ms: int) -> int:
        """Take one token of ``key``'s bucket; return 0 or the milliseconds to wait."""
        bucket = self._buckets.pop(key, None) or Bucket(rate=rate, burst=burst, now_ms=now_ms)
        self._buckets[key] = bucket
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return bucket.take(now_ms, rate=rate, burst=burst)

    def forget(self, key: str) -> None:
        """Let ``key`` begin anew."""
        self._buckets.pop(key, None)

    def give_back(self, key: str) -> None:
        """Undo a ``take`` of ``key``: the attempt was rightful."""
        if key in self._buckets:
            self._buckets[key].give_back()
