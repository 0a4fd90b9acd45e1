"""Telephone calls: what a telephone system reports of them, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.case_setup import Filing
from engine.model.conversation import Entry
from engine.model.organisation import CasePolicy
from engine.model.work import Plan

VOICE = "voice"
"""Kind of the channel, of the conversation and of the work of a call."""
LOST = "lost"
"""Cause of the end of a call whose hang-up was never told."""
RINGS_MS = 120_000
"""How long a telephone of which nothing more is heard is taken to ring."""


class CallKind(StrEnum):
    """What a telephone system reports."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    PARKED = "parked"
    RETRIEVED = "retrieved"
    CONFERENCED = "conferenced"
    TRANSFERRED = "transferred"  # by the leg it names, which is out of the call with it
    LEFT = "left"  # a leg ended, the call may go on
    ENDED = "ended"  # the call ended


class Direction(StrEnum):
    """Who called."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class LegState(StrEnum):
    """How one party stands."""

    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    PARKED = "parked"
    LEFT = "left"


class CallState(StrEnum):
    """How a call stands, all parties together."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    PARKED = "parked"
    CONFERENCED = "conferenced"
    ENDED = "ended"


_UP = {LegState.RINGING, LegState.TALKING, LegState.HELD, LegState.PARKED}
LEGAL: Mapping[CallKind, Mapping[LegState | None, LegState]] = {
    CallKind.RINGING: {None: LegState.RINGING, LegState.RINGING: LegState.RINGING},
    CallKind.ANSWERED: {
        None: LegState.TALKING, LegState.RINGING: LegState.TALKING, LegState.TALKING: LegState.TALKING,
    },
    CallKind.HELD: {LegState.TALKING: LegState.HELD, LegState.HELD: LegState.HELD},
    CallKind.RESUMED: {LegState.HELD: LegState.TALKING, LegState.TALKING: LegState.TALKING},
    CallKind.PARKED: {LegState.TALKING: LegState.PARKED, LegState.HELD: LegState.PARKED},
    CallKind.RETRIEVED: {LegState.PARKED: LegState.TALKING, LegState.TALKING: LegState.TALKING},
    CallKind.CONFERENCED: {LegState.TALKING: LegState.TALKING, LegState.HELD: LegState.TALKING},
    CallKind.TRANSFERRED: {LegState.TALKING: LegState.LEFT, LegState.HELD: LegState.LEFT},
    CallKind.LEFT: {**dict.fromkeys(_UP, LegState.LEFT), LegState.LEFT: LegState.LEFT},
    CallKind.ENDED: {None: LegState.LEFT, **dict.fromkeys(LegState, LegState.LEFT)},
}  # fmt: skip
"""What a report makes of the leg it names, by the leg's state (None: not heard of before); others are out of place.

Beside it: a telephone that nobody answered is rung again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEvent:
    """One report of a telephone system."""

    event_id: str  # unique per source
    reference: str  # the source's own name of the whole call
    leg_id: str = ""  # one party's channel; "" = the customer's
    kind: CallKind
    at_ms: int  # by the source's clock
    received_ms: int = 0  # by ours
    direction: Direction = Direction.INBOUND
    from_number: str = ""
    to_number: str = ""
    party: str = ""  # extension, device or user on that leg; "" = the customer's
    agent_id: str = ""  # whose that is, when it was received
    queue: str = ""  # the telephone system's name of it
    to: str = ""  # of a transfer: whither
    cause: str = ""
    recording: str = ""  # link
    given: Mapping[str, str] = field(default_factory=dict)  # what the caller keyed in, and the like


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """One party of a call."""

    leg_id: str
    party: str = ""
    agent_id: str = ""
    state: LegState
    rang_ms: int = 0
    answered_ms: int = 0
    left_ms: int = 0
    ring_ms: int = 0  # finished times in each state …
    talk_ms: int = 0
    hold_ms: int = 0  # … parked included
    since_ms: int = 0  # in its state
    cause: str = ""

    @property
    def customer(self) -> bool:
        """Say whether it is the customer's."""
        return not self.party

    @property
    def rings(self) -> bool:
        """Say whether an agent's telephone rings."""
        return self.state is LegState.RINGING and bool(self.agent_id)

    @property
    def connected(self) -> bool:
        """Say whether the party takes part."""
        return self.state in (LegState.TALKING, LegState.HELD, LegState.PARKED)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEvent:
    """A report in its place in the call's timeline."""

    event: CallEvent
    in_place: bool  # False: it fits nowhere, and changed nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPicture:
    """What all reports of a call come to."""

    state: CallState = CallState.RINGING
    direction: Direction = Direction.INBOUND
    from_number: str = ""
    to_number: str = ""
    queue: str = ""
    recording: str = ""
    cause: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    legs: tuple[Leg, ...] = ()
    timeline: tuple[TimelineEvent, ...] = ()
    started_ms: int = 0
    answered_ms: int = 0
    ended_ms: int = 0
    since_ms: int = 0  # in its state
    ring_ms: int = 0  # finished times in each state …
    talk_ms: int = 0
    hold_ms: int = 0  # … parked included

    @property
    def customer_number(self) -> str:
        """Return the number of the customer as the telephone system wrote it; "" = there is none."""
        if self.direction is Direction.INTERNAL:
            return ""
        return self.from_number if self.direction is Direction.INBOUND else self.to_number


@dataclass(frozen=True, kw_only=True, slots=True)
class Ring:
    """An agent's telephone rings, and keeps him from other work."""

    agent_id: str
    leg: str  # unique to the agent
    until_ms: int  # given up then, if nothing else is heard


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call as it is kept."""

    id: str
    org_id: str
    channel: str
    source: str
    reference: str  # the source's own name of it
    picture: CallPicture
    items: Mapping[str, str] = field(default_factory=dict)  # leg → id of the work that it is, or was, to its agent
    interaction_id: str = ""  # "" = no customer takes part
    contact_id: str = ""
    case_id: str = ""
    known: bool = False  # the customer's number was a contact's before the call
    events: int = 0
    dropped: int = 0  # reports beyond the most that are kept
    heard_ms: int = 0
    version: int = 0

    @property
    def rings(self) -> tuple[Ring, ...]:
        """Return which agents' telephones it lets ring."""
        return tuple(
            Ring(agent_id=leg.agent_id, leg=self.ring_name(leg), until_ms=self.heard_ms + RINGS_MS)
            for leg in self.picture.legs
            if leg.rings
        )

    def ring_name(self, leg: Leg) -> str:
        """Return by what name a leg's ringing is known."""
        return f"{self.id}/{leg.leg_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallTerms:
    """What the record must know to keep a call: nothing is worked out under the lock but by these pure functions."""

    channel: str
    plan: Callable[[CallPicture], Plan]  # which queue its work is of
    phone_key: Callable[[CallPicture], str]  # the customer's number as E.164; "" = none, or withheld
    subject: str  # of its case
    case_policy: CasePolicy
    filing: Filing


@dataclass(frozen=True, kw_only=True, slots=True)
class CallChange:
    """What reports made of a call, committed."""

    call: Call
    fresh: int  # reports that were not known
    entries: tuple[Entry, ...] = ()  # new lines, to be told
    owed: bool = False  # the board has to be told


@dataclass(frozen=True, kw_only=True, slots=True)
class CallFilter:
    """Which calls are listed."""

    contact_id: str = ""
    agent_id: str = ""
    state: CallState | None = None
    before: str = ""  # only those behind this one
    limit: int = 50
