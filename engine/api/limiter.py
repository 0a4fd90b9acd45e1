"""Token buckets by network address, counted in this process. Pure but for the clock handed in."""

from dataclasses import dataclass

from engine.clock import Clock
from engine.errors import TooFast
from engine.model.network import network_of

MOST_ADDRESSES = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_ms: int


class AddressLimiter:
    """Allow each address ``burst`` attempts at once and ``rate`` per second after."""

    def __init__(self, *, rate: float, burst: int, clock: Clock) -> None:
        self._rate = max(rate, 1e-6)
        self._burst = float(burst)
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, address: str) -> None:
        """Take one token; raise TooFast with ``retry_after_ms`` when there is none."""
        bucket = self._filled(network_of(address))
        if bucket.tokens < 1:
            wait_ms = int((1 - bucket.tokens) / self._rate * 1000) + 1
            raise TooFast("Too many attempts from this address.", retry_after_ms=wait_ms)
        bucket.tokens -= 1

    def give_back(self, address: str) -> None:
        """Undo a ``take``: the attempt was rightful."""
        bucket = self._filled(network_of(address))
        bucket.tokens = min(self._burst, bucket.tokens + 1)

    def _filled(self, key: str) -> _Bucket:
        now_ms = self._clock.now_ms()
        bucket = self._buckets.pop(key, None) or _Bucket(tokens=self._burst, at_ms=now_ms)
        elapsed_ms = max(0, now_ms - bucket.at_ms)
        bucket.tokens = min(self._burst, bucket.tokens + elapsed_ms * self._rate / 1000)
        bucket.at_ms = now_ms
        self._buckets[key] = bucket  # last in the dict: the first is the one unused for longest
        if len(self._buckets) > MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        return bucket
