"""Receive customers: is somebody there, open, leave a message, conclude.

Two writes and no gap: interaction, first entry and a *pending* work item commit in one transaction, then the item
is put on the board. Whatever happens in between, the sweep finds it. The customer is told after the commit only.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from engine.clock import Clock
from engine.errors import CordboardError, Refused, Unavailable
from engine.failpoints import failpoint
from engine.intake.contract import Organisations, Record, Recorder, Router, Teller
from engine.intake.overflow import OPEN, TURNED_AWAY, callback_ms, ending, prospect, told
from engine.model.case_setup import Filing
from engine.model.conversation import Arrival, Prospect
from engine.model.organisation import Organisation
from engine.model.record import Opened
from engine.model.work import Outcome, Plan, Reply, WorkItem
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

    async def prospect(
        self, org_id: str, channel: str, *, topic: str = "", locale: str = "en", text: str = ""
    ) -> Prospect:
        """Say whether such an arrival would find somebody now, and what is offered instead.

        An absent board counts as open; length and wait are judged when the work is taken in. Raises NotFound
        (organisation, channel).
        """
        organisation = self._organisations.get(org_id)
        plan = infer(organisation, channel, topic, locale, text)
        kind, now_ms = organisation.channels[channel].kind, self._clock.now_ms()

        async def staff(queue: str) -> int:
            return await self._router.staffed(org_id, queue, plan.requirement)

        try:
            return await prospect(organisation, plan.queue, kind, now_ms=now_ms, staff=staff)
        except CordboardError as error:
            log.warning("staffing unknown, taken as open", org=org_id, queue=plan.queue, why=str(error))
            return OPEN

    async def open(self, arrival: Arrival, *, listen: Callable[[str], object] | None = None) -> Opened:
        """Commit an arrival, then put its work item on the board. Idempotent by the conversation's key.

        In between ``listen`` is called with a new conversation's id: whoever subscribes then has heard of everything
        that comes after what is returned, since nobody can join before the item is on the board.

        Raises NotFound (organisation, channel) and Unavailable (the record is away). A board that is away is no
        error: the item stays pending and is swept in later. A cancelled call may still commit.
        """
        plan, kind = self._classify(arrival)
        organisation = self._organisations.get(arrival.org_id)
        opened = await self._record.arrivals.open_interaction(
            arrival,
            kind=kind,
            plan=plan,
            case_policy=organisation.channels[arrival.channel].case_policy,
            now_ms=self._clock.now_ms(),
            filing=organisation.filing,
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

        Who asks to be called back gets a work item too, not to be begun before the queue opens, where some capacity
        profile takes the kind ``callback``; elsewhere the case is all.

        Raises NotFound, Unavailable. A cancelled call may still commit.
        """
        plan, kind = self._classify(arrival)
        organisation, now_ms = self._organisations.get(arrival.org_id), self._clock.now_ms()
        promised_ms = None
        if arrival.callback:
            promised_ms = callback_ms(organisation, plan.queue, now_ms)
            arrival = replace(arrival, body=f"{arrival.phone}\n{arrival.body}" if arrival.phone else arrival.body)
        opened = await self._record.arrivals.leave_message(
            _with_skills(arrival, plan, organisation),
            kind=kind,
            plan=plan,
            now_ms=now_ms,
            callback_ms=promised_ms,
            filing=_filing(arrival, organisation),
        )
        failpoint("intake.after-commit")
        if not opened.repeated and opened.item is not None:
            await self._enqueue(opened.item)
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
            if entered.outcome is Outcome.UNKNOWN_QUEUE or entered.outcome in TURNED_AWAY:
                if await self._router.refuse(org_id, {item.id: entered}):
                    await self._close(org_id, interaction_id, reason)  # no queue has it, and none needs to any more
                    return
            else:
                await self._require(entered)
            reply = await self._router.conclude(org_id, item.id, reason)
        await self._require(reply)

    async def _require(self, reply: Reply) -> None:
        if reply.outcome in _BOARD_AWAY:
            raise Unavailable("the board is being restored", slug=reply.outcome.value)
        if not reply.ok and reply.outcome is not Outcome.WRONG_STATE:
            raise Refused(f"the board answered {reply.outcome.value}", slug=reply.outcome.value)
        await self._recorder.record(reply.events)

    async def _told(self, item: WorkItem, reply: Reply) -> str:
        """Return what the customer is told, in his language; he is looked up only where there is something to tell."""
        organisation = self._organisations.get(item.org_id)
        if not told(organisation, reply, ""):
            return ""
        overview = await self._record.conversations.overview(item.org_id, item.interaction_id)
        return told(organisation, reply, overview.interaction.locale)

    async def _close(self, org_id: str, interaction_id: str, reason: str, *, text: str = "") -> None:
        ended = await self._record.conversations.close(
            org_id, interaction_id, reason=reason, text=text, now_ms=self._clock.now_ms()
        )
        if ended is not None:
            self._transcript.publish([ended], org_id=org_id)

    async def _enqueue(self, item: WorkItem) -> None:
        try:
            reply = await self._router.enqueue(item)
        except CordboardError as error:
            log.warning("left pending for the sweep", org=item.org_id, item=item.id, why=str(error))
            return
        if reply.outcome in TURNED_AWAY:
            await self.turn_away(item, reply)
        elif not reply.ok:
            log.warning("left pending for the sweep", org=item.org_id, item=item.id, why=reply.outcome.value)

    async def enter(self, item: WorkItem) -> None:
        """Put a committed, pending item on the board; what the board does not take now is left to the sweep."""
        await self._enqueue(item)

    async def turn_away(self, item: WorkItem, reply: Reply) -> None:
        """End what the board did not take in, as its answer says: the conversation with its work, in one transaction.

        On the board first, since another process may have found room a moment before, and then nothing is ended.
        Idempotent: what a crash leaves undone the sweep meets again, still pending. Raises Unavailable.
        """
        if not await self._router.refuse(item.org_id, {item.id: reply}):
            return
        reason = ending(self._organisations.get(item.org_id), reply)
        log.info("turned away", org=item.org_id, item=item.id, queue=reply.detail.get("queue"), reason=reason)
        if item.interaction_id:
            await self._close(item.org_id, item.interaction_id, reason, text=await self._told(item, reply))
        else:
            whys = {item.id: reply.outcome.value}
            await self._record.work.refuse(item.org_id, whys, now_ms=self._clock.now_ms())

    def _classify(self, arrival: Arrival) -> tuple[Plan, str]:
        organisation = self._organisations.get(arrival.org_id)
        plan = infer(organisation, arrival.channel, arrival.topic, arrival.locale, arrival.body)
        return plan, organisation.channels[arrival.channel].kind


def _filing(arrival: Arrival, organisation: Organisation) -> Filing:
    """Return how the arrival's case begins; one that waits for an agent has its clerk told."""
    routed = arrival.seed is not None and arrival.seed.routed
    return replace(organisation.filing, watched=True) if routed else organisation.filing


def _with_skills(arrival: Arrival, plan: Plan, organisation: Organisation) -> Arrival:
    """Let the case ask for what classification asks for, besides its queue."""
    if arrival.seed is None:
        return arrival
    own = organisation.queues[plan.queue].skills
    skills = {key: level for key, level in plan.requirement.skills.items() if own.get(key) != level}
    return replace(arrival, seed=replace(arrival.seed, skills=skills))
