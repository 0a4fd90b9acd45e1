"""Mails as people read them: what they say, their HTML as a page of its own, their files, their source."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

from engine.channels.email.body.safe_html import SafeHtml, safe_html
from engine.channels.email.html_text import LONGEST_HTML
from engine.errors import NotFound
from engine.model.mail import MailPart
from engine.model.mail_record import Mail, MailState, MailSummary

AT_ONCE = 2
"""Mails whose HTML is made safe at the same time, each in a thread of its own."""
HTML_BYTES = 4 * LONGEST_HTML
"""A character has four bytes at most; what is beyond is not looked at."""
PICTURE_BYTES = 4_194_304
PICTURES_BYTES = 12_582_912
"""Longest picture within a page, and all of them together; others are files only."""
PICTURES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
"""Never SVG: it is a document."""

FRAME = "sandbox allow-popups allow-popups-to-escape-sandbox"
POLICY = (
    "default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; " + FRAME
)
PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light"><title>{title}</title>'
    "<style>html{{background:#fff;color:#1d1f23}}body{{margin:12px;font:15px/1.5 system-ui,sans-serif;"
    "overflow-wrap:anywhere}}img{{max-width:100%;height:auto}}blockquote{{margin:0 0 0 .5em;padding-left:.8em;"
    "border-left:2px solid #c8ccd4}}pre{{white-space:pre-wrap}}</style></head><body>{body}</body></html>"
)

_CID = re.compile(r"cid:([^\"'\s>]{1,1000})", re.IGNORECASE)


class MailRecord(Protocol):
    """Received mails."""

    async def get(self, org_id: str, mail_id: str) -> Mail:
        """Return a mail; raise NotFound (``unknown-mail``)."""
        ...

    async def list(
        self, org_id: str, *, state: MailState | None, channel: str, before: str, limit: int
    ) -> Sequence[Mail]:
        """Return mails, newest first, from behind the one called ``before``."""
        ...

    async def of_case(self, org_id: str, case_id: str, *, limit: int) -> Sequence[Mail]:
        """Return the newest mails of a case."""
        ...


class Files(Protocol):
    """What lies on the disk under the hash of its content."""

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield a file in pieces; raise NotFound (``unknown-attachment``) if it is gone."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownHtml:
    """A mail's HTML as a page that does nothing, and the policy under which it is to be sent."""

    page: str
    policy: str
    remote: int  # pictures elsewhere that it does not show


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenFile:
    """A file on its way out."""

    name: str
    media_type: str
    size: int  # bytes
    sha256: str
    chunks: AsyncIterator[bytes]


class Shown:
    """Read mails."""

    def __init__(self, *, record: MailRecord, files: Files) -> None:
        self._record = record
        self._files = files
        self._room = asyncio.Semaphore(AT_ONCE)

    async def get(self, org_id: str, mail_id: str) -> Mail:
        """Return a mail; raise NotFound (``unknown-mail``)."""
        return await self._record.get(org_id, mail_id)

    async def list(
        self, org_id: str, *, state: MailState | None, channel: str, before: str, limit: int
    ) -> Sequence[Mail]:
        """Return mails, newest first, from behind the one called ``before``."""
        return await self._record.list(org_id, state=state, channel=channel, before=before, limit=limit)

    async def of_case(self, org_id: str, case_id: str, *, limit: int) -> Sequence[Mail]:
        """Return the newest mails of a case."""
        return await self._record.of_case(org_id, case_id, limit=limit)

    async def html(self, mail: Mail, *, images: bool) -> ShownHtml:
        """Return a mail's HTML, made safe; with ``images`` the browser may fetch pictures of others by https.

        Raises NotFound (``unknown-attachment``) for a mail without HTML. Memory is bounded by what is shown at once.
        """
        summary = mail.summary
        if summary is None or not summary.html_sha256:
            raise NotFound("this mail has no HTML", slug="unknown-attachment")
        async with self._room:
            html = (await _whole(self._files.read(summary.html_sha256), HTML_BYTES)).decode(errors="replace")
            pictures = await self._pictures(summary.parts, html)
            return await asyncio.to_thread(_shown, html, summary, pictures, images=images)

    async def source(self, mail: Mail) -> OpenFile:
        """Open a mail as it came; raise NotFound (``unknown-attachment``) where it was deleted by now."""
        received = mail.received
        if not received.sha256:
            raise NotFound("the source of this mail was deleted", slug="unknown-attachment")
        return await self._open(f"{received.id}.eml", "message/rfc822", received.size, received.sha256)

    async def file(self, mail: Mail, number: int) -> OpenFile:
        """Open a file of a mail; raise NotFound (``unknown-attachment``)."""
        part = next((one for one in parts_of(mail) if one.number == number), None)
        if part is None:
            raise NotFound(f"this mail has no file {number}", slug="unknown-attachment")
        return await self._open(part.name or f"file-{part.number}", part.content_type, part.size, part.sha256)

    async def _open(self, name: str, media_type: str, size: int, sha256: str) -> OpenFile:
        chunks = self._files.read(sha256)
        first = await anext(chunks, b"")  # whether it is there shows now, while the answer can still say so
        return OpenFile(name=name, media_type=media_type, size=size, sha256=sha256, chunks=_chain(first, chunks))

    async def _pictures(self, parts: Sequence[MailPart], html: str) -> dict[str, str]:
        """Return the pictures that the HTML names, as addresses that hold them; their Content-IDs are the keys."""
        wanted = {one.strip("<>") for one in _CID.findall(html)}
        found: dict[str, str] = {}
        room = PICTURES_BYTES
        for part in parts:
            if part.content_id not in wanted or part.content_type not in PICTURES or part.content_id in found:
                continue
            if part.size > min(PICTURE_BYTES, room):
                continue
            try:
                content = await _whole(self._files.read(part.sha256), PICTURE_BYTES)
            except NotFound:
                continue  # the page without it is better than none
            room -= len(content)
            found[part.content_id] = f"data:{part.content_type};base64,{base64.b64encode(content).decode()}"
        return found


def parts_of(mail: Mail) -> Sequence[MailPart]:
    """Return a mail's files; none where it was not read."""
    return mail.summary.parts if mail.summary else ()


def _shown(html: str, summary: MailSummary, pictures: Mapping[str, str], *, images: bool) -> ShownHtml:
    safe = safe_html(html, files=pictures)
    if images and safe.blocked:
        wanted = frozenset(one for one in safe.blocked if one.lower().startswith("https:"))
        safe = _with_pictures(html, pictures, wanted)
    policy = POLICY.format(pictures="data: https:" if images else "data:")
    page = PAGE.format(title=escape(summary.subject), body=safe.html)
    return ShownHtml(page=page, policy=policy, remote=len(safe.blocked))


def _with_pictures(html: str, pictures: Mapping[str, str], wanted: frozenset[str]) -> SafeHtml:
    return safe_html(html, files={**{one: one for one in wanted}, **pictures}, pictures=wanted)


async def _whole(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """Return what comes, cut at ``most`` bytes."""
    whole = bytearray()
    async for chunk in chunks:
        whole += chunk
        if len(whole) >= most:
            break
    return bytes(whole[:most])


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
