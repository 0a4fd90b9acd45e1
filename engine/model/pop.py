"""Screen pop: what an agent is shown of who is on his telephone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.call import Call, Leg
from engine.model.transfer import Noun
from engine.model.voice import PopAction


class PopBy(StrEnum):
    """By what it was found."""

    CASE_NUMBER = "case_number"  # the caller keyed it in
    CUSTOMER_NUMBER = "customer_number"  # so he did
    NUMBER = "number"  # the customer's telephone number


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Somebody or something that a call may be about."""

    kind: Noun
    id: str
    title: str = ""  # name, or subject
    number: int = 0  # a case's


@dataclass(frozen=True, kw_only=True, slots=True)
class PopQuestion:
    """What is looked for; the first kind of which anything is found counts."""

    case_numbers: tuple[int, ...] = ()
    customer_numbers: tuple[str, ...] = ()  # keys …
    source: str = ""  # … of this system
    contact_id: str = ""  # whose the telephone number is; "" = nobody's that was known before
    phone: str = ""  # E.164


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What there is."""

    by: PopBy | None = None
    matches: tuple[Match, ...] = ()
    case: Match | None = None  # of the only match, the newest that is open


@dataclass(frozen=True, kw_only=True, slots=True)
class Pop:
    """What an agent's screen does for a call."""

    action: PopAction = PopAction.NOTHING
    by: PopBy | None = None
    open: Match | None = None  # what is opened
    matches: tuple[Match, ...] = ()
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentCall:
    """A call in which an agent's telephone takes part."""

    call: Call
    leg: Leg  # his
    ahead_ms: int = 0  # our clock of the telephone system's: times of the call and this are times of ours
    contact_name: str = ""
