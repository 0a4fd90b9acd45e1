"""What polling needs of the rest of the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from engine.model.mail_record import Envelope
from engine.model.polled_folder import FolderKey, PolledFolder


class TakenMail(Protocol):
    """What became of a mail that was handed in."""

    @property
    def repeated(self) -> bool:
        """Say whether it had been taken before."""
        ...


class Inlet(Protocol):
    """Where mail goes in."""

    async def take(self, envelope: Envelope, chunks: AsyncIterator[bytes], *, most_bytes: int) -> TakenMail:
        """Make a mail durable; idempotent. Raises InvalidInput when it is not wanted, Unavailable."""
        ...


class FolderRecord(Protocol):
    """How far folders are taken; all methods raise Unavailable."""

    async def folders(self, key: FolderKey) -> Mapping[str, PolledFolder]:
        """Return a mailbox's folders by name, "" among them."""
        ...

    async def advance(self, folder: PolledFolder) -> None:
        """Remember validity and numbers; under one validity, numbers never go back. Idempotent."""
        ...

    async def polled(self, key: FolderKey, *, now_ms: int) -> None:
        """Note that a folder, and so its mailbox, has no fault. Idempotent."""
        ...

    async def faulty(self, key: FolderKey, *, fault: str, detail: str, now_ms: int, tell: bool) -> None:
        """Note what is wrong; ``tell``: raise an alert for supervisors, once for a fault. Idempotent."""
        ...

    async def left(self, key: FolderKey, *, uid: int, reason: str, now_ms: int) -> None:
        """Raise an alert for supervisors: a mail is left where it is, and is not here."""
        ...
