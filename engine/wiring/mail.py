"""E-mail: what reads and files received mails, and what is handed to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from engine.cases.attachments import checked_type
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.cases.standing import reopened
from engine.channels.email.acknowledging import Acknowledged, acknowledgement, pace_key
from engine.channels.email.held import HeldMails
from engine.channels.email.judging import Judged, Place
from engine.channels.email.keeping import SourceKeeping
from engine.channels.email.late import LateMailRole
from engine.channels.email.parts import Acknowledge, MailParts
from engine.channels.email.reader import MailReader
from engine.channels.email.reading.pool import Readers
from engine.channels.email.robots import unanswerable
from engine.channels.email.tokens import token_of
from engine.clock import Clock
from engine.conversations.transcript import Transcript
from engine.ids import NewId
from engine.intake.reception import Reception
from engine.loops import Role
from engine.model.case import Case
from engine.model.casework import Decide
from engine.model.mail import ParsedMail
from engine.model.mail_filing import Acknowledging
from engine.model.mail_record import MailSummary, OutgoingMail, ReceivedMail
from engine.model.organisation import Organisation
from engine.settings import Settings
from engine.skills.infer import infer
from engine.skills.merging import merge_known
from engine.store.blobs import Blobs
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook


class MailRoom:
    """Hold what works on received mail, once per process."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        book: OrganisationBook,
        blobs: Blobs,
        reception: Reception,
        transcript: Transcript,
        count: Callable[[str, str], None],
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """Build nothing that touches the outside; readers start with the first mail."""
        self._readers = Readers(count=settings.mail_readers, beneath=settings.data / "attachments" / "incoming")

        def reopen(organisation: Organisation) -> Decide:
            return planner(CaseRules(organisation=organisation, new_id=new_id), first=reopened)

        self._clock = clock
        self._store = store
        self._book = book
        self.parts = MailParts(
            mails=store.mails,
            filing=store.mail_filing,
            threads=store.mail_threads,
            files=blobs,
            readers=self._readers,
            organisations=book,
            publish=transcript,
            enter=reception.enter,
            secret=store.mail_secrets.secret,
            classify=infer,
            reopen=reopen,
            media_type=checked_type,
            acknowledge=acknowledging_of(store, clock, new_id),
            count=count,
        )
        self.held = HeldMails(parts=self.parts, clock=clock)

    def roles(self) -> Sequence[Role]:
        """Build the roles of which one process plays each."""
        late = LateMailRole(record=self._store.late_mail, parts=self.parts, clock=self._clock, seconds=time.monotonic)
        keeping = SourceKeeping(
            sources=self._store.mail_keeping, organisations=self._book, clock=self._clock, count=self.parts.count
        )
        return (MailReader(parts=self.parts, clock=self._clock), late, keeping)

    async def stop(self) -> None:
        """End the readers. Safe to call twice."""
        await self._readers.stop()


def acknowledging_of(store: Store, clock: Clock, new_id: NewId) -> Acknowledge:
    """Return what says how a machine answers a mail that opens a case."""

    async def acknowledge(
        place: Place, judged: Judged, mail: ParsedMail, summary: MailSummary, received: ReceivedMail
    ) -> Acknowledging | None:
        told = place.email.acknowledgement
        to = mail.sender
        if told is None or to is None or unanswerable(mail, judged.nature.kind, judged.known):
            return None
        org_id = received.envelope.org_id
        secret = await store.mail_secrets.secret(org_id)
        of = Acknowledged(
            channel=place.channel.key,
            channel_name=place.channel.name,
            email=place.email,
            mail_id=received.id,
            mail=mail,
            language=summary.language,
            contact_name=to.name,
            at_ms=clock.now_ms(),
            fill=merge_known,
        )

        def write(case: Case, interaction_id: str) -> OutgoingMail | None:
            token = token_of(secret, org_id, case.id)
            return acknowledgement(of, case, interaction_id=interaction_id, token=token, new_id=new_id())

        return Acknowledging(
            email=pace_key(to.email), address=to.email, every_ms=told.every_ms, most=told.most, write=write
        )

    return acknowledge
