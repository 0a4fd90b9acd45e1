"""Agents' mail: prepared as it would go out, written into outbox and transcript at once, taken back, hurried.

A mail is written once, by its author's ``client_id``; from then on it is the sender's (``sender.py``). Until its
``not_before_ms`` it can be taken back: to change it is to take it back and to write it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.channels.email.compose import (
    MOST_RECIPIENTS,
    answer_references,
    answered_to,
    check_address,
    message_id,
)
from engine.channels.email.drafting import (
    Marks,
    forwarded_text,
    one_line,
    parsed_of,
    quoted_text,
    sender_of,
    signature_of,
    subject_of,
    whole_text,
)
from engine.channels.email.markup import html_of, marked
from engine.channels.email.tokens import token_of
from engine.channels.email.writers import may_write
from engine.channels.email.writing_parts import Known, WritingParts
from engine.clock import moment
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.model.case import Case
from engine.model.case_parts import Attachment
from engine.model.mail import Mailbox, MailNature
from engine.model.mail_channel import Email
from engine.model.mail_draft import MailDraft, PreparedMail, Wanted
from engine.model.mail_record import Mail, MailState, OutgoingFile, OutgoingKind, OutgoingMail
from engine.model.mail_sending import MailAddress, WrittenMail
from engine.model.organisation import Channel
from engine.model.user import Principal

MOST_FILES = 50
MOST_BYTES = 26_214_400
"""Bytes of all files of a mail; in base64 they are a third more, and few servers take mails of more than 35 MB."""
LATEST_MS = 366 * 86_400_000
"""A mail is scheduled at most so far ahead."""
ANSWERABLE = frozenset({MailState.FILED, MailState.JOINED})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Setting:
    """What a mail is written about."""

    case: Case
    channel: Channel
    email: Email
    answered: Mail | None
    kind: OutgoingKind
    known: Known
    language: str


class Writing:
    """Write mail."""

    def __init__(self, parts: WritingParts) -> None:
        self._parts = parts

    async def prepare(self, who: Principal, case_id: str, wanted: Wanted) -> PreparedMail:
        """Return a mail as it would go out; nothing is kept.

        Raises NotFound, Conflict (``no-address``) where no channel can write, Forbidden (``not-your-channel``).
        """
        return await self._prepared(await self._setting(who, case_id, wanted), wanted)

    async def write(self, who: Principal, case_id: str, draft: MailDraft) -> WrittenMail:
        """Write a mail. Idempotent by the author's ``client_id``; it is in the outbox when this returns.

        Raises NotFound, InvalidInput, Conflict (``no-address``, ``doubtful-address``), Forbidden
        (``not-your-channel``), TooFast.
        """
        parts = self._parts
        known = await parts.outgoing.written(who.org_id, who.user_id, draft.client_id)
        if known is not None:
            return WrittenMail(mail=known, repeated=True)
        setting = await self._setting(who, case_id, draft.wanted)
        prepared = await self._prepared(setting, draft.wanted)
        mail = await self._mail(who, setting, prepared, draft)
        if not draft.anyhow:
            await self._check_known(mail)
        parts.pace.take(who, len(mail.to) + len(mail.cc) + len(mail.bcc))
        now_ms = parts.clock.now_ms()
        written = await parts.outgoing.write(mail, draft.body, author_name=who.name, now_ms=now_ms)
        parts.told(who.org_id, written.entries)
        parts.wake()
        return written

    async def of_case(self, org_id: str, case_id: str) -> Sequence[OutgoingMail]:
        """Return a case's mails, or those of the one it was merged into, oldest first; raise NotFound."""
        case = await self._parts.cases.get(org_id, case_id)
        return await self._parts.outgoing.of_case(org_id, case.id)

    async def get(self, org_id: str, case_id: str, mail_id: str) -> OutgoingMail:
        """Return a mail of a case; raise NotFound (``unknown-case``, ``unknown-mail``)."""
        await self._parts.cases.get(org_id, case_id)
        mail = await self._parts.outgoing.get(org_id, mail_id)
        if mail.case_id != case_id:
            raise NotFound(f"there is no outgoing mail {mail_id}", slug="unknown-mail")
        return mail

    async def cancel(self, org_id: str, case_id: str, mail_id: str) -> OutgoingMail:
        """Take a mail back. Idempotent; raises NotFound, Conflict (``mail-gone``)."""
        await self.get(org_id, case_id, mail_id)
        settled = await self._parts.outgoing.cancel(org_id, mail_id, now_ms=self._parts.clock.now_ms())
        self._parts.told(org_id, settled.entries)
        return settled.mail

    async def send_now(self, org_id: str, case_id: str, mail_id: str) -> OutgoingMail:
        """Let a mail that waits or failed be tried at once. Raises NotFound, Conflict (``mail-gone``)."""
        await self.get(org_id, case_id, mail_id)
        mail = await self._parts.outgoing.hurry(org_id, mail_id, now_ms=self._parts.clock.now_ms())
        self._parts.wake()
        return mail

    async def doubtful(self, org_id: str, emails: Sequence[str]) -> tuple[MailAddress, ...]:
        """Return which of the addresses mail comes back from for good, or whose owner called it abuse."""
        known = await self._parts.addresses.known(org_id, emails) if emails else ()
        return tuple(one for one in known if one.doubtful)

    async def trust(self, org_id: str, email: str) -> None:
        """Forget what is known against an address. Idempotent."""
        await self._parts.addresses.clear(org_id, email)

    async def _setting(self, who: Principal, case_id: str, wanted: Wanted) -> _Setting:
        parts = self._parts
        case = await parts.cases.get(who.org_id, case_id)
        answered = await self._answered(who.org_id, case, wanted)
        kind = wanted.kind or (OutgoingKind.REPLY if answered else OutgoingKind.NEW)
        if kind is OutgoingKind.ACKNOWLEDGEMENT:
            raise InvalidInput("An acknowledgement is written by nobody.", field="kind")
        if kind is not OutgoingKind.NEW and answered is None:
            raise Conflict("The case has no mail that could be answered.", slug="no-address")
        channel, email = self._channel(who, case, wanted, answered)
        known = await parts.customers.of_case(who.org_id, case.id, agent_name=who.name)
        theirs = answered.summary.language if answered and answered.summary else ""
        return _Setting(
            case=case,
            channel=channel,
            email=email,
            answered=answered if kind is not OutgoingKind.NEW else None,
            kind=kind,
            known=known,
            language=wanted.language or known.language or theirs,
        )

    async def _answered(self, org_id: str, case: Case, wanted: Wanted) -> Mail | None:
        """Return the mail that is answered: the one that is named, else the newest that a person wrote."""
        mails = self._parts.mails
        if wanted.kind is OutgoingKind.NEW:
            return None
        if not wanted.answers:
            found = (
                one
                for one in await mails.of_case(org_id, case.id)
                if one.state in ANSWERABLE and one.nature in (MailNature.PERSON, MailNature.LIST, None)
            )
            newest = next(found, None)
            return await mails.get(org_id, newest.received.id) if newest else None
        named = await mails.get(org_id, wanted.answers)
        if named.case_id != case.id or named.summary is None:
            raise NotFound(f"there is no mail {wanted.answers} of this case", slug="unknown-mail")
        return named

    def _channel(self, who: Principal, case: Case, wanted: Wanted, answered: Mail | None) -> tuple[Channel, Email]:
        """Return the channel that is named, else that of what is answered, of the case, or one he may write from."""
        organisation = self._parts.organisations.get(who.org_id)
        came = {case.origin, answered.received.envelope.channel if answered else ""}
        able = {key: one.email for key, one in organisation.channels.items() if one.email}
        if wanted.channel and wanted.channel not in able:
            raise InvalidInput("There is no e-mail channel of this name.", field="channel")
        if not able:
            raise Conflict("No channel of kind email is configured.", slug="no-address")
        first = answered.received.envelope.channel if answered else case.origin
        for key in (
            [wanted.channel] if wanted.channel else sorted(able, key=lambda one: (one != first, one not in came))
        ):
            channel, email = organisation.channels[key], able[key]
            if key in came or may_write(organisation, who, channel, email):
                return channel, email
        raise Forbidden(
            "You work in no queue of this channel.",
            slug="not-your-channel",
            mend="Write from a channel of your queues; or its writers are set to all.",
        )

    async def _prepared(self, setting: _Setting, wanted: Wanted) -> PreparedMail:
        email, case, answered = setting.email, setting.case, setting.answered
        sender = sender_of(email, channel_name=setting.channel.name, queue=case.queue)
        to, cc = self._recipients(setting, wanted)
        org_id = case.org_id
        marks = Marks.of(email, await self._token(org_id, case.id))
        passed_on = answered if setting.kind is OutgoingKind.FORWARD else None
        return PreparedMail(
            kind=setting.kind,
            channel=setting.channel.key,
            interaction_id=answered.interaction_id if answered else "",
            answers=answered.received.id if answered else "",
            sender=sender,
            reply_to=marks.reply_to(sender),
            to=to,
            cc=cc,
            subject=subject_of(setting.kind, answered.summary.subject if answered and answered.summary else "", case),
            language=setting.language,
            signature=signature_of(email, case.queue, setting.language, setting.known.values, self._parts.fill),
            quotation=_quotation(setting),
            files=await self._files_of(org_id, case, passed_on),
            undo_ms=email.undo_ms,
            doubtful=await self.doubtful(org_id, [one.email for one in (*to, *cc)]),
        )

    def _recipients(self, setting: _Setting, wanted: Wanted) -> tuple[tuple[Mailbox, ...], tuple[Mailbox, ...]]:
        if setting.kind is OutgoingKind.FORWARD:
            return (), ()
        if setting.answered is not None:
            own = frozenset(self._own_addresses(setting.case.org_id))
            return answered_to(parsed_of(setting.answered), own, everybody=wanted.everybody)
        known = setting.known
        return ((Mailbox(email=known.email, name=known.name),) if known.email else ()), ()

    def _own_addresses(self, org_id: str) -> Iterable[str]:
        for channel in self._parts.organisations.get(org_id).channels.values():
            yield from channel.email.addresses if channel.email else ()

    async def _files_of(self, org_id: str, case: Case, mail: Mail | None) -> tuple[Attachment, ...]:
        """Return the files of the case that came with a mail."""
        if mail is None or mail.summary is None:
            return ()
        wanted = {one.sha256 for one in mail.summary.parts if not one.inline}
        return tuple(one for one in await self._parts.files.attachments(org_id, case.id) if one.sha256 in wanted)

    async def _mail(self, who: Principal, setting: _Setting, prepared: PreparedMail, draft: MailDraft) -> OutgoingMail:
        now_ms, case = self._parts.clock.now_ms(), setting.case
        to = _checked(prepared.to if draft.to is None else draft.to, "to")
        cc = _checked(prepared.cc if draft.cc is None else draft.cc, "cc")
        bcc = _checked(draft.bcc, "bcc")
        _check_recipients(to, cc, bcc)
        if not draft.body.strip() and setting.kind is not OutgoingKind.FORWARD:
            raise InvalidInput("The mail is empty.", field="body")
        files = await self._files(case, draft.attachment_ids)
        token, mail_id = await self._token(case.org_id, case.id), self._parts.new_id()
        in_reply_to, references = _thread(setting)
        quoted = prepared.quotation if draft.quotation is None else draft.quotation
        signature = prepared.signature if draft.signature is None else draft.signature
        marks = Marks.of(setting.email, token)
        formatted = setting.email.formatted and marked(draft.body)
        return OutgoingMail(
            id=mail_id,
            org_id=case.org_id,
            channel=prepared.channel,
            kind=setting.kind,
            case_id=case.id,
            interaction_id=prepared.interaction_id,
            answers=prepared.answers,
            author_id=who.user_id,
            client_id=draft.client_id,
            message_id=message_id(token, mail_id, prepared.sender.email.rpartition("@")[2]),
            in_reply_to=in_reply_to,
            references=references,
            sender=prepared.sender,
            reply_to=prepared.reply_to,
            to=to,
            cc=cc,
            bcc=bcc,
            subject=prepared.subject if draft.subject is None else _with_number(draft.subject, case),
            text=whole_text(draft.body, signature=signature, quoted=quoted, marks=marks),
            html=html_of(draft.body, signature=signature, quoted=quoted, marker=marks.line) if formatted else "",
            language=prepared.language,
            files=files,
            created_ms=now_ms,
            not_before_ms=_not_before(draft.send_ms, now_ms, setting.email),
        )

    async def _files(self, case: Case, attachment_ids: Sequence[str]) -> tuple[OutgoingFile, ...]:
        if len(attachment_ids) > MOST_FILES:
            raise InvalidInput(f"A mail has at most {MOST_FILES} files.", field="attachment_ids")
        found = [await self._parts.files.attachment(case.org_id, one) for one in dict.fromkeys(attachment_ids)]
        if any(one.case_id != case.id for one in found):
            raise NotFound("a file is not of this case", slug="unknown-attachment")
        if sum(one.size for one in found) > MOST_BYTES:
            raise InvalidInput(f"The files of a mail have at most {MOST_BYTES:,} bytes.", slug="too-large")
        return tuple(
            OutgoingFile(name=one.name, media_type=one.media_type, size=one.size, sha256=one.sha256) for one in found
        )

    async def _check_known(self, mail: OutgoingMail) -> None:
        doubtful = await self.doubtful(mail.org_id, [one.email for one in (*mail.to, *mail.cc, *mail.bcc)])
        if doubtful:
            told = [
                {
                    "email": one.email,
                    "status": one.status,
                    "diagnostic": one.diagnostic,
                    "complained_at": moment(one.complained_ms),
                }
                for one in doubtful
            ]
            emails = ", ".join(one.email for one in doubtful)
            raise Conflict(f"Mail to {emails} does not arrive.", slug="doubtful-address", addresses=told)

    async def _token(self, org_id: str, case_id: str) -> str:
        return token_of(await self._parts.secret(org_id), org_id, case_id)


