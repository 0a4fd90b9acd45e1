"""Read a whole mail: headers, the text to show, the files that came with it, what robots say in it.

Never raises, whatever the mail is; what could not be read is named in ``faults``, and the raw source is kept. Files
are handed to ``Keep`` in pieces as they are decoded; no file is ever unpacked, but for TNEF, Outlook's own envelope.
"""

from __future__ import annotations

import html as html_library
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engine.channels.email.html_text import LONGEST_HTML, html_text
from engine.channels.email.reading import headers as reading
from engine.channels.email.reading.decoding import decoded, text_of
from engine.channels.email.reading.files import safe_name
from engine.channels.email.reading.invitations import invitation_of
from engine.channels.email.reading.splitting import Part, Raw, split
from engine.channels.email.reading.winmail import opened
from engine.model.mail import Invitation, Mailbox, MailPart, ParsedMail

MOST_FILES = 500
LONGEST_TEXT = 1_000_000
"""Characters of the text, which is all that is shown and searched."""
LONGEST_PART = 16_777_216
"""Bytes of a text that are decoded."""
KEPT_HEADERS = 500
KEPT_VALUE = 2_000
REPORTS = frozenset({"message/delivery-status", "message/feedback-report", "message/global-delivery-status"})
RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
WINMAIL = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
ENCRYPTED = frozenset({"application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})

Keep = Callable[[Iterable[bytes]], tuple[str, int]]
"""Keeps a file that comes in pieces; returns its SHA-256 in hexadecimal and its size in bytes."""


@dataclass(slots=True)
class _Reading:
    """The work in hand."""

    raw: Raw
    keep: Keep
    blocks: list[tuple[str, str]] = field(default_factory=list)  # (text, HTML) in order
    parts: list[MailPart] = field(default_factory=list)
    report: str = ""
    returned: tuple[tuple[str, str], ...] = ()
    invitation: Invitation | None = None
    faults: dict[str, None] = field(default_factory=dict)


def read_mail(raw: Raw, keep: Keep) -> ParsedMail:
    """Return what the mail says; its files are kept by ``keep``. Raises only what ``keep`` does."""
    whole, faults = split(raw)
    work = _Reading(raw=raw, keep=keep, faults=dict.fromkeys(faults))
    _walk(work, whole, in_report=False)
    text, html = _said(work)
    header = whole.header
    senders = reading.mailboxes(header("from")) or reading.mailboxes(header("sender"))
    return ParsedMail(
        message_id=next(iter(reading.ids(header("message-id"))), ""),
        in_reply_to=reading.ids(header("in-reply-to")),
        references=reading.ids(header("references")),
        subject=reading.words(header("subject")),
        sender=senders[0] if senders else None,
        reply_to=reading.mailboxes(header("reply-to")),
        to=_everybody(whole, "to"),
        cc=_everybody(whole, "cc"),
        date_ms=reading.date_ms(header("date")),
        text=text,
        html=html,
        parts=tuple(work.parts),
        headers=_kept(whole),
        report=work.report,
        returned=work.returned,
        invitation=work.invitation,
        faults=tuple(work.faults),
    )


def _everybody(whole: Part, name: str) -> tuple[Mailbox, ...]:
    return tuple(one for key, value in whole.headers if key == name for one in reading.mailboxes(value))


def _kept(part: Part) -> tuple[tuple[str, str], ...]:
    return tuple((name, reading.words(value)[:KEPT_VALUE]) for name, value in part.headers[:KEPT_HEADERS])


def _walk(work: _Reading, part: Part, *, in_report: bool) -> None:
    """Take in one part and what is beneath it."""
    if part.content_type == "multipart/alternative":
        _alternative(work, part, in_report=in_report)
    elif part.children:
        within = in_report or part.content_type == "multipart/report"
        for child in part.children:
            _walk(work, child, in_report=within)
    else:
        _leaf(work, part, in_report=in_report)


def _alternative(work: _Reading, part: Part, *, in_report: bool) -> None:
    """Take in what says the same in several ways: as one block, with the text of one way and the HTML of another."""
    outer, work.blocks = work.blocks, []
    for child in part.children:
        _walk(work, child, in_report=in_report)
    text = "\n".join(text for text, html in work.blocks if not html and text)
    html = "\n".join(html for _text, html in work.blocks if html)
    work.blocks = [*outer, (text, html)]


def _leaf(work: _Reading, part: Part, *, in_report: bool) -> None:
    kind = part.content_type
    if kind in REPORTS:
        work.report = work.report or _text(work, part)
    elif kind in RETURNED and in_report:
        work.returned = work.returned or _returned(work, part)
    elif kind in WINMAIL or reading.parameter(part.header("content-type"), "name").lower() == "winmail.dat":
        _winmail(work, part)
    elif kind in ("text/plain", "text/html") and not _is_file(part):
        said = _text(work, part)
        work.blocks.append(("", said) if kind == "text/html" else (said, ""))
    else:
        if kind == "text/calendar" and work.invitation is None:
            work.invitation = invitation_of(_text(work, part), reading.parameter(part.header("content-type"), "method"))
        if kind in ENCRYPTED:
            work.faults["encrypted"] = None
        _file(work, part)


def _is_file(part: Part) -> bool:
    disposition = part.header("content-disposition")
    shown = reading.disposition(disposition)
    named = reading.parameter(disposition, "filename", of="content-disposition")
    return shown == "attachment" or bool(named and shown != "inline")


def _text(work: _Reading, part: Part) -> str:
    """Return a part's text."""
    gathered = bytearray()
    for piece in decoded(
        work.raw, part.start, part.end, part.header("content-transfer-encoding").decode("ascii", "replace")
    ):
        gathered += piece
        if len(gathered) > LONGEST_PART:
            work.faults["text-cut"] = None
            break
    text, fault = text_of(bytes(gathered[:LONGEST_PART]), reading.parameter(part.header("content-type"), "charset"))
    if fault:
        work.faults[fault] = None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _said(work: _Reading) -> tuple[str, str]:
    """Return the text of all blocks, and their HTML if any has it."""
    blocks = [one for one in work.blocks if one[0].strip() or one[1].strip()]
    text = "\n\n".join((text if text.strip() else html_text(html)).strip("\n") for text, html in blocks)
    if len(text) > LONGEST_TEXT:
        work.faults["text-cut"] = None
    if not any(html for _text, html in blocks):
        return text[:LONGEST_TEXT], ""
    html = "<hr>".join(html or f"<pre>{html_library.escape(text)}</pre>" for text, html in blocks)
    if len(html) > LONGEST_HTML:
        work.faults["html-cut"] = None
    return text[:LONGEST_TEXT], html[:LONGEST_HTML]


def _file(work: _Reading, part: Part) -> None:
    """Keep a file."""
    if len(work.parts) == MOST_FILES:
        work.faults["files-cut"] = None
        return
    disposition = part.header("content-disposition")
    name = reading.parameter(disposition, "filename", of="content-disposition")
    name = name or reading.parameter(part.header("content-type"), "name") or _inner_subject(work, part)
    encoding = part.header("content-transfer-encoding").decode("ascii", "replace")
    content_id = next(iter(reading.ids(part.header("content-id"))), "")
    sha256, size = work.keep(decoded(work.raw, part.start, part.end, encoding))
    work.parts.append(
        MailPart(
            number=len(work.parts) + 1,
            name=safe_name(name, part.content_type),
            content_type=part.content_type,
            size=size,
            sha256=sha256,
            content_id=content_id,
            inline=reading.disposition(disposition) == "inline" or bool(content_id and not disposition),
        )
    )


def _inner_subject(work: _Reading, part: Part) -> str:
    """Return what to call a mail within a mail."""
    if part.content_type != "message/rfc822":
        return ""
    inner, _faults = split(work.raw[part.start : min(part.end, part.start + 65_536)])
    return f"{reading.words(inner.header('subject'))[:80] or 'mail'}.eml"


def _returned(work: _Reading, part: Part) -> tuple[tuple[str, str], ...]:
    """Return the headers of the mail that a report is about."""
    inner, _faults = split(work.raw[part.start : min(part.end, part.start + 65_536)])
    return _kept(inner)


def _winmail(work: _Reading, part: Part) -> None:
    """Take in what Outlook put into an envelope of its own; one that cannot be opened is a file."""
    encoding = part.header("content-transfer-encoding").decode("ascii", "replace")
    envelope = opened(b"".join(decoded(work.raw, part.start, part.end, encoding)))
    if envelope is None:
        work.faults["winmail-unreadable"] = None
        _file(work, part)
        return
    if not any(leaf for leaf in work.blocks) and (envelope.text or envelope.html):
        work.blocks.append((envelope.text, envelope.html))
    for name, data in envelope.files:
        if len(work.parts) == MOST_FILES:
            work.faults["files-cut"] = None
            return
        sha256, size = work.keep(_pieces(data))
        work.parts.append(
            MailPart(
                number=len(work.parts) + 1,
                name=safe_name(name, "application/octet-stream"),
                content_type="application/octet-stream",
                size=size,
                sha256=sha256,
            )
        )


def _pieces(data: bytes) -> Iterator[bytes]:
    yield data
