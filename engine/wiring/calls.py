"""Telephony: what takes reports of calls, and who follows them."""

from engine.clock import Clock
from engine.conversations.transcript import Transcript
from engine.cti.engagement import Engagement
from engine.cti.reception import CallReception
from engine.cti.stale import StaleCalls
from engine.customers.addresses import phone_key
from engine.events.secret_files import SecretFiles
from engine.model.call import CallChange
from engine.router.router import Router
from engine.settings import Settings
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook
from engine.wiring.recorder import Recorder


class CallRoom:
    """Hold the parts of telephony."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        book: OrganisationBook,
        *,
        router: Router,
        recorder: Recorder,
        transcript: Transcript,
        clock: Clock,
    ) -> None:
        self.record = store.calls
        self._transcript = transcript
        self.engagement = Engagement(calls=store.calls, work=store.work, board=router, recorder=recorder, clock=clock)
        self.reception = CallReception(
            record=store.calls,
            organisations=book,
            secrets=SecretFiles(directory=settings.telephony_secret_files, setting="telephony_secrets"),
            phone_key=phone_key,
            told=(self._publish, self.engagement.follow),
            clock=clock,
        )
        self.stale = StaleCalls(
            record=store.calls, organisations=book, phone_key=phone_key, told=self.reception.tell, clock=clock
        )

    async def _publish(self, change: CallChange) -> None:
        self._transcript.publish(change.entries, org_id=change.call.org_id)
