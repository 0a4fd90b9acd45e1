"""What other systems reach the engine by: work of any kind handed in, and events handed out."""

from collections.abc import Sequence

from engine.agents.floor import Floor
from engine.agents.handling import Handling
from engine.agents.settling import Settling
from engine.clock import Clock
from engine.conversations.transcript import Transcript
from engine.events.endpoints import Endpoints
from engine.events.feed import Feed
from engine.events.schedule import Schedule
from engine.events.secret_files import SecretFiles
from engine.events.sender import Sender, SenderSettings
from engine.events.streams import Streams
from engine.ids import NewId
from engine.intake.dispatch import Dispatch
from engine.loops import Role
from engine.router.router import Router
from engine.settings import Settings
from engine.store.store import Store
from engine.wiring.calls import CallRoom
from engine.wiring.organisations import OrganisationBook
from engine.wiring.recorder import Recorder


class OtherSystems:
    """Hold the stages that serve other systems."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        router: Router,
        recorder: Recorder,
        book: OrganisationBook,
        floor: Floor,
        transcript: Transcript,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self.recorder, self.book = recorder, book
        self.dispatch = Dispatch(
            record=store.work, board=router, recorder=recorder, organisations=book, clock=clock, new_id=new_id
        )
        self.calls = CallRoom(
            settings, store, book, router=router, recorder=recorder, transcript=transcript, floor=floor, clock=clock
        )
        settling = Settling(recorder=recorder, work=store.work, stream=router, clock=clock)
        self.feed = Feed(history=store.told)
        self.streams = Streams(feed=self.feed)
        secrets = SecretFiles(directory=settings.webhook_secret_files)
        self.endpoints = Endpoints(
            hooks=store.webhooks,
            history=store.told,
            secrets=secrets,
            organisations=book,
            clock=clock,
            new_id=new_id,
            private=settings.webhook_private,
        )
        self.sender = Sender(
            hooks=store.webhooks,
            history=store.told,
            secrets=secrets,
            clock=clock,
            settings=SenderSettings(
                private=settings.webhook_private, schedule=Schedule(give_up_ms=settings.webhook_give_up_ms)
            ),
            disabled=floor.ring,
        )
        self.handling = Handling(board=router, work=store.work, conversations=store.conversations, settling=settling)

    def single_roles(self) -> Sequence[Role]:
        """Return the roles of which one process plays each."""
        return (self.sender, self.calls.engagement, self.calls.stale)
