"""How often one network address may try something, counted in this process."""

from engine.buckets import Buckets
from engine.clock import Clock
from engine.errors import TooFast
from engine.model.network import network_of


class AddressLimiter:
    """Allow each address ``burst`` attempts at once and ``rate`` per second after."""

    def __init__(self, *, rate: float, burst: int, clock: Clock) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets = Buckets()

    def take(self, address: str) -> None:
        """Take one token; raise TooFast with ``retry_after_ms`` when there is none."""
        now_ms = self._clock.now_ms()
        wait_ms = self._buckets.take(network_of(address), rate=self._rate, burst=self._burst, now_ms=now_ms)
        if wait_ms:
            raise TooFast("Too many attempts from this address.", retry_after_ms=wait_ms)

    def give_back(self, address: str) -> None:
        """Undo a ``take``: the attempt was rightful."""
        self._buckets.give_back(network_of(address))
