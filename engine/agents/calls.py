"""The calls of an agent's telephones on his socket: who it is, how it stands, and what his screen opens.

Woken, it reads all of them and sends them when they are others than before; so a hint too many is harmless, one that
was lost costs until the next look, and a new socket has everything. What a call pops is found once, and again only
when more is known of the caller.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from engine.agents.frames import CallsFrame, encode
from engine.agents.parts import CallPart, MatchPart, PopPart
from engine.clock import moment
from engine.errors import CordboardError
from engine.model.call import Call
from engine.model.organisation import Organisation
from engine.model.pop import AgentCall, Match, Pop
from engine.model.user import Principal
from engine.model.visibility import Sight

log = structlog.get_logger(__name__)

EVERY_S = 15.0
"""How often is looked without a hint."""
AGAIN_S = 1.0
"""How soon after a failure."""

Known = tuple[str, str, tuple[tuple[str, str], ...]]


class CallBook(Protocol):
    """Read an agent's calls, and say what they pop."""

    async def of_agent(self, org_id: str, agent_id: str) -> Sequence[AgentCall]:
        """Return the calls that his telephones ring for or take part in. Raises Unavailable."""
        ...

    async def pop(self, call: Call, *, agent_id: str, sight: Sight) -> Pop:
        """Return what an agent's screen does for a call. Raises Unavailable."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class CallsView:
    """Show one socket the calls of its agent."""

    def __init__(
        self,
        *,
        who: Principal,
        book: CallBook,
        organisations: Organisations,
        sight: Callable[[], Sight],
        send: Callable[[str], None],
    ) -> None:
        self._who = who
        self._book = book
        self._organisations = organisations
        self._sight = sight
        self._send = send
        self._look = asyncio.Event()
        self._pops: dict[str, tuple[Known, Pop]] = {}
        self._sent = ""

    def wake(self) -> None:
        """Look at once."""
        self._look.set()

    async def run(self) -> None:
        """Send the calls whenever they are others, until cancelled."""
        while True:
            self._look.clear()
            wait_s = EVERY_S
            try:
                await self._show()
            except CordboardError as error:
                log.warning("calls not shown", user=self._who.user_id, reason=error.slug)
                wait_s = AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # not wait_for: Python 3.11's may swallow cancellation
                    await self._look.wait()

    async def _show(self) -> None:
        setup = self._organisations.get(self._who.org_id).agents.get(self._who.login)
        if not self._sent and (setup is None or not setup.phone.names):
            return  # who has no telephone is told of none
        calls = await self._book.of_agent(self._who.org_id, self._who.user_id)
        self._pops = {one.call.id: await self._popped(one) for one in calls}
        text = encode(CallsFrame(calls=[call_part(one, self._pops[one.call.id][1]) for one in calls]))
        if text != self._sent:
            self._sent = text
            self._send(text)

    async def _popped(self, one: AgentCall) -> tuple[Known, Pop]:
        call = one.call
        known: Known = (call.picture.customer_number, call.contact_id, tuple(sorted(call.picture.given.items())))
        before = self._pops.get(call.id)
        if before is not None and before[0] == known:
            return before
        return known, await self._book.pop(call, agent_id=self._who.user_id, sight=self._sight())


def call_part(one: AgentCall, pop: Pop) -> CallPart:
    """Build a call as its agent sees it."""
    call, picture, leg = one.call, one.call.picture, one.leg

    def ours(at_ms: int) -> str | None:
        return moment(at_ms + one.ahead_ms if at_ms else 0)

    return CallPart(
        id=call.id,
        channel=call.channel,
        state=picture.state.value,
        direction=picture.direction.value,
        number=picture.customer_number,
        from_number=picture.from_number,
        to_number=picture.to_number,
        queue=picture.queue,
        given=dict(picture.given),
        interaction_id=call.interaction_id,
        contact_id=call.contact_id,
        contact_name=one.contact_name,
        known=call.known,
        case_id=call.case_id,
        item_id=call.items.get(leg.leg_id, ""),
        party=leg.party,
        leg_state=leg.state.value,
        rang_at=ours(leg.rang_ms),
        answered_at=ours(leg.answered_ms),
        since=ours(leg.since_ms),
        pop=pop_part(pop),
    )


def pop_part(pop: Pop) -> PopPart:
    """Build what a call pops."""
    return PopPart(
        action=pop.action.value,
        by=pop.by.value if pop.by else "",
        open=match_part(pop.open) if pop.open else None,
        matches=[match_part(one) for one in pop.matches],
        url=pop.url,
    )


def match_part(match: Match) -> MatchPart:
    """Build one of what was found."""
    return MatchPart(kind=match.kind.value, id=match.id, title=match.title, number=match.number)
