"""What the chat channel asks of the rest of the engine; ``engine/app.py`` hands it in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.model.board import Standing
from engine.model.conversation import Appended, Arrival, Author, Draft, Entry, Interaction, Prospect, VisitorMark
from engine.model.organisation import Organisation
from engine.model.record import Opened, Overview
from engine.model.signal import Signal
from engine.model.work import WorkItem


class Reception(Protocol):
    """Receive customers (intake)."""

    async def prospect(
        self, org_id: str, channel: str, *, topic: str = "", locale: str = "en", text: str = ""
    ) -> Prospect:
        """Say whether somebody is there, and what is offered instead."""
        ...

    async def open(self, arrival: Arrival, *, listen: Callable[[str], object] | None = None) -> Opened:
        """Open a conversation; idempotent. ``listen`` hears a new one's id before anybody may join it."""
        ...

    async def leave_message(self, arrival: Arrival) -> Opened:
        """Turn a message into a case; idempotent."""
        ...

    async def conclude(self, org_id: str, interaction_id: str, reason: str, *, item_id: str = "") -> None:
        """End a conversation by the customer's side; idempotent. ``item_id`` saves looking its work item up."""
        ...


class Transcript(Protocol):
    """Write and read transcripts (conversations)."""

    async def append(self, org_id: str, interaction_id: str, draft: Draft) -> Appended:
        """Commit an entry; idempotent by client id."""
        ...

    async def since(
        self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = 200, public_only: bool = False
    ) -> list[Entry]:
        """Return entries after a number, in order."""
        ...

    async def receive_mark(self, org_id: str, interaction_id: str, *, delivered_seq: int, read_seq: int) -> VisitorMark:
        """Note how far the visitor has received and read."""
        ...

    def typing(self, org_id: str, interaction_id: str, who: Author, *, name: str = "", on: bool) -> None:
        """Tell that somebody writes."""
        ...


class Listener(Protocol):
    """A queue of live signals."""

    async def get(self) -> Signal:
        """Return the next signal."""
        ...

    def close(self) -> None:
        """Hear nothing any more."""
        ...


class Hub(Protocol):
    """Live signals (conversations)."""

    def subscribe(self, org_id: str, interaction_id: str) -> Listener:
        """Listen to a conversation."""
        ...

    def publish(self, signal: Signal) -> None:
        """Tell all listeners."""
        ...

    def deliver(self, signal: Signal) -> None:
        """Tell the listeners in this process."""
        ...


class Conversations(Protocol):
    """Find conversations (record)."""

    async def by_token(self, org_id: str, channel: str, token_hash: str) -> Interaction | None:
        """Find the conversation of a session token."""
        ...

    async def overview(self, org_id: str, interaction_id: str) -> Overview:
        """Return a conversation with its contact; raise NotFound."""
        ...


class Items(Protocol):
    """Find work items (record)."""

    async def for_interaction(self, org_id: str, interaction_id: str) -> WorkItem | None:
        """Return the open work item of a conversation."""
        ...


class Record(Protocol):
    """The record as far as chat sockets need it."""

    @property
    def conversations(self) -> Conversations:
        """Find conversations."""
        ...

    @property
    def work(self) -> Items:
        """Find work items."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return an organisation; raise NotFound."""
        ...

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


class Positions(Protocol):
    """Where work items stand, and how long they will wait."""

    async def standing(self, org_id: str, item_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return where each item stands. Raises Unavailable."""
        ...


class Commands(Protocol):
    """Run one plain command of the Valkey server (keys without an organisation's tag)."""

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Return the server's answer; raise Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What a chat socket works with."""

    organisations: Organisations
    reception: Reception
    transcript: Transcript
    hub: Hub
    record: Record