def _quotation(setting: _Setting) -> str:
    if setting.answered is None:
        return ""
    if setting.kind is OutgoingKind.FORWARD:
        return forwarded_text(setting.answered)
    return quoted_text(setting.answered, locale=setting.language) if setting.email.quotes else ""


def _thread(setting: _Setting) -> tuple[str, tuple[str, ...]]:
    """Return In-Reply-To and References; what is passed on begins a thread of its own, with somebody else."""
    if setting.answered is None or setting.kind is not OutgoingKind.REPLY:
        return "", ()
    return answer_references(parsed_of(setting.answered))


def _checked(boxes: Sequence[Mailbox], where: str) -> tuple[Mailbox, ...]:
    for one in boxes:
        check_address(one, where)
    named = [Mailbox(email=_ascii(one.email, where), name=one_line(one.name)[:200]) for one in boxes]
    return tuple({one.email.lower(): one for one in named}.values())


def _ascii(address: str, where: str) -> str:
    """Return an address as every server takes it: a domain in other letters as IDNA writes it."""
    local, _at, domain = address.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise InvalidInput(f"{address[:100]!r} cannot be written to from here.", field=where) from None


def _check_recipients(*groups: Sequence[Mailbox]) -> None:
    emails = {one.email.lower() for group in groups for one in group}
    if not emails or len(emails) > MOST_RECIPIENTS:
        raise InvalidInput(f"A mail goes to 1 to {MOST_RECIPIENTS} addresses.", field="to")


def _with_number(subject: str, case: Case) -> str:
    """Return an author's own subject, with the case's number, by which an answer is known when nothing else is."""
    line = one_line(subject)
    return line if f"[#{case.number}]" in line else one_line(f"{line} [#{case.number}]")


def _not_before(send_ms: int, now_ms: int, email: Email) -> int:
    if send_ms > now_ms + LATEST_MS:
        raise InvalidInput("A mail is scheduled at most a year ahead.", field="send_at")
    return max(send_ms, now_ms + email.undo_ms)
