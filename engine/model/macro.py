"""Quick texts and macros: what an agent says and does again and again, at one stroke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.condition import ALWAYS, Condition
from engine.model.escalation import Action


@dataclass(frozen=True, kw_only=True, slots=True)
class QuickText:
    """A text that is said again and again; with merge fields."""

    key: str
    name: str
    text: str  # for whoever speaks none of the languages
    texts: Mapping[str, str] = field(default_factory=dict)  # by language
    folder: str = ""
    channels: frozenset[str] = frozenset()  # empty: any
    queues: frozenset[str] = frozenset()  # empty: any

    def fits(self, channel: str, queue: str) -> bool:
        """Say whether the text is meant for work of this channel and queue; "" of them is none in particular."""
        return _among(channel, self.channels) and _among(queue, self.queues)


def _among(one: str, some: frozenset[str]) -> bool:
    return not some or not one or one in some


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """What a macro writes on the case: a quick text, in the customer's language."""

    quick_text: str
    public: bool  # for the customer's eyes: a reply


@dataclass(frozen=True, kw_only=True, slots=True)
class MacroAction:
    """One thing that a macro does: exactly one of these."""

    action: Action | None = None
    say: Say | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Macro:
    """What is done to a case at one stroke."""

    key: str
    name: str
    actions: tuple[MacroAction, ...]
    when: Condition = ALWAYS  # it is offered where this holds, and refused elsewhere
