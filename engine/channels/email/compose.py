"""Write mail: an answer with its thread, quotation and files; an automatic one that no machine answers. Pure.

The Message-ID is made once, when the mail is put into the outbox, so that sending it again is no second mail. It
carries the case's token, as does the address that answers go to, and the last line of the text: of the three, one
comes back through every gateway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from engine.channels.email import tokens
from engine.channels.email.joining import bare_subject
from engine.errors import InvalidInput
from engine.model.mail import Mailbox, ParsedMail, unencoded

MOST_RECIPIENTS = 100
MOST_REFERENCES = 30
LONGEST_SUBJECT = 250
LONGEST_QUOTATION = 20_000
"""Characters of the mail that is answered which are quoted."""

_ADDRESS = re.compile(r"^[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f]{1,64}@[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f]{1,255}$")
_THREADING = frozenset({"message-id", "in-reply-to", "references"})
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ID = re.compile(r"(?!.*=\?)[!-;=?-~]{1,900}")
"""A Message-ID that can be written as it is; those of others may be anything."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}")
_LINE_ENDS = re.compile(rb"(?<!\r)\n|\r(?!\n)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """A file that goes with a mail."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""  # shown within the HTML


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail to be written."""

    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()  # of the envelope only
    subject: str
    text: str
    html: str = ""  # safe already
    message_id: str  # without angle brackets
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""
    token: str = ""  # of its case
    at_ms: int
    automatic: bool = False  # nobody wrote it: an acknowledgement, a notice
    language: str = ""
    enclosures: tuple[Enclosure, ...] = field(default=())

    @property
    def recipients(self) -> tuple[str, ...]:
        """Return the addresses of the envelope, each once."""
        return tuple(dict.fromkeys(one.email for one in (*self.to, *self.cc, *self.bcc)))


class _Policy(EmailPolicy):
    """How a mail is written: Message-IDs stay in one piece each, which the library would fold into encoded words."""

    def fold(self, name: str, value: str) -> str:
        """Return a header as text."""
        return _folded(name, value) if name.lower() in _THREADING else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a header as bytes."""
        if name.lower() in _THREADING:
            return _folded(name, value).encode("ascii", "ignore")
        return super().fold_binary(name, value)


POLICY = _Policy(linesep="\r\n", cte_type="7bit")
"""How every mail is written: in seven bits, so that no server on its way changes what is signed (RFC 6376, 5.3)."""


def _folded(name: str, value: str) -> str:
    return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"


def message_of(letter: Letter) -> EmailMessage:
    """Return the mail as it is sent. Raises InvalidInput for an address that is none, or too many of them."""
    if not letter.recipients or len(letter.recipients) > MOST_RECIPIENTS:
        raise InvalidInput(f"A mail goes to 1 to {MOST_RECIPIENTS} addresses.", field="to")
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(letter.sender, "from")
    message["To"] = [_address(one, "to") for one in letter.to]
    if letter.cc:
        message["Cc"] = [_address(one, "cc") for one in letter.cc]
    if letter.reply_to:
        message["Reply-To"] = _address(Mailbox(email=letter.reply_to, name=letter.sender.name), "reply_to")
    message["Subject"] = _one_line(letter.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(datetime.fromtimestamp(letter.at_ms / 1000, UTC))
    message["Message-ID"] = f"<{letter.message_id}>"
    _add_thread(message, letter)
    if _LANGUAGE.fullmatch(letter.language):
        message["Content-Language"] = letter.language
    if letter.automatic:
        message["Auto-Submitted"] = "auto-replied" if letter.in_reply_to else "auto-generated"  # RFC 3834, section 5
        message["X-Auto-Response-Suppress"] = "All"
        message["Precedence"] = "auto_reply"
    _add_content(message, letter)
    return message


def source_of(message: EmailMessage) -> bytes:
    """Return a mail as it goes over the wire; raise InvalidInput where it has other headers than were set."""
    source = message.as_bytes()
    head = source.partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    names = [line.partition(b":")[0].decode("ascii", "replace") for line in lines]
    if names != message.keys() or _LINE_ENDS.search(head):
        raise InvalidInput("A header of the mail would end in its middle.")
    return source


def answer_references(mail: ParsedMail) -> tuple[str, tuple[str, ...]]:
    """Return In-Reply-To and References of an answer (RFC 5322, section 3.6.4); the first and the newest are kept."""
    chain = mail.references or mail.in_reply_to[:1]
    whole = tuple(dict.fromkeys((*chain, *([mail.message_id] if mail.message_id else []))))
    if len(whole) > MOST_REFERENCES:
        whole = (whole[0], *whole[-(MOST_REFERENCES - 1) :])
    return mail.message_id, whole


def answer_subject(subject: str, number: int) -> str:
    """Return ``Re: [#123] Kettle`` for whatever the customer made of the subject."""
    return f"Re: [#{number}] {bare_subject(subject)}".strip()[:LONGEST_SUBJECT]


def message_id(token: str, unique: str, domain: str) -> str:
    """Return a Message-ID with the case's token, without angle brackets."""
    return f"c{token}.{unique}@{domain}" if token else f"{unique}@{domain}"


def quotation(text: str, attribution: str) -> str:
    """Return what is answered, as text mails quote it."""
    lines = text[:LONGEST_QUOTATION].strip("\n").splitlines()
    return "\n".join(
        [attribution, *((f"> {line}" if not line.startswith(">") else f">{line}").rstrip() for line in lines)]
    )


def answered_to(
    mail: ParsedMail, own: frozenset[str], *, everybody: bool
) -> tuple[tuple[Mailbox, ...], tuple[Mailbox, ...]]:
    """Return To and Cc of an answer: who wants to be answered; ``everybody``: also who else was written to, but us."""
    to = mail.reply_to or ((mail.sender,) if mail.sender else ())
    seen = {one.email.lower() for one in to} | own
    others: list[Mailbox] = []
    for one in (*mail.to, *mail.cc) if everybody else ():
        address = tokens.without_token(one.email).lower()
        if "@" in address and address not in seen:
            seen.add(address)
            others.append(one)
    return tuple(to), tuple(others[: MOST_RECIPIENTS - len(to)])


def check_address(one: Mailbox, where: str) -> None:
    """Raise InvalidInput for what is no single mail address, or would end a line."""
    if not _ADDRESS.match(one.email) or "=?" in one.email:
        raise InvalidInput(
            f"{one.email[:100]!r} is no mail address.", field=where, mend="Write it as name@example.com."
        )


def _address(one: Mailbox, where: str) -> Address:
    """Return an address for a header, checked: nothing that ends a line, no second address."""
    check_address(one, where)
    local, _at, domain = one.email.rpartition("@")
    return Address(display_name=_one_line(one.name)[:200], username=local, domain=domain)


def _one_line(text: str) -> str:
    return unencoded(_BREAKS.sub(" ", text))


def _add_thread(message: EmailMessage, letter: Letter) -> None:
    """Name what is answered; what cannot be written is left out."""
    for name, ids in (("In-Reply-To", (letter.in_reply_to,)), ("References", letter.references)):
        fit = [f"<{one}>" for one in ids if _ID.fullmatch(one)]
        if fit:
            message[name] = " ".join(fit)


def _add_content(message: EmailMessage, letter: Letter) -> None:
    marker = f"\n\n{tokens.marker(letter.token)}\n" if letter.token else "\n"
    message.set_content(letter.text.rstrip("\n") + marker)
    if letter.html:
        hidden = f'<div style="color:#999;font-size:10px">{tokens.marker(letter.token)}</div>' if letter.token else ""
        message.add_alternative(letter.html + hidden, subtype="html")
    shown = [one for one in letter.enclosures if one.content_id and letter.html]
    html = message.get_body(("html",)) if shown else None
    for one in letter.enclosures:
        name = _one_line(one.name)
        kind, _slash, subtype = (one.content_type if "/" in one.content_type else "application/octet-stream").partition(
            "/"
        )
        if html is not None and one in shown:
            html.add_related(one.content, kind, subtype, cid=f"<{one.content_id}>", filename=name)
        else:
            message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=name)
