"""Telephony: what takes reports of calls, and who follows them."""

from collections.abc import Sequence

from engine.agents.floor import Floor
from engine.api.metrics import Metrics
from engine.clock import Clock
from engine.conversations.transcript import Transcript
from engine.cti.engagement import Engagement
from engine.cti.mqtt.subscriber import MqttSubscriber, Subscribed, SubscriberParts, subscribed
from engine.cti.reception import CallReception
from engine.cti.screen import Screen
from engine.cti.stale import StaleCalls
from engine.customers.addresses import phone_key
from engine.events.secret_files import SecretFiles
from engine.model.call import Call, CallChange
from engine.model.pop import AgentCall, Pop
from engine.model.visibility import Sight
from engine.router.router import Router
from engine.settings import Settings
from engine.store.calls.calls import Calls
from engine.store.store import Store
from engine.wiring.following import Following
from engine.wiring.leased import Leases
from engine.wiring.organisations import OrganisationBook
from engine.wiring.recorder import Recorder


class CallBook:
    """Answer what agents' sockets ask of calls."""

    def __init__(self, *, calls: Calls, screen: Screen) -> None:
        self._calls = calls
        self._screen = screen

    async def of_agent(self, org_id: str, agent_id: str) -> Sequence[AgentCall]:
        """Return the calls that an agent's telephones ring for or take part in. Raises Unavailable."""
        return await self._calls.of_agent(org_id, agent_id)

    async def pop(self, call: Call, *, agent_id: str, sight: Sight) -> Pop:
        """Return what an agent's screen does for a call. Raises Unavailable."""
        return await self._screen.pop(call, agent_id=agent_id, sight=sight)


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
        floor: Floor,
        clock: Clock,
    ) -> None:
        self.record = store.calls
        self._organisations = book
        self._clock = clock
        self._secrets = SecretFiles(directory=settings.telephony_secret_files, setting="telephony_secrets")
        self._transcript = transcript
        self._floor = floor
        screen = Screen(record=store.calls, organisations=book, phone_key=phone_key)
        self.book = CallBook(calls=store.calls, screen=screen)
        self.engagement = Engagement(calls=store.calls, work=store.work, board=router, recorder=recorder, clock=clock)
        self.reception = CallReception(
            record=store.calls,
            organisations=book,
            secrets=self._secrets,
            phone_key=phone_key,
            told=(self._publish, self.engagement.follow),  # the screen first: nobody waits for the board
            clock=clock,
        )
        self.stale = StaleCalls(
            record=store.calls, organisations=book, phone_key=phone_key, told=self.reception.tell, clock=clock
        )

    def subscriptions(self, leases: Leases, metrics: Metrics) -> Following[Subscribed, MqttSubscriber]:
        """Build the role that has sources on MQTT servers heard."""
        parts = SubscriberParts(
            take=self.reception.take,
            organisations=self._organisations,
            secrets=self._secrets,
            count=metrics.mqtt_call_reports,
            clock=self._clock,
        )
        role = Following(
            name="telephony",
            wanted=lambda: subscribed(self._organisations.all()),
            role_of=lambda wanted: MqttSubscriber(parts=parts, org_id=wanted[0], source=wanted[1]),
            leases=leases,
        )
        metrics.watch("telephony_faults", "Telephone systems that this process hears in vain.", role.faults)
        return role

    async def _publish(self, change: CallChange) -> None:
        call = change.call
        for agent_id in {leg.agent_id for leg in call.picture.legs if leg.agent_id}:
            self._floor.call_moved(call.org_id, agent_id)
        self._transcript.publish(change.entries, org_id=call.org_id)
