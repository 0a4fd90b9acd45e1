"""Escalation: what happens to a case that runs late, or about which something calls for more than the usual.

A *rule set* has one trigger and a ladder of steps. When the trigger comes the ladder *begins*; each step is taken so
long after that, once, unless the ladder has *stopped* before. Beginning, steps and stop are all firings, so that each
happens once per case and occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.approval import NewApproval
from engine.model.condition import ALWAYS, Condition

BEGUN, STOPPED = "begun", "stopped"
"""What a ladder's beginning and its stop are called among its steps."""

MOST_OCCURRENCES = 1_000
"""So often a rule set begins on one case at most."""


class TriggerKind(StrEnum):
    """What begins a ladder."""

    MILESTONE = "milestone"  # so long before or after a promised step is due
    AGE = "age"
    KEYWORD = "keyword"  # somebody wrote one of these
    TIER = "tier"  # of the contact or account
    REOPENED = "reopened"
    RATING = "rating"  # a bad one
    REPEATED = "repeated"  # the contact comes again and again
    EVENT = "event"  # told by another system
    ACTION = "action"  # an automation rule or a macro begins it, and nothing else


STARTABLE = frozenset(
    {TriggerKind.ACTION, TriggerKind.EVENT, TriggerKind.KEYWORD, TriggerKind.RATING, TriggerKind.REPEATED}
)
"""What an automation rule or a macro may begin, too: ladders of which one stands at a time, whatever number it has."""


class AgeFrom(StrEnum):
    """What a case's age counts from."""

    OPENED = "opened"
    UPDATED = "updated"
    MESSAGE = "message"  # the customer's last, which nobody has answered


class SaidBy(StrEnum):
    """Whose messages are looked at."""

    CUSTOMER = "customer"
    ANYONE = "anyone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """What begins a ladder; which fields count depends on the kind."""

    kind: TriggerKind
    milestone: str = ""  # key of the milestone
    shift_ms: int = 0  # from its due time, in its own business time; below 0 = before
    since: AgeFrom = AgeFrom.OPENED
    after_ms: int = 0  # age
    words: tuple[str, ...] = ()
    by: SaidBy = SaidBy.CUSTOMER
    tiers: frozenset[str] = frozenset()
    least: int = 0  # so often reopened; so many conversations
    rating: int = 0  # this one or a worse one
    within_ms: int = 0  # so many conversations within this time
    event: str = ""  # its name


class ActionKind(StrEnum):
    """What a step does."""

    RAISE_PRIORITY = "raise_priority"
    SET_PRIORITY = "set_priority"
    MOVE = "move"  # to another queue
    REQUIRE = "require"  # a skill
    ASSIGN = "assign"
    NOTIFY = "notify"
    ADD_FOLLOWER = "add_follower"
    SET = "set"  # a field
    SET_STATUS = "set_status"
    OPEN_CHILD = "open_child"
    COMMENT = "comment"
    ADD_TAGS = "add_tags"
    REMOVE_TAGS = "remove_tags"
    SET_TYPE = "set_type"
    SET_TEAM = "set_team"
    ASK_APPROVAL = "ask_approval"
    ESCALATE = "escalate"  # begin a ladder


class NotifyBy(StrEnum):
    """How somebody is told."""

    CONSOLE = "console"
    EMAIL = "email"
    WEBHOOK = "webhook"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewChild:
    """A case to be opened under this one; what is empty is as the parent has it."""

    subject: str
    description: str = ""
    queue: str = ""
    type: str = ""
    priority: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One thing that a step does; which fields count depends on the kind."""

    kind: ActionKind
    points: int = 0  # raise_priority: added; set_priority: the priority
    queue: str = ""  # move; assign to nobody of this queue
    skills: Mapping[str, int] = field(default_factory=dict)  # require
    who: str = ""  # assign, add_follower
    by: NotifyBy = NotifyBy.CONSOLE
    to: tuple[str, ...] = ()  # notify: see ``Who`` in docs; of a webhook: its name
    text: str = ""  # notify, comment: with merge fields
    fields: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)  # set; None = no value
    status: str = ""
    child: NewChild | None = None
    tags: tuple[str, ...] = ()  # add_tags, remove_tags
    type: str = ""  # set_type
    team: str = ""  # set_team
    approval: NewApproval | None = None
    rule_set: str = ""  # escalate: whose ladder


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalationStep:
    """A step of a ladder."""

    key: str  # its name within the rule set, or its number
    after_ms: int  # since the ladder began
    actions: tuple[Action, ...]


class Until(StrEnum):
    """What stops a ladder before its last step."""

    RESOLVED = "resolved"  # resolved or closed
    MET = "met"  # the trigger's milestone
    REPLIED = "replied"  # an agent wrote to the customer
    ACCEPTED = "accepted"  # an agent took work of the case
    OWNED = "owned"  # the case has an owner
    CONDITION = "condition"  # the rule set's condition holds no more


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSet:
    """One rule set: when it counts, what begins its ladder, what the ladder does."""

    key: str
    name: str
    trigger: Trigger
    steps: tuple[EscalationStep, ...]
    when: Condition = ALWAYS
    until: frozenset[Until] = frozenset({Until.RESOLVED, Until.MET})
    hours: str = ""  # business hours that the steps' times count in; "" = around the clock
    times: int = 0  # so often on one case at most; 0 = up to MOST_OCCURRENCES

    @property
    def most(self) -> int:
        """Return how often it begins on one case at most."""
        return self.times or MOST_OCCURRENCES

    def firing(self, step: str) -> str:
        """Return how a step of this rule set is called among the case's firings."""
        return f"{self.key}/{step}"
