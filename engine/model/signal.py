"""What the listeners of conversations and consoles hear live. Hints only: a lost one is made good from the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.model.conversation import Author, Entry
from engine.model.job import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryAppended:
    """An entry is committed."""

    org_id: str = ""
    entry: Entry
    frames: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def interaction_id(self) -> str:
        """Name the conversation."""
        return self.entry.interaction_id

    def frame(self, audience: str, encode: Callable[[Entry], str]) -> str:
        """Return ``encode(entry)``, encoded once for all listeners of one ``audience``."""
        text = self.frames.get(audience)
        if text is None:
            text = self.frames[audience] = encode(self.entry)
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Typing:
    """Somebody began or stopped writing."""

    org_id: str = ""
    interaction_id: str
    who: Author
    name: str = ""
    on: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """How far one side has received and read the transcript; numbers only grow."""

    org_id: str = ""
    interaction_id: str
    who: Author
    received_seq: int
    read_seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitorOnline:
    """The visitor's first socket came or his last one went."""

    org_id: str = ""
    interaction_id: str
    online: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Where the visitor stands in the queue: 1 = next, 0 = not waiting; and for how long, 0 = not known."""

    org_id: str = ""
    interaction_id: str
    position: int
    low_ms: int = 0
    high_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """Signals were missed: read the record up to ``last_seq`` (0 = as far as it goes)."""

    org_id: str = ""
    interaction_id: str
    last_seq: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRaised:
    """There is an alert, or one was acknowledged: for a user, or for all supervisors ("")."""

    org_id: str = ""
    user_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobMoved:
    """A job over cases began, got on or ended."""

    org_id: str = ""
    job: Job  # without its cases


@dataclass(frozen=True, kw_only=True, slots=True)
class CallMoved:
    """More is known of a call in which an agent's telephone takes part, or took part."""

    org_id: str = ""
    agent_id: str


DeskSignal = AlertRaised | JobMoved | CallMoved
"""What concerns people, not a conversation."""
Signal = EntryAppended | Typing | Receipt | VisitorOnline | Position | Behind
