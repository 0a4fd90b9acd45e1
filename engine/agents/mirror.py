"""What one agent's socket shows of the board: his state, his offers, his conversations.

Woken, it asks the board for everything and sends what is another; so a hint too many is harmless and one that was
lost costs until the next.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import structlog

from engine.agents.floor import Floor, Member
from engine.agents.frames import State, encode
from engine.agents.offers import OfferDesk
from engine.agents.parts import HeldPart, LoadPart, StatusNow
from engine.agents.patience import FIRST_S, Patience
from engine.agents.render import held_part
from engine.agents.shown import Shown
from engine.agents.works import Works
from engine.clock import moment
from engine.errors import CordboardError, NotFound, Unavailable
from engine.model.board import AgentView, HeldItem
from engine.model.case import Case
from engine.model.organisation import Organisation
from engine.model.work import WorkState

log = structlog.get_logger(__name__)


class StateBoard(Protocol):
    """The board, as far as it knows one agent."""

    async def agent_view(self, org_id: str, agent_id: str) -> AgentView:
        """Return what it knows of him; raise NotFound, Unavailable."""
        ...


class WorkLedger(Protocol):
    """Know what is in the record."""

    async def recorded(self, org_id: str, held: HeldItem) -> None:
        """Return when an assignment is in the record. Raises NotFound."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorParts:
    """What a mirror asks, and where it is known."""

    floor: Floor
    board: StateBoard
    desk: WorkLedger
    offers: OfferDesk
    shown: Shown
    works: Works
    organisations: Organisations
    patience: Patience


class Mirror:
    """Keep one socket's state and conversations as the board has them."""

    def __init__(self, *, member: Member, parts: MirrorParts) -> None:
        self._member = member
        self._who = member.who
        self._parts = parts
        self._wake = asyncio.Event()
        self._wake.set()
        self._look = asyncio.Event()
        self._version = 0
        self._sent: State | None = None
        self._items: frozenset[str] = frozenset()
        self._recorded: frozenset[tuple[str, int, WorkState]] = frozenset()
        self._held: tuple[HeldItem, ...] = ()
        self._cases: set[str] = set()

    def wake(self) -> None:
        """Ask the board again soon."""
        self._wake.set()

    def case_changed(self, case: Case | None, interaction_id: str) -> None:
        """Show a changed case; without one, read the conversation's soon."""
        if case is not None:
            for shown in self._parts.shown.interactions_of(case.id):
                self._parts.shown.tell_case(shown, case)
        elif self._parts.shown.holds(interaction_id):
            self._cases.add(interaction_id)
            self._look.set()

    def works(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the tasks to run, by name; they end by cancellation only."""
        return {
            "state": self._keep(self._wake, self._refresh),
            "conversations": self._keep(self._look, self._show),
            "signals": self._forward(),
        }

    def close(self) -> None:
        """Let the floor forget what was shown."""
        self._parts.floor.place_items(self._member, self._items, ())
        self._items = frozenset()

    async def _forward(self) -> None:
        while True:
            try:
                await self._parts.shown.run()
            except Unavailable as error:
                # What could not be read is behind now: the catch-up role says so again within seconds.
                log.warning("signals not forwarded", user=self._who.user_id, reason=error.slug)
                await asyncio.sleep(FIRST_S)

    async def _keep(self, wanted: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` whenever it is wanted; however often that was meanwhile, once."""
        failed = 0
        while True:
            await wanted.wait()
            wanted.clear()
            try:
                await work()
            except CordboardError as error:
                failed += 1
                log.warning("agent's view not built", user=self._who.user_id, reason=error.slug, failed=failed)
                await self._parts.patience.wait(self._who.org_id, failed, wanted)
                wanted.set()
            else:
                if failed:
                    self._parts.patience.works(self._who.org_id)
                failed = 0

    async def _refresh(self) -> None:
        """Send the state when it is another. Conversations have a task of their own: offers do not wait for them."""
        view = await self._ask()
        bare = [one.item_id for one in view.offers if not one.interaction_id]
        bare += [one.item_id for one in view.items if not one.interaction_id]
        await self._parts.works.learn(bare)
        offers, _ = await asyncio.gather(
            self._parts.offers.describe(self._who.org_id, view.offers), self._see_recorded(view.items)
        )
        held = self._parts.works.with_conversations(view.items)
        state = State(
            status=StatusNow(key=view.status, since=moment(view.status_since_ms)),
            connected=view.connected,
            load=LoadPart(used=view.used, units=view.units),
            offers=offers,
            items=self._held_parts(held),
            version=self._version,
        )
        if state != self._sent:
            self._version += 1
            self._sent = msgspec.structs.replace(state, version=self._version)
            self._member.tell(encode(self._sent))
        items = frozenset([*(one.item_id for one in view.items), *(one.item_id for one in view.offers)])
        self._parts.floor.place_items(self._member, self._items, items)
        self._items = items
        if held != self._held:
            self._held = held
            self._look.set()

    def _held_parts(self, held: Sequence[HeldItem]) -> list[HeldPart]:
        organisation = self._parts.organisations.get(self._who.org_id)
        setup = organisation.agents.get(self._who.login)
        profile = setup.profile if setup else ""
        return [held_part(one, organisation, profile, self._parts.works.part(one.item_id)) for one in held]

    async def _show(self) -> None:
        self._cases |= await self._parts.shown.show(self._held)
        while self._cases:
            interaction_id = self._cases.pop()
            try:
                await self._parts.shown.look_at_case(interaction_id)
            except Unavailable:
                self._cases.add(interaction_id)
                raise

    async def _see_recorded(self, items: Sequence[HeldItem]) -> None:
        """Show no assignment before it is in the record: what an agent was shown, no crash takes back."""
        seen = {(one.item_id, one.assignment, one.state): one for one in items}
        news = seen.keys() - self._recorded
        if news:
            await asyncio.gather(*(self._recorded_now(seen[key]) for key in news))
        self._recorded = frozenset(seen)

    async def _recorded_now(self, held: HeldItem) -> None:
        with contextlib.suppress(NotFound):
            await self._parts.desk.recorded(self._who.org_id, held)

    async def _ask(self) -> AgentView:
        try:
            return await self._parts.board.agent_view(self._who.org_id, self._who.user_id)
        except NotFound:  # a user without a place in the configuration, e.g. an admin
            return AgentView(agent_id=self._who.user_id, status="", status_since_ms=0, connected=False, units=0, used=0)
