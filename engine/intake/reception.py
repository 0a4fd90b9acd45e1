"""Receive customers: is somebody there, open, leave a message, conclude.

Two writes and no gap: interaction, first entry and a *pending* work item commit in one transaction, then the item
is put on the board. Whatever happens in between, the sweep finds it. The customer is told after the commit only.
"""

from collections.abc import Callable

import structlog

from engine.clock import Clock
from engine.errors import CordboardError, Refused, Unavailable
from engine.failpoints import failpoint
from engine.intake.contract import Organisations, Record, Recorder, Router, Teller
from engine.model.conversation import Arrival, Availability
from engine.model.record import Opened
from engine.model.work import Outcome, Plan, Reply, WorkItem
from engine.skills.hours import is_open
from engine.skills.infer import infer

log = structlog.get_logger(__name__)

_BOARD_AWAY = frozenset({Outcome.NO_BOARD, Outcome.STALE_EPOCH, Outcome.WRONG_LAYOUT})


class Reception:
    """Receive customers for the channels."""

    def __init__(
        self,
        *,
        record: Record,
        router: Router,
        organisations: Organisations,
        recorder: Recorder,
        transcript: Teller,
        clock: Clock,
    ) -> None:
        self._record = record
        self._router = router
        self._organisations = organisations
        self._recorder = recorder
        self._transcript = transcript
        self._clock = clock

    async def availability(
        self, org_id: str, channel: str, *, topic: str = "", locale: str = "en", text: str = ""
    ) -> Availability:
        """Say whether such an arrival would find somebody now. An absent board counts as open.

        Raises NotFound (organisation, channel).
        """
        organisation = self._organisations.get(org_id)
        plan = infer(organisation, channel, topic, locale, text)
        if not is_open(organisation, plan.queue, self._clock.now_ms()):
            return Availability.CLOSED
        try:
            staff = await self._router.staffed(org_id, plan.queue, plan.requirement)
        except CordboardError as error:
            log.warning("staffing unknown, taken as open", org=org_id, queue=plan.queue, why=str(error))
            return Availability.OPEN
        return Availability.OPEN if staff else Availability.UNSTAFFED

    async def open(self, arrival: Arrival, *, listen: Callable[[str], object] | None = None) -> Opened:
        """Commit an arrival, then put its work item on the board. Idempotent by the conversation's key.

        In between ``listen`` is called with a new conversation's id: whoever subscribes then has heard of everything
        that comes after what is returned, since nobody can join before the item is on the board.

        Raises NotFound (organisation, channel) and Unavailable (the record is away). A board that is away is no
        error: the item stays pending and is swept in later. A cancelled call may still commit.
        """
        plan, kind = self._classify(arrival)
        channel = self._organisations.get(arrival.org_id).channels[arrival.channel]
        opened = await self._record.arrivals.open_interaction(
            arrival, kind=kind, plan=plan, case_policy=channel.case_policy, now_ms=self._clock.now_ms()
        )
        failpoint("intake.after-commit")
        if not opened.repeated:
            self._transcript.publish(opened.entries, org_id=arrival.org_id)
            if listen is not None:
                listen(opened.interaction.id)
            if opened.item is not None:
                await self._enqueue(opened.item)
                failpoint("intake.after-enqueue")
        return opened

    async def leave_message(self, arrival: Arrival) -> Opened:
        """Commit a message left while nobody was there; it becomes a case. Idempotent by the conversation's key.

        Raises NotFound, Unavailable. A cancelled call may still commit.
        """
        plan, kind = self._classify(arrival)
        opened = await self._record.arrivals.leave_message(arrival, kind=kind, plan=plan, now_ms=self._clock.now_ms())
        failpoint("intake.after-commit")
        return opened

    async def conclude(self, org_id: str, interaction_id: str, reason: str, *, item_id: str = "") -> None:
        """End a conversation by the customer's side: ``reason`` is visitor, gone, idle or refused. Idempotent.

        Waiting work is abandoned; work an agent holds goes to wrap-up. Raises Unavailable while the board is away
        (nothing happened), Refused when the board will not.
        ``item_id`` is the work item as the caller knows it; where the board knows it no more, the record is asked.
        """
        if item_id and (reply := await self._router.conclude(org_id, item_id, reason)).ok:
            await self._require(reply)
            return
        item = await self._record.work.for_interaction(org_id, interaction_id)
        if item is None:
            await self._close(org_id, interaction_id, reason)
            return
        reply = await self._router.conclude(org_id, item.id, reason)
        if reply.outcome is Outcome.UNKNOWN_ITEM:
            # Pending still: it goes over the board all the same, so that history and statistics know of it.
            entered = await self._router.enqueue(item)
            if entered.outcome is Outcome.UNKNOWN_QUEUE:  # removed meanwhile, and no other was found yet
                await self._close(org_id, interaction_id, reason)
                return
            await self._require(entered)
            reply = await self._router.conclude(org_id, item.id, reason)
        await self._require(reply)

    async def _require(self, reply: Reply) -> None:
        if reply.outcome in _BOARD_AWAY:
            raise Unavailable("the board is being restored", slug=reply.outcome.value)
        if not reply.ok and reply.outcome is not Outcome.WRONG_STATE:
            raise Refused(f"the board answered {reply.outcome.value}", slug=reply.outcome.value)
        await self._recorder.record(reply.events)

    async def _close(self, org_id: str, interaction_id: str, reason: str) -> None:
        ended = await self._record.conversations.close(
            org_id, interaction_id, reason=reason, now_ms=self._clock.now_ms()
        )
        if ended is not None:
            self._transcript.publish([ended], org_id=org_id)

    async def _enqueue(self, item: WorkItem) -> None:
        try:
            reply = await self._router.enqueue(item)
        except CordboardError as error:
            log.warning("left pending for the sweep", org=item.org_id, item=item.id, why=str(error))
            return
        if not reply.ok:
            log.warning("left pending for the sweep", org=item.org_id, item=item.id, why=reply.outcome.value)

    def _classify(self, arrival: Arrival) -> tuple[Plan, str]:
        organisation = self._organisations.get(arrival.org_id)
        plan = infer(organisation, arrival.channel, arrival.topic, arrival.locale, arrival.body)
        return plan, organisation.channels[arrival.channel].kind
