"""Mails whose fetching ends connections, remembered beyond the session that they end.

Some servers hang up on whoever asks for a mail that they cannot read (Dovecot says BYE). Were it asked for again and
again, it would hold up everything behind it. So those that were fetched when a connection ended are fetched one by one,
and one that ends connections by itself is given up: soon where the server says so, late where the line may be at fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.channels.email.imap.faults import Dismissed, Faulty

HOPELESS = 10
DISMISSED = 4
"""A server that says BYE counts for so many lines that break."""


class Doubts:
    """What is held against mails, each named by its place."""

    def __init__(self) -> None:
        self._weights: dict[str, int] = {}
        self._too_long: set[str] = set()

    def failed(self, places: Sequence[str], fault: Faulty) -> None:
        """Note that the connection ended when these were fetched."""
        alone = len(places) == 1
        more = DISMISSED if isinstance(fault, Dismissed) else 1
        for place in places:
            known = self._weights.get(place, 0)
            self._weights[place] = known + more if alone else max(known, 1)

    def passed(self, places: Sequence[str]) -> None:
        """Note that these were fetched."""
        for place in places:
            self._weights.pop(place, None)
            self._too_long.discard(place)

    def longer(self, place: str) -> None:
        """Note that a mail is longer than the server had said, and too long."""
        self._too_long.add(place)

    def too_long(self, place: str) -> bool:
        """Say whether a mail turned out to be too long."""
        return place in self._too_long

    def hopeless(self, place: str) -> bool:
        """Say whether it is of no use to ask for a mail again."""
        return self._weights.get(place, 0) >= HOPELESS

    def groups(self, places: Sequence[str], most: int) -> Iterator[int]:
        """Yield how many may be fetched at once, from the first on: ``most``, or one that is doubted."""
        start = 0
        while start < len(places):
            end = start + 1
            if places[start] not in self._weights:
                while end < len(places) and end - start < most and places[end] not in self._weights:
                    end += 1
            yield end - start
            start = end
