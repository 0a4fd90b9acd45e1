"""What is to become of a mail that was read, as its reader hands it to the record; what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.model.case import Case
from engine.model.case_setup import Filing
from engine.model.casework import Decide
from engine.model.conversation import Entry
from engine.model.mail import FailedAddress, Mailbox, MailNature
from engine.model.mail_channel import Late
from engine.model.mail_record import Mail, MailFile, MailState, MailSummary, OutgoingMail
from engine.model.work import Plan, WorkItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """What a mail names that may tie it to a case."""

    case_ids: tuple[str, ...] = ()  # by tokens that we made
    message_ids: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    own_id: str = ""  # its own Message-ID: is it one that we gave?


@dataclass(frozen=True, kw_only=True, slots=True)
class Takers:
    """Who takes part in a case."""

    addresses: frozenset[str]  # lower case
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Threads:
    """What the record knows of what a mail names; a case that was merged stands for the one it was merged into."""

    by_id: Mapping[str, str] = field(default_factory=dict)  # as named → the case's id
    by_message: Mapping[str, str] = field(default_factory=dict)
    by_number: Mapping[int, str] = field(default_factory=dict)
    takers: Mapping[str, Takers] = field(default_factory=dict)  # of each case found
    sent: frozenset[str] = frozenset()  # those of the Message-IDs that are of mails we sent


@dataclass(frozen=True, kw_only=True, slots=True)
class Joining:
    """The case that a mail belongs to."""

    case_id: str
    clue: str
    confidence: int
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledging:
    """The answer that a machine gives to a mail which begins a conversation."""

    email: str  # as whom he is counted, lower case
    address: str  # who gets it
    every_ms: int  # at most one within
    most: int  # … and so many of the channel an hour
    write: Callable[[Case, str], OutgoingMail | None]
    """Write it for the case and the interaction with this id; None: there is nothing to say. Pure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailOrder:
    """Everything that the one transaction needs which files a mail: nothing is worked out under the lock."""

    org_id: str
    mail_id: str
    channel: str
    kind: str  # of its work
    state: MailState  # FILED, HELD or SIGNAL: what is to become of it
    of: MailState = MailState.RECEIVED  # in which it must be, or nothing happens
    reason: str = ""  # why it is held or a signal
    summary: MailSummary
    nature: MailNature
    files: tuple[MailFile, ...] = ()
    writer: Mailbox | None = None  # who wrote it: a contact, known by this address or new
    text: str = ""  # the entry's
    data: Mapping[str, object] = field(default_factory=dict)  # the entry's
    language: str = ""
    subject: str = ""  # of a new case
    joining: Joining | None = None  # None: a case of its own
    plan: Plan | None = None  # of a filed one
    filing: Filing = field(default_factory=Filing)
    late: Late = Late.REOPEN
    late_ms: int = 0
    reopen: Decide | None = None  # what is decided of a case that is over
    acknowledging: Acknowledging | None = None
    failed: tuple[FailedAddress, ...] = ()  # of a bounce of a mail that we sent
    about: str = ""  # Message-ID of the mail of ours that a report is about
    decided_by: str = ""  # user id, of one that was held or quarantined
    now_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledMail:
    """What became of a mail, committed."""

    state: MailState
    case_id: str = ""
    interaction_id: str = ""
    item: WorkItem | None = None  # new work, pending
    entries: tuple[Entry, ...] = ()  # new lines, to be told
    new_case: bool = False
    acknowledged: bool = False
    repeated: bool = False  # it was in another state: nothing happened


@dataclass(frozen=True, kw_only=True, slots=True)
class LateMail:
    """A mail that joined work which is over."""

    mail: Mail
    seen: bool  # who ended the work knew of it


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldWork:
    """Work that an agent holds, and how he stands."""

    item: WorkItem
    channel: str
    status: str  # key of his present status; "" = none known
    since_ms: int  # … in which he has been since
