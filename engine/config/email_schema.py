"""What may stand in the section `email` of a channel: addresses, mailboxes, answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.config.durations import Duration, DurationOrNone
from engine.config.form_schema import Https
from engine.config.section import Key, Section
from engine.config.texts import LongText, NameText

MailAddress = Annotated[str, StringConstraints(pattern='^[^@\\s<>,;"]{1,64}@[^@\\s<>,;"]{1,189}$')]
Host = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9.:-]{1,253}$")]
Folder = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Selector = Annotated[str, StringConstraints(pattern="^([A-Za-z0-9]([A-Za-z0-9._-]{0,62}))?$")]


class OAuthSection(Section):
    """XOAUTH2, as Google and Microsoft 365 ask for; the secret's file holds client secret or refresh token."""

    token_url: Https = Field(description="Where access tokens are had.")
    client_id: str = Field(min_length=1, max_length=200, description="Id of the registered application.")
    scope: str = Field("", max_length=400, description="Scope that is asked for.")
    grant: Literal["refresh_token", "client_credentials"] = Field(
        "refresh_token",
        description="refresh_token: of a person; client_credentials: of the application (Microsoft).",
    )


class MailboxSection(Section):
    """A mailbox that is polled over IMAP."""

    server: Host = Field(description="IMAP server.")
    port: int = Field(0, ge=0, le=65_535, description="Port; 0: 993, or 143 without TLS from the start.")
    security: Literal["tls", "starttls", "none"] = Field("tls", description="Protection of the connection.")
    login: str = Field(min_length=1, max_length=200, description="User of the mailbox.")
    secret: Key = Field(description="Name of the file, in the directory of mail secrets, that holds its password.")
    oauth: OAuthSection | None = Field(None, description="XOAUTH2 in place of a password.")
    folders: list[Folder] = Field(
        default_factory=lambda: ["INBOX"], min_length=1, max_length=20, description="Folders that are taken."
    )
    after: Literal["leave", "seen", "move", "delete"] = Field("seen", description="What becomes of a mail there.")
    move_to: Folder | Literal[""] = Field("", description="Folder for after: move.")
    poll: Duration = Field(60_000, description="How often it is looked at where the server does not tell by itself.")
    since: DurationOrNone = Field(
        604_800_000, description="Of what lies there at first, mail of this age at most is taken; 0s: all."
    )


class AcknowledgementSection(Section):
    """What a customer is told at once, by a machine, when he begins a conversation."""

    text: LongText = Field(description="What he is told; {case.number} and other placeholders of quick texts.")
    subject: NameText | None = Field(None, description="Subject; left out: Re: and his own.")
    every: Duration = Field(86_400_000, description="At most once for each sender within this time.")
    most: int = Field(200, ge=1, le=100_000, description="So many in an hour, to whomever; then nobody is told.")


class EmailSection(Section):
    """An e-mail channel. Only in channels of kind email."""

    address: MailAddress = Field(description="Where customers write to, and what answers come from.")
    aliases: list[MailAddress] = Field(
        default_factory=list, max_length=100, description="Further addresses whose mail is the channel's."
    )
    sender_name: NameText | None = Field(None, description="Name that answers come from; left out: the channel's.")
    from_by_queue: dict[Key, MailAddress] = Field(
        default_factory=dict, max_length=200, description="Other addresses that answers of a queue's cases come from."
    )
    writers: Literal["queues", "all"] = Field(
        "queues", description="Agents who may begin a mail from it: those of its queues, or all; answering is another."
    )
    signature: LongText = Field("", description="Beneath every answer; {agent.name} and other placeholders.")
    signature_by_queue: dict[Key, LongText] = Field(
        default_factory=dict, max_length=200, description="Other signatures, of answers of a queue's cases."
    )
    formatted: bool = Field(
        default=True, description="What agents mark (**bold**, lists, links) is sent as HTML, too, beside the text."
    )
    quotes: bool = Field(default=True, description="Answers quote what they answer.")
    shows_token: bool = Field(
        default=True, description="Answers name their case in the address, and in a line at the end."
    )
    undo: DurationOrNone = Field(10_000, description="An answer waits so long before it goes, and can be taken back.")
    late: Literal["reopen", "follow_up"] = Field("reopen", description="What mail to a case that is over does.")
    late_within: DurationOrNone = Field(
        0, description="A case over for longer is never reopened: a new one follows it; 0s: always may be."
    )
    acknowledgement: AcknowledgementSection | None = Field(None, description="What a customer is told at once.")
    return_after: DurationOrNone = Field(
        0, description="Open time of its queue after which mail of an agent who is away goes back; 0s: never."
    )
    forwarded: bool = Field(
        default=True, description="Who wrote a mail that one of the organisation's agents passes on is the contact."
    )
    keep_source: DurationOrNone = Field(
        0, description="The source of a mail, received or sent, is kept so long; 0s: always."
    )
    keep_undecided: DurationOrNone = Field(
        0, description="Mail that is held or could not be read is discarded when nobody decides for so long; 0s: never."
    )
    trusted_servers: list[Host] = Field(
        default_factory=list, max_length=50, description="Servers whose Authentication-Results are believed."
    )
    by_number: Literal["proven", "always", "never"] = Field(
        "proven",
        description="Whether mail joins a case by its number in the subject alone, where its sender takes part: proven "
        "(by a trusted server; else it is held), always, or never (a case of its own).",
    )
    mailboxes: dict[Key, MailboxSection] = Field(
        default_factory=dict, max_length=20, description="Mailboxes that are polled."
    )
    relay: Key | Literal[""] = Field(
        "", description="Name of the file that holds the address of this channel's own relay; empty: the usual one."
    )
    dkim_selector: Selector = Field("", description="Selector of the DKIM key; empty: mail is not signed here.")
    dkim_secret: Key | Literal[""] = Field("", description="Name of the file that holds the private key.")
