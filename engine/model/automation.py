"""Automation: ordered rules; each does something to a case when it hears of an occasion and its condition holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.model.condition import ALWAYS, Condition
from engine.model.macro import MacroAction

MOST_PER_HOUR = 10
"""So often a rule fires on one case within an hour, unless it is configured otherwise."""
MOST_FIRINGS = 1_000
"""So often a rule fires on one case at most."""
MOST_ROUNDS = 10
"""So often the rules are gone through in one decision."""

FIRED, WOULD_FIRE, HELD = "rule:", "dry:", "held:"
"""What stands before a rule's key in the names of its firings: done, only said, held back. No rule set has a colon."""

RULE_WHY = "automation: "
"""What stands before a rule's name where a change says why."""


class OccasionKind(StrEnum):
    """What a rule can listen to."""

    OPENED = "opened"
    CHANGED = "changed"  # a field of the case
    MESSAGE = "message"  # the customer wrote
    REPLY = "reply"  # an agent wrote to the customer
    ACCEPTED = "accepted"  # an agent took work of the case
    ENDED = "ended"  # a conversation is over
    RATED = "rated"
    EVENT = "event"  # told by another system
    ESCALATED = "escalated"  # a step of a rule set was taken
    MILESTONE_MET = "milestone_met"
    MILESTONE_MISSED = "milestone_missed"
    RESOLVED = "resolved"  # resolved or closed, and it was neither before
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"  # another case became part of it


class By(StrEnum):
    """Whose doing a change is."""

    ANYONE = "anyone"
    PERSON = "person"  # or a program that acts for itself
    RULE = "rule"  # of automation
    ENGINE = "engine"  # assignment, escalation, what a status becomes by itself


@dataclass(frozen=True, kw_only=True, slots=True)
class On:
    """An occasion that a rule listens to."""

    kind: OccasionKind
    names: frozenset[str] = frozenset()  # of fields, milestones, rule sets, events; empty: any
    by: By = By.ANYONE  # of changes


class Enabled(StrEnum):
    """Whether a rule is at work."""

    TRUE = "true"
    FALSE = "false"
    DRY_RUN = "dry_run"  # it says what it would do, and does nothing


class Once(StrEnum):
    """How often a rule may fire on one case."""

    CASE = "case"  # once
    CHANGE = "change"  # on each occasion


@dataclass(frozen=True, kw_only=True, slots=True)
class AutomationRule:
    """One rule."""

    key: str
    name: str
    on: tuple[On, ...]
    actions: tuple[MacroAction, ...]
    when: Condition = ALWAYS
    enabled: Enabled = Enabled.TRUE
    once: Once = Once.CHANGE
    stop: bool = False  # where it fires, no further rule is asked in this decision
    most_per_hour: int = MOST_PER_HOUR  # on one case

    @property
    def firing(self) -> str:
        """Return how its firings are called; in a dry run otherwise, so that they are none when it is switched on."""
        return f"{WOULD_FIRE if self.enabled is Enabled.DRY_RUN else FIRED}{self.key}"

    @property
    def holding(self) -> str:
        """Return how it is called that the rule was held back."""
        return f"{HELD}{self.key}"


@dataclass(frozen=True, kw_only=True, slots=True)
class FiringCount:
    """How often firings of one name happened."""

    today: int = 0
    week: int = 0
    last_ms: int = 0  # 0 = not within the week


WATCHED: Mapping[str, str] = {
    "subject": "subject",
    "description": "description",
    "status": "status",
    "priority": "priority",
    "type": "type",
    "topic": "topic",
    "queue": "queue",
    "owner": "owner_id",
    "team": "team",
    "plan": "plan",
    "entitled": "entitled",
    "tags": "tags",
    "rating": "rating",
    "routed": "routed",
    "skills": "skills",
    "contact": "contact_id",
    "account": "account_id",
    "parent": "parent_id",
}
"""Fields whose changes rules can listen to, as they are called there → on a case; besides ``fields.x``."""

BEFORE = "was."
"""What stands before the name of a field where a condition means its value before the decision."""

HAD = frozenset(
    {
        "subject", "status", "status_kind", "priority", "type", "topic", "queue", "owner", "team", "plan", "entitled",
        "tags", "rating",
    }
)  # fmt: skip
"""Fields of which a condition can ask what they were; besides ``fields.x``."""
