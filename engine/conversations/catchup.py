"""Make good the hints that were lost: ask the record, once per look, which conversations went on unseen."""

from collections.abc import Sequence
from typing import Protocol

EVERY_S = 2.0
CHUNK = 500


class LastSeqs(Protocol):
    """Read the last numbers of many transcripts in one query."""

    async def last_seqs(self, interaction_ids: Sequence[str]) -> dict[str, int]:
        """Return the last number by interaction id."""
        ...


class Listeners(Protocol):
    """Know what this process listens to, and how far it was told."""

    def followed(self) -> list[str]:
        """List the conversations somebody listens to."""
        ...

    def known_seq(self, interaction_id: str) -> int:
        """Return the highest number told of."""
        ...

    def tell_behind(self, interaction_id: str, last_seq: int) -> None:
        """Tell the listeners how far the record goes."""
        ...


class CatchUp:
    """Nudge the listeners of conversations that are further on in the record (a role, in every process)."""

    name = "catch-up"

    def __init__(self, *, record: LastSeqs, hub: Listeners, every_s: float = EVERY_S) -> None:
        self._record = record
        self._hub = hub
        self._every_s = every_s

    async def step(self) -> float:
        """Look once; return the seconds to the next look. Raises Unavailable."""
        followed = self._hub.followed()
        for start in range(0, len(followed), CHUNK):
            last = await self._record.last_seqs(followed[start : start + CHUNK])
            for interaction_id, seq in last.items():
                if seq > self._hub.known_seq(interaction_id):
                    self._hub.tell_behind(interaction_id, seq)
        return self._every_s
