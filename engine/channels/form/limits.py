"""Bounds against floods, counted in this process: buckets of submissions, and what was sent lately. Pure."""

from __future__ import annotations

from engine.buckets import Buckets
from engine.model.form import SpamGuard
from engine.model.network import network_of

Place = tuple[str, str]
"""Organisation and channel."""


class Limits:
    """All that is counted for the forms of this process."""

    def __init__(self, *, duplicates: int) -> None:
        self._addresses = Buckets()
        self._channels = Buckets()
        self._most = duplicates
        self._sent: dict[tuple[str, str, str], tuple[int, str]] = {}  # oldest first

    def take(self, place: Place, address: str, guard: SpamGuard, now_ms: int) -> int:
        """Count a submission; return 0, or the milliseconds to wait (then nothing is counted)."""
        network = "/".join((*place, network_of(address)))
        wait_ms = self._addresses.take(
            network, rate=1_000 / guard.address_every_ms, burst=guard.address_burst, now_ms=now_ms
        )
        if wait_ms:
            return wait_ms
        wait_ms = self._channels.take(
            "/".join(place), rate=1_000 / guard.channel_every_ms, burst=guard.channel_burst, now_ms=now_ms
        )
        if wait_ms:
            self._addresses.give_back(network)
        return wait_ms

    def give_back(self, place: Place, address: str) -> None:
        """Uncount a submission that came to nothing."""
        self._addresses.give_back("/".join((*place, network_of(address))))
        self._channels.give_back("/".join(place))

    def repeated(self, place: Place, digest: str, key: str, *, within_ms: int, now_ms: int) -> bool:
        """Say whether the same was sent lately with another token."""
        sent_ms, other = self._sent.get((*place, digest), (0, key))
        return other != key and now_ms - sent_ms < within_ms

    def note(self, place: Place, digest: str, key: str, now_ms: int) -> None:
        """Remember what was sent."""
        self._sent.pop((*place, digest), None)
        self._sent[(*place, digest)] = (now_ms, key)
        if len(self._sent) > self._most:
            del self._sent[next(iter(self._sent))]
