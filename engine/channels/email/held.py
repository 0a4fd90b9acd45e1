"""Mails about which somebody has to decide: held ones, whose sender takes no part in the case, and unreadable ones."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from engine.channels.email.judging import filed_order
from engine.channels.email.parts import MailParts
from engine.channels.email.placing import place_in
from engine.clock import Clock
from engine.errors import Conflict, InvalidInput
from engine.model.mail import MailBody, Mailbox, MailNature
from engine.model.mail_filing import Joining
from engine.model.mail_record import Mail, MailFile, MailState, MailSummary, ReceivedMail

FILED = (MailState.FILED, MailState.JOINED)
SOURCE_NAME = "message.eml"


class Decision(StrEnum):
    """What is to become of a mail."""

    JOIN = "join"  # it belongs to the case that it names, or to another one
    OWN_CASE = "own_case"  # of an unreadable one: with its source as a file
    DISCARD = "discard"
    RETRY = "retry"  # read it again


class HeldMails:
    """Decide about mails. Each decision is made once; the same one again changes nothing."""

    def __init__(self, *, parts: MailParts, clock: Clock) -> None:
        self._parts = parts
        self._clock = clock

    async def decide(self, org_id: str, mail_id: str, decision: Decision, *, actor_id: str, case_id: str = "") -> Mail:
        """Do what was decided of a held or quarantined mail; return it as it is then.

        ``case_id``: the case to join, where it is not the one that the mail names. Raises NotFound (``unknown-mail``,
        ``unknown-case``), InvalidInput (``case_id``: there is none to join), Conflict (``already-decided``).
        """
        now_ms = self._clock.now_ms()
        if decision is Decision.DISCARD:
            mail = await self._parts.mails.discard(org_id, mail_id, actor_id=actor_id, now_ms=now_ms)
            self._parts.count("discarded", "person")
            return mail
        if decision is Decision.RETRY:
            return await self._parts.mails.retry(org_id, mail_id, actor_id=actor_id, now_ms=now_ms)
        mail = await self._parts.mails.get(org_id, mail_id)
        if mail.state in FILED and mail.decided_by:
            return mail
        if mail.state not in (MailState.HELD, MailState.QUARANTINED):
            raise _decided(mail)
        return await self._file(mail, decision, actor_id=actor_id, case_id=case_id)

    async def _file(self, mail: Mail, decision: Decision, *, actor_id: str, case_id: str) -> Mail:
        received, org_id = mail.received, mail.received.envelope.org_id
        place = place_in(self._parts, received)
        if place is None:
            raise Conflict("its channel is configured no more", slug="unknown-channel")
        joining = _joining(mail, case_id) if decision is Decision.JOIN else None
        files = tuple(await self._parts.mails.files(org_id, received.id))
        summary = mail.summary
        if summary is None:
            summary, files = _unread(received), (*files, _source(received))
        order = filed_order(
            received,
            place,
            summary,
            files,
            joining=joining,
            nature=mail.nature or MailNature.PERSON,
            now_ms=self._clock.now_ms(),
        )
        filed = await self._parts.filing.file(replace(order, decided_by=actor_id))
        if not filed.repeated:
            self._parts.count(filed.state.value, "person")
            self._parts.publish.publish(filed.entries, org_id=org_id)
            if filed.item is not None:
                await self._parts.enter(filed.item)
        now = await self._parts.mails.get(org_id, received.id)
        if now.state not in FILED:  # somebody was quicker, and decided otherwise
            raise _decided(now)
        return now


def _decided(mail: Mail) -> Conflict:
    return Conflict("the mail was decided about already", slug="already-decided", state=mail.state.value)


def _joining(mail: Mail, case_id: str) -> Joining:
    wanted = case_id or mail.case_id
    if not wanted:
        raise InvalidInput("The mail names no case.", field="case_id", mend="Say which case it is to join.")
    return Joining(case_id=wanted, clue=mail.clue, confidence=mail.confidence, why="decided by a person")


def _unread(received: ReceivedMail) -> MailSummary:
    """Return what is known of a mail that cannot be read: whom its envelope names."""
    sender = Mailbox(email=received.envelope.sender) if "@" in received.envelope.sender else None
    return MailSummary(sender=sender, body=MailBody(new=""), faults=("unread",))


def _source(received: ReceivedMail) -> MailFile:
    """Return the source of a mail as a file of it."""
    return MailFile(
        mail_id=received.id,
        position=1,
        name=SOURCE_NAME,
        media_type="application/octet-stream",
        size=received.size,
        sha256=received.sha256,
    )
