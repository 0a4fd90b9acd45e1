"""Web forms: what one asks, what becomes of what is sent, what keeps spam out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

STANDARD = ("name", "email", "phone", "topic", "subject", "description")
"""Fields that every form may have; others are custom fields, written ``case.batch`` or ``contact.favourite``."""


class Guarding(StrEnum):
    """What becomes of a submission in which a rule of the spam guard sees spam; the strictest answer counts."""

    OFF = "off"
    HOLD = "hold"  # kept aside until somebody has looked at it
    REFUSE = "refuse"  # the sender is told, and may mend it


class Unproven(StrEnum):
    """What becomes of a submission without a proof of work, or whose CAPTCHA nobody can check."""

    ACCEPT = "accept"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True, slots=True)
class FormField:
    """One field of a form, in the order in which it is shown."""

    key: str  # one of STANDARD, "case.<field>" or "contact.<field>"
    label: str = ""  # "" = the standard one, or the custom field's name
    help: str = ""
    required: bool = False
    longest: int = 0  # characters; 0 = as the field allows


@dataclass(frozen=True, kw_only=True, slots=True)
class FormFiles:
    """Which files may be sent along."""

    most: int = 5
    most_bytes: int = 10_485_760  # of one file
    types: tuple[str, ...] = ()  # "image/*", "application/pdf", ".docx"; empty = any


@dataclass(frozen=True, kw_only=True, slots=True)
class Captcha:
    """A CAPTCHA of somebody else: hCaptcha, Turnstile and reCAPTCHA check answers alike (``siteverify``)."""

    verify_url: str
    site_key: str
    script_url: str
    secret: str  # name of the file that holds it
    css_class: str = "h-captcha"  # of the element that the script fills
    response_field: str = "h-captcha-response"
    origins: tuple[str, ...] = ()  # whose scripts, frames and connections the page allows
    when_away: Unproven = Unproven.HOLD
    timeout_ms: int = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class SpamGuard:
    """Rules against spam and floods."""

    honeypot: Guarding = Guarding.HOLD
    too_fast: Guarding = Guarding.HOLD
    least_fill_ms: int = 2_000
    most_fill_ms: int = 86_400_000  # then the page is too old, and a new one is shown with what was typed
    links: Guarding = Guarding.HOLD
    most_links: int = 5
    blocked: Guarding = Guarding.HOLD
    words: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()  # addresses, or domains with all beneath them
    headers: Guarding = Guarding.HOLD  # lines of mail headers where none belong
    duplicates: Guarding = Guarding.HOLD
    duplicates_ms: int = 600_000
    work_bits: int = 15  # leading zero bits of the proof of work; 0 = none is asked for
    without_work: Unproven = Unproven.ACCEPT
    captcha: Captcha | None = None
    address_burst: int = 5  # submissions of one network address at once …
    address_every_ms: int = 60_000  # … and one more in each such time
    channel_burst: int = 60  # of all together
    channel_every_ms: int = 2_000
    most_held: int = 1_000  # kept aside at once; beyond, what would be held is refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A web form that opens cases."""

    fields: tuple[FormField, ...] = ()
    intro: str = ""
    consent: str = ""  # to be ticked; "" = none
    thanks: str = ""  # "" = the standard one
    shows_number: bool = True  # the sender is told his case's number
    routed: bool = True  # the case waits for an agent as a work item
    priority: int = 0
    case_type: str = ""
    tags: tuple[str, ...] = ()
    files: FormFiles | None = None  # None = none may be sent
    guard: SpamGuard = field(default_factory=SpamGuard)


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrivingFile:
    """A file that is on the disk, to be named on the case that is opened."""

    name: str
    media_type: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseSeed:
    """What the case of an arrival begins with, where the channel knows more than a message."""

    subject: str
    description: str = ""
    type: str = ""
    priority: int = 0  # added to what classification says
    fields: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    skills: Mapping[str, int] = field(default_factory=dict)  # asked of who gets it, besides the queue's
    routed: bool = False
    files: tuple[ArrivingFile, ...] = ()
    contact_fields: Mapping[str, object] = field(default_factory=dict)  # of a contact who is new
    phone_key: str = ""  # E.164, by which the contact is found or known from now on
