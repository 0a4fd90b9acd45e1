"""An e-mail channel as configured: its addresses, mailboxes that are polled, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAIL_KIND = "email"
"""Kind of an e-mail channel, of its conversations and of the work that comes through it."""


class Security(StrEnum):
    """How a connection to a mail server is protected."""

    TLS = "tls"  # from the start
    STARTTLS = "starttls"  # required
    NONE = "none"


class Late(StrEnum):
    """What becomes of mail to a case that is over."""

    REOPEN = "reopen"
    FOLLOW_UP = "follow_up"  # a new case, linked to the old one


class Writers(StrEnum):
    """Which agents may begin a mail from a channel."""

    QUEUES = "queues"  # those of its queues
    ALL = "all"


class SeenMail(StrEnum):
    """What becomes of a mail at the source once it is durable here."""

    LEAVE = "leave"  # nothing: what was taken is known by its number
    SEEN = "seen"  # marked as read
    MOVE = "move"  # to another folder
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuth:
    """How an access token for XOAUTH2 is had: the refresh-token or client-credentials grant of RFC 6749."""

    token_url: str
    client_id: str
    scope: str = ""
    grant: str = "refresh_token"  # | "client_credentials"


class ByNumber(StrEnum):
    """Whether who takes part in a case joins it by its number in the subject alone."""

    PROVEN = "proven"  # where a trusted server proves his address; else his mail is held
    ALWAYS = "always"
    NEVER = "never"  # then it is a case of its own


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxSource:
    """A mailbox that is polled over IMAP."""

    key: str  # its name in the configuration
    server: str
    port: int = 993
    security: Security = Security.TLS
    login: str
    secret: str  # name of the file that holds the password, or what OAuth needs
    oauth: OAuth | None = None
    folders: tuple[str, ...] = ("INBOX",)
    after: SeenMail = SeenMail.SEEN
    move_to: str = ""  # folder, with MOVE
    poll_ms: int = 60_000  # where the server cannot IDLE, and as a fallback
    since_ms: int = 0  # mails older than this when the mailbox is first polled are left alone; 0 = all are taken


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """What a customer is told at once, by a machine."""

    text: str
    subject: str = ""  # "" = Re: and his own, with the case's number
    every_ms: int = 86_400_000  # at most once per sender within
    most: int = 200  # of the channel in an hour, to whomever


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """What stands beneath a queue's answers."""

    text: str
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Email:
    """The e-mail side of a channel."""

    address: str  # what mail comes from, and goes to
    aliases: tuple[str, ...] = ()  # further addresses whose mail is this channel's
    sender_name: str = ""  # "" = the channel's name
    from_by_queue: Mapping[str, str] = field(default_factory=dict)  # queue → address that its answers come from
    writers: Writers = Writers.QUEUES
    signature: str = ""  # beneath every answer; {agent.name} and other placeholders of quick texts
    signatures: Mapping[str, str] = field(default_factory=dict)  # by language
    signature_by_queue: Mapping[str, Signature] = field(default_factory=dict)  # in place of it, for a queue's cases
    formatted: bool = True  # what authors mark (bold, lists, links) goes as HTML beside the text
    quotes: bool = True  # answers quote what they answer
    shows_token: bool = True  # … and carry the marker line and the plus-address by which they are recognised
    undo_ms: int = 10_000  # an answer waits so long, and can be taken back
    late: Late = Late.REOPEN
    late_ms: int = 0  # a case over for longer is never reopened; 0 = always may be
    acknowledgement: Acknowledgement | None = None
    acknowledgements: Mapping[str, str] = field(default_factory=dict)  # its text by language
    return_after_ms: int = 0  # business time after which an absent agent's mail goes back to its queue; 0 = never
    forwarded: bool = True  # who wrote a mail that somebody of ours passes on is the contact
    keep_raw_ms: int = 0  # the source of a mail is kept this long; 0 = always
    keep_undecided_ms: int = 0  # a held or unreadable mail about which nobody decides is discarded then; 0 = never
    trusted_servers: tuple[str, ...] = ()  # authserv-ids whose Authentication-Results count (RFC 8601)
    by_number: ByNumber = ByNumber.PROVEN
    mailboxes: tuple[MailboxSource, ...] = ()
    relay: str = ""  # name of the file that holds this channel's relay address; "" = the installation's
    dkim_selector: str = ""  # "" = mail is not signed here
    dkim_secret: str = ""  # name of the file that holds the private key

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return every address whose mail is this channel's, lower case, each once."""
        return tuple(dict.fromkeys(one.lower() for one in (self.address, *self.aliases, *self.from_by_queue.values())))
