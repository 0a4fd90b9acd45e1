"""The composition root: the only place where concrete classes meet.

``Application(settings)`` builds every part; ``start`` brings them up in the order in which they need one another
(record, board, configuration, roles) and ``stop`` takes them down the other way round. What joins stages and belongs
to none is in ``engine/wiring``.
"""

import socket
from collections.abc import Sequence

import structlog

from engine import failpoints
from engine.agents.board import Wallboard
from engine.agents.delivery import Delivery
from engine.agents.desk import Desk
from engine.agents.floor import Floor
from engine.agents.ledger import Ledger
from engine.agents.presence import Presence as AgentPresence
from engine.agents.session import SessionParts
from engine.api.metrics import Metrics
from engine.api.parts import ApiParts
from engine.channels.chat.channel import ChatChannel
from engine.channels.chat.parts import Parts as ChatParts
from engine.channels.chat.position import PositionWatch
from engine.channels.chat.presence import Presence as VisitorPresence
from engine.channels.chat.schema import chat_schema
from engine.channels.chat.settings import ChatSettings
from engine.clock import SystemClock
from engine.config.json_schema import configuration_schema
from engine.conversations.catchup import CatchUp
from engine.conversations.fanout import Fanout
from engine.conversations.hub import Hub
from engine.conversations.processes import Processes
from engine.conversations.transcript import Transcript
from engine.cti.report_schema import call_report_schema
from engine.errors import CordboardError
from engine.ids import id_source
from engine.intake.reception import Reception
from engine.model.organisation import Organisation
from engine.model.record import Applied
from engine.router.board import Board
from engine.router.projector import Projector
from engine.router.reconcile import Reconciler
from engine.router.router import Router
from engine.router.tail import Tail
from engine.router.ticker import Ticker
from engine.settings import Settings
from engine.store.store import Store
from engine.valkey.lease import Leases
from engine.wiring.board import BoardServer
from engine.wiring.configuration import ConfigurationKeeper
from engine.wiring.consults import consulting_of, waiting_room
from engine.wiring.eviction import Eviction
from engine.wiring.interpreter import CycleSearch
from engine.wiring.leased import Leased
from engine.wiring.organisations import OrganisationBook, SnapshotFollower
from engine.wiring.other_systems import OtherSystems
from engine.wiring.probes import probes_of
from engine.wiring.recorder import Recorder
from engine.wiring.records import BoardRecord
from engine.wiring.roles import WEB, WORK, Loops, parse_roles
from engine.wiring.service_desk import ServiceDesk
from engine.wiring.surroundings import api_settings
from engine.wiring.waits import Waits
from engine.wiring.work_roles import housekeeping_of, keeper_of, single_roles, sweep_of

log = structlog.get_logger(__name__)


