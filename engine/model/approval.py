"""Approvals: what is done to a case only when somebody else has said yes.

A configured *process* says what it guards and whose yes is needed, in one or several *steps*. An *approval* is one such
question about one case, with the changes that follow from the yes; it asks several people, each of whom has a *turn*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.model.condition import ALWAYS, Condition, Group, Joint

NEVER = Group(joint=Joint.ANY)
"""The condition that holds of no case."""

TEAM_LEAD = "team_lead"
"""Who leads the case's team, or one that its owner is in."""
OWNER_LEAD = "owner_lead"
"""Who leads a team that the case's owner is in."""
ROLE = "role:"
"""Before the name of a role: anybody who has it, or one above it."""
SUPERVISORS = "supervisor"
"""The role that is asked where there is nobody else."""


class Need(StrEnum):
    """How many of a step's approvers have to say yes."""

    ANY = "any"
    ALL = "all"


class Then(StrEnum):
    """What becomes of a step whose time is over."""

    REFUSE = "refuse"  # the approval ends
    APPROVE = "approve"  # as if all had said yes
    NEXT = "next"  # the next step is asked instead; without one the approval ends


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalStep:
    """Whose yes is needed, and within which time."""

    by: tuple[str, ...]  # log-ins, TEAM_LEAD, OWNER_LEAD, ROLE with a role
    need: Need = Need.ANY
    when: Condition = ALWAYS  # of the case as it would be; where it does not hold the step is left out
    timeout_ms: int = 0  # 0 = it waits without bound
    then: Then = Then.REFUSE
    remind_ms: int = 0  # between reminders; 0 = none
    hours: str = ""  # business hours in which both times count; "" = around the clock
    instead: bool = False  # asked only when the time of the step before is over


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalProcess:
    """What needs somebody's yes, and whose."""

    key: str
    name: str
    steps: tuple[ApprovalStep, ...]
    when: Condition = ALWAYS  # which cases it is for, as they are or as they would be
    changes: Condition = NEVER  # guarded: a change after which this holds, of a field that it names
    macros: frozenset[str] = frozenset()  # guarded, too
    asker_may_approve: bool = False
    email: bool = False  # tell by mail, too
    webhook: str = ""  # and this webhook; "" = none


@dataclass(frozen=True, kw_only=True, slots=True)
class NewApproval:
    """What a rule asks for."""

    process: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""  # with merge fields


class ApprovalState(StrEnum):
    """How far an approval is."""

    WAITING = "waiting"
    APPROVED = "approved"  # and the changes are made
    REFUSED = "refused"
    TIMED_OUT = "timed_out"  # nobody said yes in time
    WITHDRAWN = "withdrawn"
    FAILED = "failed"  # approved, and the changes were not possible by then


class TurnState(StrEnum):
    """What somebody did with his turn."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    DELEGATED = "delegated"  # somebody else has a turn instead
    TIMED_OUT = "timed_out"
    OVER = "over"  # others have decided


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """That somebody is asked: a user, or anybody of a role."""

    number: int  # counts from 1 within the approval
    step: int  # of the process, from 1
    user_id: str = ""  # "" = anybody of ``role``
    role: str = ""
    state: TurnState = TurnState.WAITING
    asked_ms: int = 0
    decided_by: str = ""  # "" = the engine
    decided_ms: int = 0
    note: str = ""
    delegated_from: int = 0  # number of the turn that this one takes the place of; 0 = none


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """The question whether something may be done to a case."""

    id: str
    org_id: str
    case_id: str
    process: str  # key
    state: ApprovalState = ApprovalState.WAITING
    step: int = 0  # the one that is asked now, from 1
    changes: Mapping[str, object] = field(default_factory=dict)  # made once approved, as a person's change is written
    macro: str = ""  # done once approved
    reason: str = ""
    asked_by: str = ""  # user id; "" = a rule
    asked_ms: int = 0
    due_ms: int = 0  # when the step's time is over; 0 = never
    remind_ms: int = 0  # when its approvers are reminded next; 0 = never
    decided_ms: int = 0
    fault: str = ""  # why the changes were not possible, or why it was withdrawn
    version: int = 1  # each write adds one
    turns: tuple[Turn, ...] = ()  # in the order of their numbers

    @property
    def waiting(self) -> tuple[Turn, ...]:
        """Return the turns that wait."""
        return tuple(one for one in self.turns if one.state is TurnState.WAITING)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalCounts:
    """How many approvals wait for somebody, and how many of his own wait."""

    waiting: int
    asked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledApproval:
    """An approval with what it is about, for a list."""

    approval: Approval
    number: int  # of the case
    subject: str


class Concern(StrEnum):
    """What somebody has to do with an approval."""

    WAITING = "waiting"  # he is asked for his yes
    ASKED = "asked"  # he asked for it
    DECIDED = "decided"  # he answered, or handed his turn on


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """Who wants to see what concerns him."""

    user_id: str
    roles: tuple[str, ...] = ()  # whose turns are his
    own_processes: tuple[str, ...] = ()  # in which he may answer what he asked for himself


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalFilter:
    """Which approvals are looked for; what is empty counts not."""

    of: Asker
    concern: Concern | None = None
    state: ApprovalState | None = None
    process: str = ""
    before_id: str = ""  # the last one of the page before
    limit: int = 50
