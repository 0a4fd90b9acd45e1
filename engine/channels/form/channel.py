"""The form channel: shows forms, takes what is sent, and says what became of it.

What is sent is taken once: the form's token is the key under which it is kept, and the sender hears of it after the
commit only. A page that is sent again, by a second click, after a time-out or with the browser's back button, meets
what it became; where something else stands in it by then, it is shown again with a new token, so that nothing that was
typed is lost and nothing is opened twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import structlog

from engine.channels.form import token as tokens
from engine.channels.form.filing import arrival_of
from engine.channels.form.guard import Decision, Human, Seen, Verdict, judge
from engine.channels.form.held import HeldSubmissions
from engine.channels.form.limits import Limits
from engine.channels.form.page import (
    Filling,
    View,
    fault_text,
    form_part,
    page,
    policy,
    receipt_path,
    style,
    thanks_part,
)
from engine.channels.form.parse import HONEYPOT, Filled, Sent, SentFile, digest_of, file_name, fill
from engine.channels.form.parts import Parts
from engine.channels.form.post import Answer, Caller, Posted
from engine.channels.form.settings import FormSettings
from engine.channels.form.texts import locale_of, said
from engine.channels.origins import allowed
from engine.clock import Clock
from engine.errors import Conflict, Forbidden, NotFound, Unavailable
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.customer import email_key
from engine.model.form import ArrivingFile
from engine.model.organisation import Channel
from engine.model.submission import Submission

log = structlog.get_logger(__name__)

KIND = "form"
AWAY_MS = 10_000
OK, CREATED, TOO_LARGE, INVALID, TOO_FAST, AWAY = 200, 201, 413, 422, 429, 503


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sent:
    """One submission on its way."""

    view: View
    place: tuple[str, str]
    secret: bytes
    caller: Caller
    posted: Posted
    filled: Filled
    files: Sequence[SentFile]
    digest: str
    token: tokens.Token | None


class FormChannel:
    """Show forms, take what is sent."""

    kind: ClassVar[str] = KIND

    def __init__(self, *, parts: Parts, clock: Clock, new_id: NewId, settings: FormSettings) -> None:
        self._parts = parts
        self._clock = clock
        self._new_id = new_id
        self._limits = Limits(duplicates=settings.duplicates)
        self.held = HeldSubmissions(parts=parts, clock=clock)

    async def stop(self) -> None:
        """Do nothing: a form holds nothing open."""

    def view(self, org_id: str, channel_key: str, *, language: str) -> View:
        """Return the form as configured now, in the language nearest to ``language``; raise NotFound."""
        organisation = self._parts.organisations.get(org_id)
        channel = organisation.channels.get(channel_key)
        if channel is None or channel.form is None:
            raise NotFound("there is no such form", slug="unknown-channel")
        return View(organisation=organisation, channel=channel, locale=locale_of(language, organisation.locale))

    def check_origin(self, channel: Channel, *, origin: str, host: str) -> None:
        """Raise Forbidden (``origin-refused``) unless a page of ``origin`` may use the form, as its own may."""
        if origin and origin != "null" and not allowed((*channel.allowed_origins, "self"), origin, host):
            raise Forbidden("pages of this origin may not use the form", slug="origin-refused")

    async def show(self, view: View) -> Answer:
        """Return the page with a new token."""
        part = await self._part(view, Filling())
        return self._page(view, part)

    async def part(self, view: View) -> Mapping[str, str]:
        """Return the form alone and its style, for pages of others."""
        return {"html": await self._part(view, Filling()), "css": style(), "title": view.text("name")}

    async def thanks(self, view: View, receipt: str) -> Answer:
        """Return the page that thanks; its number is told only to who has the receipt."""
        secret = await self._parts.submissions.secret(view.organisation.id)
        number = tokens.unseal(secret, (view.organisation.id, view.channel.key), receipt)
        return self._page(view, thanks_part(view, number=int(number) if number.isdigit() else 0))

    async def unread(self, view: View, *, status: int) -> Answer:
        """Return the page for what could not be read: nothing of it is known, so nothing is kept."""
        notice = said(view.locale, "too-large" if status == TOO_LARGE else "no-token")
        return self._page(view, await self._part(view, Filling(notice=notice)), status=status, notice=notice)

    async def submit(self, view: View, posted: Posted, caller: Caller) -> Answer:
        """Take what was sent: a case, something held, or the page again with everything typed and what is wrong.

        Idempotent by the form's token: while the record is away it is to be sent again. Raises Unavailable only before
        anything was read in this process.
        """
        sent = await self._read(view, posted, caller)
        try:
            return await self._take(sent)
        except Unavailable as error:
            log.warning("submission not taken", org=view.organisation.id, channel=view.channel.key, why=error.detail)
            return await self._again(sent, "away", keep=True, status=AWAY, wait_ms=AWAY_MS)

    async def _take(self, sent: _Sent) -> Answer:
        view, token = sent.view, sent.token
        if token is None:
            return await self._again(sent, "no-token")
        known = await self._parts.submissions.known(*sent.place, token.key)
        if known is not None:
            if known.digest == sent.digest:
                return self._thanks(sent, known.number)
            notice = "sent-before" if known.number and view.form.shows_number else "sent-before-held"
            return await self._again(sent, notice, number=known.number)
        if self._clock.now_ms() - token.made_ms > view.form.guard.most_fill_ms:
            return await self._again(sent, "expired")
        if sent.filled.faults:
            self._parts.count("faulty", "fault")
            return await self._again(sent, "", keep=True)
        return await self._admit(sent, token)

    async def _read(self, view: View, posted: Posted, caller: Caller) -> _Sent:
        place = (view.organisation.id, view.channel.key)
        secret = await self._parts.submissions.secret(view.organisation.id)
        files = [SentFile(name=one.name, media_type=one.media_type, size=one.size) for one in posted.files]
        filled = fill(view.organisation, view.channel.key, posted.values, files, self._parts.checks)
        text = _one(posted.values, "token")
        return _Sent(
            view=view,
            place=place,
            secret=secret,
            caller=caller,
            posted=posted,
            filled=filled,
            files=files,
            digest=digest_of(filled, files),
            token=tokens.read(secret, place, text),
        )

    async def _admit(self, sent: _Sent, token: tokens.Token) -> Answer:
        """Ask the spam guard, and do what it says."""
        guard, now_ms = sent.view.form.guard, self._clock.now_ms()
        wait_ms = self._limits.take(sent.place, sent.caller.address, guard, now_ms)
        if wait_ms:
            self._parts.count("refused", "rate")
            return await self._again(sent, "too-fast", keep=True, status=TOO_FAST, wait_ms=wait_ms)
        verdict = judge(guard, await self._seen(sent, token, now_ms))
        if verdict.decision is Decision.REFUSE:
            return await self._refuse(sent, verdict.reasons)
        try:
            number = await self._keep(sent, token, verdict)
        except Conflict as error:
            if error.slug != "too-many":
                raise
            return await self._refuse(sent, ("full",))
        except BaseException:
            self._limits.give_back(sent.place, sent.caller.address)
            raise
        self._limits.note(sent.place, sent.digest, token.key, now_ms)
        for reason in verdict.reasons or ("clean",):
            self._parts.count("held" if verdict.decision is Decision.HOLD else "accepted", reason)
        return self._thanks(sent, number)

    async def _seen(self, sent: _Sent, token: tokens.Token, now_ms: int) -> Seen:
        guard, values = sent.view.form.guard, sent.posted.values
        human = Human.UNASKED
        if guard.captcha is not None:
            answer = _one(values, guard.captcha.response_field)
            address = sent.caller.address
            human = await self._parts.captcha.check(sent.place[0], guard.captcha, answer=answer, address=address)
        return Seen(
            lines=sent.filled.lines,
            text=sent.filled.written,
            sender=email_key(sent.filled.text("email")),
            age_ms=max(0, now_ms - token.made_ms),
            honeypot=any(value.strip() for value in values.get(HONEYPOT, ())),
            proven=tokens.worked(token, _one(values, "work")),
            human=human,
            repeated=self._limits.repeated(
                sent.place, sent.digest, token.key, within_ms=guard.duplicates_ms, now_ms=now_ms
            ),
        )

    async def _keep(self, sent: _Sent, token: tokens.Token, verdict: Verdict) -> int:
        """Open the case, or hold the submission; return the case's number, 0 = held."""
        files = [await self._file(sent, index) for index in range(len(sent.files))]
        failpoint("form.after-files")
        arrival = arrival_of(
            sent.view.organisation,
            sent.view.channel,
            sent.filled,
            key=token.key,
            digest=sent.digest,
            locale=sent.view.locale,
            address=sent.caller.address,
            files=files,
        )
        if verdict.decision is Decision.ACCEPT:
            opened = await self._parts.reception.leave_message(arrival)
            return opened.case.number if opened.case is not None else 0
        submission = Submission(
            id=self._new_id(),
            org_id=arrival.org_id,
            channel=arrival.channel,
            arrival=arrival,
            reasons=verdict.reasons,
            held_ms=self._clock.now_ms(),
        )
        await self._parts.submissions.hold(submission, most=sent.view.form.guard.most_held)
        failpoint("form.after-hold")
        log.info("submission held", org=arrival.org_id, channel=arrival.channel, reasons=list(verdict.reasons))
        return 0

    async def _file(self, sent: _Sent, index: int) -> ArrivingFile:
        told, form = sent.files[index], sent.view.form
        most_bytes = form.files.most_bytes if form.files else 0
        blob = await self._parts.blobs.write(sent.posted.files[index].chunks(), most_bytes=most_bytes)
        media_type = self._parts.media_type(told.media_type)
        return ArrivingFile(name=file_name(told.name), media_type=media_type, size=blob.size, sha256=blob.sha256)

    # -- answers ------------------------------------------------------------------------------------------------

    def _thanks(self, sent: _Sent, number: int) -> Answer:
        view = sent.view
        told = number if view.form.shows_number else 0
        receipt = tokens.seal(sent.secret, sent.place, str(told))
        return Answer(
            status=CREATED,
            html=thanks_part(view, number=told),
            location=receipt_path(view, receipt),
            number=told,
        )

    async def _refuse(self, sent: _Sent, reasons: Sequence[str]) -> Answer:
        for reason in reasons:
            self._parts.count("refused", reason)
        told = ", ".join(said(sent.view.locale, f"reason-{reason}") for reason in reasons)
        return await self._again(sent, "refused", keep=True, reasons=told)

    async def _again(
        self,
        sent: _Sent,
        notice: str,
        *,
        keep: bool = False,
        status: int = INVALID,
        wait_ms: int = 0,
        **values: object,
    ) -> Answer:
        """Show the page again as it was filled in; with the same token (``keep``) or a new one."""
        view, seconds = sent.view, -(-wait_ms // 1_000)
        text = said(view.locale, notice, seconds=seconds, **values) if notice else ""
        faults = fault_text(view, sent.filled)
        filling = Filling(
            filled=sent.filled,
            faults=faults,
            notice=text,
            files_lost=bool(sent.files),
            consented=bool(sent.posted.values.get("consent")),
        )
        token = sent.token.text if keep and sent.token else await self._token(view)
        part = form_part(view, token=token, bits=view.form.guard.work_bits, filling=filling)
        return self._page(view, part, status=status, notice=text, faults=faults, token=token, wait_ms=wait_ms)

    def _page(
        self,
        view: View,
        part: str,
        *,
        status: int = OK,
        notice: str = "",
        faults: Mapping[str, str] | None = None,
        token: str = "",
        wait_ms: int = 0,
    ) -> Answer:
        return Answer(
            status=status,
            html=page(view, part),
            policy=policy(view),
            notice=notice,
            faults=faults or {},
            token=token,
            wait_ms=wait_ms,
        )

    async def _part(self, view: View, filling: Filling) -> str:
        token = await self._token(view)
        return form_part(view, token=token, bits=view.form.guard.work_bits, filling=filling)

    async def _token(self, view: View) -> str:
        secret = await self._parts.submissions.secret(view.organisation.id)
        return tokens.issue(
            secret,
            (view.organisation.id, view.channel.key),
            nonce=secrets.token_urlsafe(18),
            now_ms=self._clock.now_ms(),
            bits=view.form.guard.work_bits,
        )


def _one(values: Sent, name: str) -> str:
    return next(iter(values.get(name, ())), "")