class Application:
    """One process of the engine."""

    def __init__(self, settings: Settings) -> None:
        """Build nothing that touches the outside; raise ConfigurationError on roles or failpoints that do not exist."""
        failpoints.arm(settings.failpoints)
        self._settings = settings
        self._roles = parse_roles(settings.roles)
        self._clock = SystemClock()
        self._new_id = id_source(self._clock)
        self._process_id = f"{socket.gethostname()}:{self._new_id()}"
        self.draining = False
        self.metrics = Metrics()
        self.store = Store(url=settings.database, clock=self._clock, new_id=self._new_id, observe=self.metrics.commit)
        self.store.cases.watch(self.metrics.decided)
        self.book = OrganisationBook()
        self._server = BoardServer(settings)
        self._loops = Loops()
        self._leased: list[Leased] = []
        self._served: set[str] = set()

    # -- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bring everything up; the API's parts are there afterwards.

        Raises:
            ConfigurationError: a configuration directory that is wrong; names file and line.
            Unavailable: a part that the engine needs is away; says which and the mend.
        """
        await self.store.start()
        await self._server.start()
        self._build()
        await self.configuration.start()
        await self._follower.step()
        self._start_roles()
        await self.service.mail.start(self.metrics, self._loops.wake)

    async def failed(self) -> None:
        """Wait for a fault that this process cannot survive, and raise it."""
        await self._server.failed()

    def drain(self) -> None:
        """Say on ``/readyz`` that no traffic should come any more."""
        self.draining = True

    async def stop(self) -> None:
        """Close sockets (1012), give back leases, end roles, drain the record. Safe to call twice and half-started."""
        self.drain()
        if hasattr(self, "chat"):
            self.floor.stop_all()
            self.others.streams.stop_all()
            await self.chat.stop()
            await self.service.wind_down()
        await self._loops.stop()
        if hasattr(self, "chat"):
            await self.service.mail_room.stop()
            await self._sign_off()
        await self._server.stop()
        await self.store.stop()

    async def _sign_off(self) -> None:
        try:
            await self._processes.sign_off()
            for role in self._leased:
                await role.give_back()
        except CordboardError as error:
            log.warning("leases left to lapse", reason=str(error))

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._build_board()
        self._build_conversations()
        self._build_stages()
        self._build_agents()
        self._follower = SnapshotFollower(
            record=self.store.configuration,
            book=self.book,
            known=self.store.users.organisations,
            load=self.configuration.unpack,
            adopt=self._adopt,
        )

    def _build_board(self) -> None:
        valkey = self._server.client
        self._leases = Leases(commands=valkey, alone=self._server.embedded)
        self._board = Board(valkey=valkey)
        self.router = Router(board=self._board)
        self._waits = Waits(router=self.router, commands=valkey, clock=self._clock, observe=self.metrics.wait)
        self.configuration = ConfigurationKeeper(
            directories=self._settings.config_directories,
            record=self.store.configuration,
            users=self.store.users,
            clock=self._clock,
            changed=lambda: self._loops.wake(SnapshotFollower.name),
        )
        self._reconciler = Reconciler(
            board=self._board,
            record=BoardRecord(self.store),
            leases=self._leases,
            configuration=self.configuration.in_force,
            statuses=self.store.routing.statuses,
        )

    def _build_conversations(self) -> None:
        valkey = self._server.client
        self.hub = Hub(observe=self.metrics.fanout)
        self.transcript = Transcript(
            record=self.store.transcripts, hub=self.hub, clock=self._clock, count=self.metrics.message
        )
        self._processes = Processes(commands=valkey, process_id=self._process_id)
        self._fanout = Fanout(hub=self.hub, bus=valkey, company=self._processes, process_id=self._process_id)
        self.hub.join(self._fanout)

    def _build_stages(self) -> None:
        self.metrics.watch(
            "configuration_errors", "Directories whose files are wrong and not in force.", self.configuration.errors
        )
        self.floor = Floor(publish=self.hub.publish)
        self.hub.hear(self.floor.hear)
        self._ledger = Ledger()
        self.service = ServiceDesk(
            settings=self._settings, store=self.store, book=self.book, clock=self._clock, new_id=self._new_id
        )
        self.service.join(self.hub, self.floor, self.transcript, self._loops.wake)
        self.recorder = Recorder(
            history=self.store.routing,
            follow=(self._publish, self.service.cases.follow, self._ledger.follow, self.floor.follow),
        )
        self.reception = Reception(
            record=self.store,
            router=self.router,
            organisations=self.book,
            recorder=self.recorder,
            transcript=self.transcript,
            clock=self._clock,
        )
        self.service.take_mail(self.reception, self.transcript, self.metrics)
        self._chat_settings = ChatSettings()
        self._visitors = VisitorPresence(commands=self._server.client, hub=self.hub, settings=self._chat_settings)
        self._chat_parts = parts = ChatParts(
            organisations=self.book,
            reception=self.reception,
            transcript=self.transcript,
            hub=self.hub,
            record=self.store,
        )
        self.chat = ChatChannel(parts=parts, presence=self._visitors, clock=self._clock, settings=self._chat_settings)

    def _build_agents(self) -> None:
        self.desk = Desk(
            offers=self.router,
            statuses=self.router,
            recorder=self.recorder,
            transcript=self.transcript,
            work=self.store.work,
            organisations=self.book,
            clock=self._clock,
            ledger=self._ledger,
        )
        self.others = OtherSystems(
            settings=self._settings,
            store=self.store,
            router=self.router,
            recorder=self.recorder,
            book=self.book,
            floor=self.floor,
            transcript=self.transcript,
            clock=self._clock,
            new_id=self._new_id,
        )
        self.wallboard = Wallboard(
            board=self._waits,
            statistics=self.store.routing,
            users=self.store.users,
            organisations=self.book,
            clock=self._clock,
        )
        self._agent_presence = AgentPresence(
            board=self.router, recorder=self.recorder, organisations=self.book, clock=self._clock
        )

    def api_parts(self) -> ApiParts:
        """Return what the routes need; after ``start``."""
        store = self.store
        return ApiParts(
            settings=api_settings(self._settings),
            clock=self._clock,
            organisations=self.book,
            desk=self.desk,
            handling=self.others.handling,
            consulting=consulting_of(self.others, desk=self.desk, router=self.router, work=store.work),
            dispatch=self.others.dispatch,
            streams=self.others.streams,
            endpoints=self.others.endpoints,
            floor=self.floor,
            wallboard=self.wallboard,
            session=self._session_parts(),
            service=self.service.parts(self._server.client),
            chat=self.chat,
            forms=self.service.forms(self.reception, self.metrics),
            calls=self.others.calls,
            explainer=self.router,
            users=store.users,
            passwords=store.users,
            sessions=store.sessions,
            tokens=store.tokens,
            work=store.work,
            history=store.routing,
            conversations=store.conversations,
            transcripts=store.transcripts,
            alerts=store.alerts,
            configuration=store.configuration,
            idempotency=store.idempotency,
            audit=store.audit,
            metrics=self.metrics,
            probes=probes_of(self.store, self._board, self.book),
            schemas={"chat": chat_schema, "configuration": configuration_schema, "call-report": call_report_schema},
            draining=lambda: self.draining,
        )

    def _session_parts(self) -> SessionParts:
        return SessionParts(
            floor=self.floor,
            presence=self._agent_presence,
            desk=self.desk,
            statuses=self.router,
            work=self.store.work,
            conversations=self.store.conversations,
            entries=self.store.transcripts,
            transcript=self.transcript,
            hub=self.hub,
            wallboard=self.wallboard,
            alerts=self.store.alerts,
            waiting=waiting_room(self.store.work, self._clock),
            calls=self.others.calls.book,
            organisations=self.book,
            clock=self._clock,
            visitor_online=self._visitors.online,
        )

    # -- roles --------------------------------------------------------------------------------------------------

    def _start_roles(self) -> None:
        """Start what this process does for all organisations; each one's own roles start when it is adopted."""
        everywhere = (
            self._follower,
            self._processes,
            self._fanout,  # what is projected here is shown by sockets elsewhere
            self._server.libraries(),
            CycleSearch(),
        )
        self._loops.start(*everywhere)
        if WEB in self._roles:
            self._start_web_roles()
        if WORK in self._roles:
            self._start_work_roles()

    def _start_web_roles(self) -> None:
        self._loops.start(
            self._fanout.receiver,
            CatchUp(record=self.store.transcripts, hub=self.hub),
            self._visitors,
            self._agent_presence,
            self.others.feed,
            Eviction(floor=self.floor, sessions=self.store.sessions, tokens=self.store.tokens, clock=self._clock),
            PositionWatch(waiting=self.chat, waits=self._waits, hub=self.hub, settings=self._chat_settings),
        )

    def _start_work_roles(self) -> None:
        chats, settings = self._chat_parts, self._chat_settings
        keeper = keeper_of(chats, self._visitors, self.transcript, self.store, clock=self._clock, settings=settings)
        single = single_roles(
            self.store, self.router, self.book, self._clock, waits=self._waits, recorder=self.recorder
        )
        service = self.service.work_roles(self.router, self.metrics, self.floor, self.others)
        roles = (keeper, *single, *service, *self.others.single_roles())
        self._leased = [Leased(role=role, leases=self._leases) for role in roles]
        housekeeping = housekeeping_of(self.store, self._clock, keep_ms=self._settings.keep_history_ms)
        sweep = sweep_of(
            self.store, self.router, self.book, self._clock, recorder=self.recorder, reception=self.reception
        )
        mailboxes = self.service.mailboxes(self._leases, self.metrics)
        telephony = self.others.calls.subscriptions(self._leases, self.metrics)
        self._loops.start(*self._leased, sweep, housekeeping, mailboxes, telephony, *self.configuration.watches())

    async def _serve(self, org_id: str) -> None:
        """Start an organisation's own roles, once; first the record catches up with the board."""
        if org_id in self._served:
            return
        tail = Tail(org_id=org_id, source=self._board)
        projector = Projector(
            org_id=org_id,
            board=self._board,
            stream=tail,
            history=self.store.routing,
            leases=self._leases,
            emit=self.recorder.emit,
            rebuilder=self._reconciler,
        )
        await projector.catch_up()
        self._served.add(org_id)
        self._loops.start(Ticker(org_id=org_id, clockwork=self.router, rebuild=self._reconciler.run))
        if WEB in self._roles:
            self._loops.start(Delivery(org_id=org_id, stream=tail, cursor=self.store.routing, floor=self.floor))
        if WORK in self._roles:
            self._loops.start(projector)

    # -- joints -------------------------------------------------------------------------------------------------

    async def _adopt(self, organisation: Organisation) -> None:
        """Bring the board under the configuration, then tell the sockets; raise Unavailable when it will not."""
        await self._reconciler.run(organisation.id)
        reply = await self.router.configure(organisation, await self.configuration.agents(organisation))
        if not reply.ok:
            raise CordboardError(f"the board refused the configuration: {reply.outcome}", slug=reply.outcome.value)
        await self.recorder.record(reply.events)
        await self._serve(organisation.id)
        await self.floor.adopt(organisation)

    async def _publish(self, applied: Sequence[Applied]) -> None:
        for one in applied:
            if one.entries:
                self.transcript.publish(one.entries, org_id=one.event.org_id)
            if one.fresh:
                self.metrics.event(one.event.kind.value)
