"""Signals of a live conversation: what every socket that shows it should hear at once.

A signal is a hint. It may be lost or arrive twice; entries are complete by their ``seq``, which a
receiver compares with the last one it sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.conversation import Author, Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryAppended:
    """An entry was committed to the transcript."""

    org_id: str
    entry: Entry

    @property
    def interaction_id(self) -> str:
        """Return the conversation's id."""
        return self.entry.interaction_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Typing:
    """Somebody began or stopped to type."""

    org_id: str
    interaction_id: str
    who: Author
    name: str
    on: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A side has received or read the transcript up to a number."""

    org_id: str
    interaction_id: str
    who: Author  # whose mark it is
    received_seq: int
    read_seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitorOnline:
    """The visitor's last socket went, or his first came."""

    org_id: str
    interaction_id: str
    online: bool


Signal = EntryAppended | Typing | Receipt | VisitorOnline
