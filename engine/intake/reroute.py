"""Find another place for work whose queue was removed from the configuration.

It is classified again by the rules of today. When its channel is gone as well, nobody can answer: the conversation is
closed as ``refused``, and its widget offers the form for a message.
"""

from collections.abc import Awaitable, Callable

import structlog

from engine.clock import Clock
from engine.errors import NotFound, Refused
from engine.intake.contract import Organisations, Record, Recorder, Router
from engine.model.organisation import Organisation
from engine.model.work import Outcome, Plan, Reply, WorkItem, WorkState
from engine.skills.infer import infer

log = structlog.get_logger(__name__)

LIMIT = 500
EVERY_MS = 30_000
REFUSED = "refused"

Conclude = Callable[[str, str, str], Awaitable[None]]
"""End a conversation by organisation, id and reason."""


class Rerouting:
    """Move what waits in queues that are no more."""

    def __init__(
        self,
        *,
        record: Record,
        router: Router,
        recorder: Recorder,
        organisations: Organisations,
        conclude: Conclude,
        clock: Clock,
    ) -> None:
        self._record = record
        self._router = router
        self._recorder = recorder
        self._organisations = organisations
        self._conclude = conclude
        self._clock = clock
        self._looked: dict[str, tuple[int, int]] = {}  # by organisation: configuration, time

    async def pending(self, item: WorkItem) -> WorkItem | None:
        """Return an item that the board would not take as it is to be now; None: it stays, or was refused.

        Raises Unavailable. Idempotent.
        """
        try:
            organisation = self._organisations.get(item.org_id)
        except NotFound:
            return None  # not served any more, or not yet
        if item.queue in organisation.queues:
            return None  # the board has not heard of it yet
        plan = await self._plan(organisation, item)
        if plan is None:
            return None
        return await self._record.work.reclassify(item.org_id, item.id, plan)

    async def waiting(self, organisation: Organisation) -> None:
        """Move what waits on the board in removed queues: after each change, then twice a minute.

        Raises Unavailable. Idempotent.
        """
        now_ms = self._clock.now_ms()
        version, at_ms = self._looked.get(organisation.id, (-1, 0))
        if version == organisation.version and 0 <= now_ms - at_ms < EVERY_MS:
            return
        stranded = await self._record.work.waiting_outside(organisation.id, sorted(organisation.queues), limit=LIMIT)
        moved = 0
        for item in stranded:
            plan = await self._plan(organisation, item)
            moved += plan is None or await self._move(item, plan)
        if moved == len(stranded) < LIMIT:
            self._looked[organisation.id] = (organisation.version, now_ms)

    async def _move(self, item: WorkItem, plan: Plan) -> bool:
        reply = await self._router.move(item.org_id, item.id, queue=plan.queue, requirement=plan.requirement)
        if reply.ok:
            log.info("moved out of a removed queue", org=item.org_id, item=item.id, of=item.queue, to=plan.queue)
        elif reply.outcome is not Outcome.WRONG_STATE:  # taken meanwhile, or the board has its queue still
            log.warning("not moved", org=item.org_id, item=item.id, of=item.queue, why=reply.outcome.value)
        await self._recorder.record(reply.events)
        return reply.ok

    async def _plan(self, organisation: Organisation, item: WorkItem) -> Plan | None:
        """Classify again; refuse what no rule and no channel can place any more, and work of other systems."""
        if not item.interaction_id:
            log.warning("refused: its queue is gone", org=item.org_id, item=item.id, queue=item.queue)
            await self._take_off(item)
            return None
        try:
            overview = await self._record.conversations.overview(item.org_id, item.interaction_id)
            first = await self._record.transcripts.since(item.org_id, item.interaction_id, after_seq=0, limit=1)
            about, body = overview.interaction, first[0].body if first else ""
            return infer(organisation, about.channel, about.topic, about.locale, body)
        except NotFound:
            log.warning("refused: its queue and its channel are gone", org=item.org_id, item=item.id, queue=item.queue)
            await self._refuse(item)
            return None

    async def _take_off(self, item: WorkItem) -> None:
        """Close work of another system, which knows best where else it could go."""
        nowhere = {item.id: Reply(outcome=Outcome.UNKNOWN_QUEUE)}
        if item.state is WorkState.PENDING and await self._router.refuse(item.org_id, nowhere):
            await self._record.work.refuse(item.org_id, {item.id: REFUSED}, now_ms=self._clock.now_ms())
        else:
            reply = await self._router.conclude(item.org_id, item.id, REFUSED)
            await self._recorder.record(reply.events)

    async def _refuse(self, item: WorkItem) -> None:
        try:
            await self._conclude(item.org_id, item.interaction_id, REFUSED)
        except (NotFound, Refused) as error:
            log.warning("not refused", org=item.org_id, item=item.id, why=str(error))
