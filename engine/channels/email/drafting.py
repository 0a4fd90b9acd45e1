"""What goes around the words of a mail: whom it is from, subject, signature, quotation, the marks of its case. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.channels.email import tokens
from engine.channels.email.compose import LONGEST_SUBJECT, answer_subject, quotation
from engine.channels.email.joining import bare_subject
from engine.model.case import Case
from engine.model.mail import Mailbox, ParsedMail
from engine.model.mail_channel import Email
from engine.model.mail_record import Mail, MailSummary, OutgoingKind
from engine.model.organisation import nearest_text

Fill = Callable[[str, Mapping[str, str]], str]
"""Put values into a text at their names; what has none is left empty."""
_BREAKS = re.compile(r"\s+")
SIGNATURE = "-- "
"""The line above a signature, by which programs know it (RFC 3676, section 4.3)."""

WROTE: Mapping[str, str] = {
    "en": "On {at}, {who} wrote:",
    "de": "Am {at} schrieb {who}:",
    "fr": "Le {at}, {who} a écrit :",
    "es": "El {at}, {who} escribió:",
    "it": "Il {at}, {who} ha scritto:",
    "nl": "Op {at} schreef {who}:",
    "pt": "Em {at}, {who} escreveu:",
    "zh": "{who} 于 {at} 写道：",
    "ja": "{at}、{who} のメール:",
}
"""What stands above a quotation, by language; ``body/phrases.py`` knows all of these when they come back."""
FORWARDED = "---------- Forwarded message ---------"
"""What stands above a mail that is passed on, in the form that most programs recognise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """What ties a mail to its case."""

    token: str
    plus_address: bool  # the address that answers go to holds the token
    marker: bool  # … the last line of the text does

    @classmethod
    def of(cls, email: Email, token: str) -> Marks:
        """Return the marks that a channel's mail carries; its Message-ID always carries the token."""
        return cls(token=token, plus_address=email.shows_token, marker=email.shows_token)

    def reply_to(self, sender: Mailbox) -> str:
        """Return the address that answers go to, "" where that is the sender's own."""
        address = tokens.plus_address(sender.email, self.token) if self.plus_address else sender.email
        return "" if address == sender.email else address

    @property
    def line(self) -> str:
        """Return the marker; "" where mail carries none."""
        return tokens.marker(self.token) if self.marker else ""

    def signed(self, text: str) -> str:
        """Return a text with the marker as its last line."""
        return f"{text.rstrip()}\n\n{tokens.marker(self.token)}\n" if self.marker else f"{text.rstrip()}\n"


def sender_of(email: Email, *, channel_name: str, queue: str) -> Mailbox:
    """Return whom a channel's mail is from; some queues have an address of their own."""
    return Mailbox(email=email.from_by_queue.get(queue, email.address), name=email.sender_name or channel_name)


def signature_of(email: Email, queue: str, locale: str, values: Mapping[str, str], fill: Fill) -> str:
    """Return a queue's signature, else its channel's, in the language nearest to ``locale``; "" = it has none."""
    own = email.signature_by_queue.get(queue)
    text, languages = (own.text, own.languages) if own else (email.signature, email.signatures)
    return fill(nearest_text(text, languages, locale), values).strip("\n")


def one_line(text: str) -> str:
    """Return a text that is to be a subject."""
    return _BREAKS.sub(" ", text).strip()[:LONGEST_SUBJECT]


def subject_of(kind: OutgoingKind, subject: str, case: Case) -> str:
    """Return the subject of a mail of a case, with the case's number, by which it is known when nothing else is."""
    if kind is OutgoingKind.REPLY:
        return answer_subject(subject or case.subject, case.number)
    prefix = "Fwd: " if kind is OutgoingKind.FORWARD else ""
    return f"{prefix}[#{case.number}] {bare_subject(subject or case.subject)}".strip()[:LONGEST_SUBJECT]


def whole_text(body: str, *, signature: str, quoted: str, marks: Marks) -> str:
    """Return all of a mail's text: what was written, signature, what is quoted, marker."""
    signed = f"{SIGNATURE}\n{signature}" if signature and not signature.startswith("--") else signature
    return marks.signed("\n\n".join(part for part in (body.rstrip(), signed, quoted) if part))


def quoted_text(mail: Mail, *, locale: str) -> str:
    """Return a mail as an answer quotes it: what its sender wrote, not what he quoted himself."""
    summary = _summary(mail)
    who = _shown(summary.sender) or mail.received.envelope.sender
    wrote = nearest_text(WROTE["en"], WROTE, locale).format(at=_at(mail), who=who)
    return quotation(summary.body.new, wrote)


def forwarded_text(mail: Mail) -> str:
    """Return a mail as it is passed on: who wrote it when to whom, and all of its text."""
    summary = _summary(mail)
    body = summary.body
    head = [
        FORWARDED,
        f"From: {_shown(summary.sender)}",
        f"Date: {_at(mail)}",
        f"Subject: {summary.subject}",
        f"To: {', '.join(map(_shown, summary.to))}",
    ]
    if summary.cc:
        head.append(f"Cc: {', '.join(map(_shown, summary.cc))}")
    whole = "\n\n".join(part.strip("\n") for part in (body.new, body.signature, body.quoted) if part.strip())
    return "\n".join(head) + f"\n\n{whole}"


def parsed_of(mail: Mail) -> ParsedMail:
    """Return what of a mail decides who is answered and how it is threaded, as its reader had it."""
    summary = _summary(mail)
    return ParsedMail(
        message_id=summary.message_id,
        references=summary.references,
        subject=summary.subject,
        sender=summary.sender,
        reply_to=summary.reply_to,
        to=summary.to,
        cc=summary.cc,
    )


def _summary(mail: Mail) -> MailSummary:
    if mail.summary is None:
        raise ValueError("a mail that was not read has nothing to be quoted")
    return mail.summary


def _at(mail: Mail) -> str:
    at_ms = _summary(mail).date_ms or mail.received.received_ms
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _shown(one: Mailbox | None) -> str:
    if one is None:
        return ""
    return f"{one.name} <{one.email}>" if one.name else one.email
