"""Telephony as configured: where reports of calls come from, and what telephones agents have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PLACEHOLDERS = ("number", "called", "direction", "queue", "call", "contact", "agent")
"""What a page's address may have of a call, in braces …"""
GIVEN = "given."
"""… and, after this, by its name what the caller keyed in."""
URL_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class PopAction(StrEnum):
    """What his screen does."""

    MATCH = "match"  # opens what was found: a contact, an account or a case
    CASE = "case"  # opens the customer's newest open case; where there is none, himself
    LIST = "list"  # shows what was found, to choose from
    NEW = "new"  # opens the form of a new contact, with the number
    URL = "url"  # opens another program's page
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class PopChoice:
    """What is done, by how much was found."""

    none: PopAction = PopAction.NEW
    one: PopAction = PopAction.MATCH
    many: PopAction = PopAction.LIST


@dataclass(frozen=True, kw_only=True, slots=True)
class PopRules:
    """What a channel's calls pop."""

    case_number: tuple[str, ...] = ()  # names of what the caller keyed in: the first that leads somewhere counts
    customer_number: tuple[str, ...] = ()
    customer_source: str = ""  # the system whose keys of contacts and accounts those are
    inbound: PopChoice = PopChoice()
    outbound: PopChoice = PopChoice()
    url: str = ""  # with placeholders; "" = there is none


@dataclass(frozen=True, kw_only=True, slots=True)
class MqttServer:
    """The MQTT server that keeps a telephone system's reports."""

    host: str
    port: int = 8883
    tls: bool = True
    ca: str = ""  # name of the file that says who signed its certificate; "" = whom the system trusts
    user: str = ""
    topic: str = ""  # "" = cordboard/<organisation>/<source>
    keep_ms: int = 3_600_000  # how long it keeps reports while nobody is connected


@dataclass(frozen=True, kw_only=True, slots=True)
class CallSource:
    """One telephone system that reports calls."""

    key: str  # unique in the organisation
    kind: str  # "http", "mqtt"
    secret: str = ""  # name of the file that holds it: what signs requests, or the password
    server: MqttServer | None = None  # of kind "mqtt"
    per_second: int = 100  # reports that are taken …
    burst: int = 1_000  # … after so many at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """The telephone side of a channel."""

    sources: Mapping[str, CallSource]
    queues: Mapping[str, str] = field(default_factory=dict)  # the telephone system's name of a queue → ours
    stale_ringing_ms: int = 1_800_000  # a call of which nothing was heard so long is lost: before it is answered …
    stale_talking_ms: int = 14_400_000  # … and after
    pop: PopRules = PopRules()


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """By what a telephone system knows an agent."""

    extension: str = ""
    devices: tuple[str, ...] = ()
    user: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return all that he is known by."""
        return tuple(one for one in (self.extension, *self.devices, self.user) if one)
