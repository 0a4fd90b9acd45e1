"""Mail that agents write, at the border."""

from typing import Annotated, Self

from pydantic import AwareDatetime, ConfigDict, Field

from engine.api.schemas.mails import MailboxAnswer
from engine.api.schemas.model import Answer, Request
from engine.clock import rfc3339
from engine.model.mail import Mailbox
from engine.model.mail_draft import PreparedMail
from engine.model.mail_record import OutgoingFile, OutgoingKind, OutgoingMail, OutgoingState, RecipientState
from engine.model.mail_sending import MailAddress


class Recipient(Request):
    """Somebody who is written to."""

    email: Annotated[str, Field(min_length=3, max_length=320)]
    name: Annotated[str, Field(max_length=200)] = ""

    def mailbox(self) -> Mailbox:
        """Return the noun."""
        return Mailbox(email=self.email.strip(), name=self.name)


Recipients = Annotated[list[Recipient], Field(max_length=100)]


class NewMail(Request):
    """A mail to be sent; what is left out, or null, is as the draft says."""

    client_id: Annotated[str, Field(min_length=1, max_length=100, description="Yours: a repeat is the same mail.")]
    kind: Annotated[
        OutgoingKind | None,
        Field(description="`reply`, `new` or `forward`; null: a reply where there is something to answer, else new."),
    ] = None
    answers: Annotated[
        str, Field(max_length=40, description="Received mail that is answered or forwarded; empty: the newest.")
    ] = ""
    everybody: Annotated[bool, Field(description="Reply to all.")] = False
    channel: Annotated[str, Field(max_length=40)] = ""
    language: Annotated[str, Field(max_length=35, description="Of signature and quotation.")] = ""
    to: Recipients | None = None
    cc: Recipients | None = None
    bcc: Recipients = Field(default_factory=list)
    subject: str | None = Field(None, max_length=250)
    body: str = Field(max_length=100_000, description="As text; **bold**, lists and links are sent as HTML, too.")
    signature: str | None = Field(None, max_length=2_000, description="Empty: none.")
    quotation: str | None = Field(None, max_length=100_000, description="Beneath the signature; empty: none.")
    attachment_ids: list[str] = Field(default_factory=list, max_length=50, description="Files of the case, sent along.")
    send_at: AwareDatetime | None = Field(None, description="Not before; null: once it cannot be undone.")
    anyhow: bool = Field(False, description="Also to addresses whose mail comes back.")

    model_config = ConfigDict(str_max_length=100_000)


class DoubtfulAddress(Answer):
    """An address whose mail comes back for good, or whose owner called our mail abuse."""

    email: str
    status: str = Field(description="Of the last bounce, such as `5.1.1` (RFC 3463).")
    diagnostic: str
    bounced_at: str | None
    complained_at: str | None

    @classmethod
    def of(cls, one: MailAddress) -> Self:
        """Build from the noun."""
        return cls(
            email=one.email,
            status=one.status,
            diagnostic=one.diagnostic,
            bounced_at=_time(one.bounced_ms),
            complained_at=_time(one.complained_ms),
        )


class DraftFile(Answer):
    """A file of the mail that is passed on."""

    attachment_id: str
    name: str
    media_type: str
    size: int


class MailDraftAnswer(Answer):
    """A mail as it would go out, but for the words of its author."""

    kind: OutgoingKind
    channel: str
    interaction_id: str
    answers: str
    sender: MailboxAnswer
    reply_to: str = Field(description="Where answers go, empty: to the sender; its part behind + names the case.")
    to: list[MailboxAnswer]
    cc: list[MailboxAnswer]
    subject: str
    language: str
    signature: str
    quotation: str
    files: list[DraftFile]
    undo_ms: int = Field(description="A mail can be taken back so long.")
    doubtful: list[DoubtfulAddress]

    @classmethod
    def of(cls, one: PreparedMail) -> Self:
        """Build from the noun."""
        files = [
            DraftFile(attachment_id=file.id, name=file.name, media_type=file.media_type, size=file.size)
            for file in one.files
        ]
        return cls(
            kind=one.kind,
            channel=one.channel,
            interaction_id=one.interaction_id,
            answers=one.answers,
            sender=MailboxAnswer.of(one.sender),
            reply_to=one.reply_to,
            to=_boxes(one.to),
            cc=_boxes(one.cc),
            subject=one.subject,
            language=one.language,
            signature=one.signature,
            quotation=one.quotation,
            files=files,
            undo_ms=one.undo_ms,
            doubtful=[DoubtfulAddress.of(address) for address in one.doubtful],
        )


class RecipientAnswer(Answer):
    """How far a mail is for one recipient."""

    email: str
    state: RecipientState
    code: int = Field(description="Of the relay's last answer; 0: it gave none.")
    said: str
    tries: int
    next_try_at: str | None


class OutgoingFileAnswer(Answer):
    """A file that goes with a mail."""

    name: str
    media_type: str
    size: int

    @classmethod
    def of(cls, one: OutgoingFile) -> Self:
        """Build from the noun."""
        return cls(name=one.name, media_type=one.media_type, size=one.size)


class OutgoingMailAnswer(Answer):
    """A mail that is sent, and how far that is."""

    id: str
    kind: OutgoingKind
    channel: str
    case_id: str
    interaction_id: str
    entry_seq: int
    answers: str
    author_id: str
    client_id: str
    message_id: str
    sender: MailboxAnswer
    to: list[MailboxAnswer]
    cc: list[MailboxAnswer]
    bcc: list[MailboxAnswer]
    subject: str
    text: str
    files: list[OutgoingFileAnswer]
    automatic: bool
    state: OutgoingState
    fault: str = Field(description="Why it waits, or what went wrong.")
    blocked: bool = Field(description="Its channel cannot send now: it goes once that can.")
    created_at: str
    not_before: str = Field(description="Until then it can be taken back without fail.")
    sent_at: str | None
    recipients: list[RecipientAnswer]

    @classmethod
    def of(cls, one: OutgoingMail) -> Self:
        """Build from the noun."""
        waiting = one.state is OutgoingState.WAITING and not one.blocked
        recipients = [
            RecipientAnswer(
                email=to.email,
                state=to.state,
                code=to.code,
                said=to.said,
                tries=to.tries,
                next_try_at=_time(to.next_ms) if waiting and to.state is RecipientState.WAITING else None,
            )
            for to in one.recipients
        ]
        return cls(
            id=one.id,
            kind=one.kind,
            channel=one.channel,
            case_id=one.case_id,
            interaction_id=one.interaction_id,
            entry_seq=one.entry_seq,
            answers=one.answers,
            author_id=one.author_id,
            client_id=one.client_id,
            message_id=one.message_id,
            sender=MailboxAnswer.of(one.sender),
            to=_boxes(one.to),
            cc=_boxes(one.cc),
            bcc=_boxes(one.bcc),
            subject=one.subject,
            text=one.text,
            files=[
                OutgoingFileAnswer(name=file.name, media_type=file.media_type, size=file.size) for file in one.files
            ],
            automatic=one.automatic,
            state=one.state,
            fault=one.fault,
            blocked=one.blocked,
            created_at=rfc3339(one.created_ms),
            not_before=rfc3339(one.not_before_ms),
            sent_at=_time(one.sent_ms),
            recipients=recipients,
        )


def _boxes(some: tuple[Mailbox, ...]) -> list[MailboxAnswer]:
    return [MailboxAnswer.of(one) for one in some]


def _time(ms: int) -> str | None:
    return rfc3339(ms) if ms else None
