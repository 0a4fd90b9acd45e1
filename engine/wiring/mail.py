"""E-mail: what reads and files received mails, and what is handed to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.cases.attachments import checked_type
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.cases.standing import reopened
from engine.channels.email.judging import Judged, Place
from engine.channels.email.parts import MailParts
from engine.channels.email.reader import MailReader
from engine.channels.email.reading.pool import Readers
from engine.clock import Clock
from engine.conversations.transcript import Transcript
from engine.ids import NewId
from engine.intake.reception import Reception
from engine.loops import Role
from engine.model.casework import Decide
from engine.model.mail import ParsedMail
from engine.model.mail_filing import Acknowledging
from engine.model.mail_record import MailSummary, ReceivedMail
from engine.model.organisation import Organisation
from engine.settings import Settings
from engine.skills.infer import infer
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
            acknowledge=_unacknowledged,
            count=count,
        )

    def roles(self) -> Sequence[Role]:
        """Build the roles of which one process plays each."""
        return (MailReader(parts=self.parts, clock=self._clock),)

    async def stop(self) -> None:
        """End the readers. Safe to call twice."""
        await self._readers.stop()


def _unacknowledged(
    _place: Place, _judged: Judged, _mail: ParsedMail, _summary: MailSummary, _received: ReceivedMail
) -> Acknowledging | None:
    return None
