"""The router's Python face: every command is one atomic function call on the board.

Commands return a Reply and never raise for what the router refuses; they raise Unavailable when the board's server
is away. All are safe to repeat, and safe to cancel: a cancelled command has its effect or not, and its repeat tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

import msgspec

from engine.errors import Unavailable
from engine.model.board import AgentView, BoardView, QueueView, Tick
from engine.model.organisation import Organisation
from engine.model.work import Outcome, Reply, Requirement, RoutingEvent, WorkItem
from engine.router.board import Board
from engine.router.setup import agent_setups, board_setup
from engine.router.views import agent_view, board_view

TIMERS_PER_TICK = 25
AGENTS_PER_CALL = 4
ITEMS_PER_CALL = 20
LEASES_PER_CALL = 200

_Part = TypeVar("_Part")


def json_of(value: object) -> bytes:
    """Write ``value`` as JSON for a function's argument."""
    return msgspec.json.encode(value)


class Router:
    """Commands and questions about one or many organisations."""

    def __init__(self, *, board: Board) -> None:
        self._board = board

    # -- configuration ------------------------------------------------------------------------------------------

    async def configure(self, organisation: Organisation, agents: Mapping[str, str]) -> Reply:
        """Put a configuration in force, live; ``agents`` maps log-ins to user ids. Work goes on."""
        ask, org_id = self._board.ask, organisation.id
        replies = [await ask(org_id, "configure_board", json_of(board_setup(organisation, agents)))]
        for part in _parts(agent_setups(organisation, agents), AGENTS_PER_CALL):
            if replies[-1].outcome is Outcome.OK:
                replies.append(await ask(org_id, "configure_agents", json_of(part)))
        events = chain.from_iterable(reply.events for reply in replies)
        return Reply(outcome=replies[-1].outcome, events=tuple(events))

    # -- work items ---------------------------------------------------------------------------------------------

    async def enqueue(self, item: WorkItem) -> Reply:
        """Let an item wait for an agent; offered in the same step when one is ready."""
        return await self._do(item.org_id, "enqueue_item", json_of(arrival_fields(item)))

    async def enqueue_many(self, org_id: str, items: Sequence[WorkItem]) -> list[Reply]:
        """Enqueue items of one organisation, a bounded number per call; the replies are in their order.

        The events of a call come with the reply of its last item.
        """
        replies: list[Reply] = []
        for part in _parts(items, ITEMS_PER_CALL):
            answer = await self._board.ask(org_id, "enqueue_items", json_of([arrival_fields(item) for item in part]))
            if answer.outcome is not Outcome.OK:
                replies += [Reply(outcome=answer.outcome) for _ in part]
                continue
            replies += [Reply(outcome=Outcome(outcome)) for outcome in answer.result]
            replies[-1] = Reply(outcome=replies[-1].outcome, events=answer.events)
        return replies

    async def refuse(self, org_id: str, answers: Mapping[str, Reply]) -> set[str]:
        """Turn items away (id → what their enqueueing was answered) before the record closes them. Idempotent.

        Returns those that are turned away; the others are on the board, or were: another process found a place for
        them. For ten minutes at least, who enqueues one that was turned away is answered the same. Raises
        Unavailable: some may be turned away, and a repeat goes on from there.
        """
        standing: set[str] = set()
        for part in _parts(list(answers.items()), ITEMS_PER_CALL):
            told = {item_id: {"outcome": reply.outcome.value, "told": reply.detail} for item_id, reply in part}
            answer = await self._board.ask(org_id, "refuse_items", json_of(told))
            if answer.outcome is not Outcome.OK:
                raise Unavailable("The routing board is being rebuilt.", slug="board-rebuilding")
            standing.update(msgspec.json.decode(answer.result, type=list[str]))
        return set(answers) - standing

    async def assign(self, item: WorkItem, agent_id: str) -> Reply:
        """Put a new item with an agent at once, because an outside fact did: his room may go below zero."""
        return await self._do(item.org_id, "assign_item", json_of({**item_fields(item), "agent": agent_id}))

    async def pick(self, org_id: str, item_id: str, agent_id: str, *, by: str = "agent", force: bool = False) -> Reply:
        """Give a waiting item to an agent; ``by`` is ``agent`` (he takes it himself) or ``supervisor``."""
        return await self._do(org_id, "pick_item", item_id, agent_id, by, "1" if force else "0")

    async def change(self, org_id: str, item_id: str, changes: Mapping[str, object]) -> Reply:
        """Change what a waiting item asks for: priority, due, skills, preferred, queue, preferred_agent, required."""
        return await self._do(org_id, "change_item", item_id, json_of(changes))

    async def park(
        self, org_id: str, item_id: str, agent_id: str, assignment: int, why: str = "", *, seen_seq: int | None = None
    ) -> Reply:
        """Put an active item aside that waits for the customer; it holds no room.

        ``seen_seq`` goes along with the event: the last line of the transcript that was known.
        """
        seen = "" if seen_seq is None else seen_seq
        return await self._do(org_id, "park_item", item_id, agent_id, assignment, why, seen)

    async def resume(self, org_id: str, item_id: str, assignment: int = 0) -> Reply:
        """Let a parked item wait again; the agent who had it is preferred.

        ``assignment``: only if it was parked in this one, 0 = in any.
        """
        return await self._do(org_id, "resume_item", item_id, assignment)

    async def extend_wrapup(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """Give the agent more time for his wrap-up, as the queue allows."""
        return await self._do(org_id, "extend_wrapup", item_id, agent_id, assignment)

    async def accept(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """Turn the offer with this number into an assignment."""
        return await self._do(org_id, "accept_offer", item_id, agent_id, assignment)

    async def decline(self, org_id: str, item_id: str, agent_id: str, assignment: int, reason: str = "") -> Reply:
        """Give the offer back; the agent is passed over for this item for a while."""
        return await self._do(org_id, "decline_offer", item_id, agent_id, assignment, reason)

    async def end(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """End the contact; wrap-up begins, or the item is closed where there is none."""
        return await self._do(org_id, "end_contact", item_id, agent_id, assignment)

    async def finish_wrapup(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """End the wrap-up; the item is closed and its room free."""
        return await self._do(org_id, "finish_wrapup", item_id, agent_id, assignment)

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        """Say that the customer's side is over: a waiting item is abandoned, an active one ends."""
        return await self._do(org_id, "conclude_item", item_id, reason)

    async def transfer(
        self,
        org_id: str,
        item_id: str,
        agent_id: str,
        assignment: int,
        *,
        queue: str,
        requirement: Requirement,
        note: str = "",
        to_agent: str = "",
        preferred: Mapping[str, int] | None = None,
    ) -> Reply:
        """Put an active item into ``queue`` ("" = its own) with its age, held for ``to_agent`` if one is named.

        Not back to this agent for a while; refused before he lets go where the queue is closed or full.
        """
        wanted = {
            "queue": queue,
            "skills": dict(requirement.skills),
            "preferred": dict(preferred or {}),
            "agent": to_agent,
            "note": note,
        }
        return await self._do(org_id, "transfer_item", item_id, agent_id, assignment, json_of(wanted))

    async def move(self, org_id: str, item_id: str, *, queue: str, requirement: Requirement) -> Reply:
        """Let a waiting item wait in another queue, with its age."""
        return await self._do(org_id, "move_item", item_id, queue, json_of(dict(requirement.skills)))

    async def reprioritise(self, org_id: str, item_id: str, priority: int) -> Reply:
        """Set an item's priority (points, absolute); its place follows."""
        return await self._do(org_id, "reprioritise_item", item_id, priority)

    async def set_queue(
        self, org_id: str, queue: str, *, mode: str = "", closed: bool | None = None, estimate_ms: int | None = None
    ) -> Reply:
        """Pause (nothing is handed out), drain (nothing comes in) or open a queue; note hours and estimated wait."""
        hours = "" if closed is None else str(int(closed))
        return await self._do(org_id, "set_queue", queue, mode, hours, "" if estimate_ms is None else estimate_ms)

    # -- presence -----------------------------------------------------------------------------------------------

    async def connect_agent(self, org_id: str, agent_id: str, connection: str) -> Reply:
        """Open the lease of one of the agent's sockets."""
        return await self._do(org_id, "connect_agent", agent_id, connection)

    async def disconnect_agent(self, org_id: str, agent_id: str, connection: str) -> Reply:
        """Close it; with the last one, offers return at once and work after the grace."""
        return await self._do(org_id, "disconnect_agent", agent_id, connection)

    async def renew(self, org_id: str, leases: Sequence[tuple[str, str]]) -> Reply:
        """Extend the leases of (agent, connection) pairs; unknown ones are opened."""
        replies = [
            await self._do(org_id, "renew_leases", *chain.from_iterable(part))
            for part in _parts(leases, LEASES_PER_CALL)
        ]
        refused = [reply.outcome for reply in replies if not reply.ok]
        events = chain.from_iterable(reply.events for reply in replies)
        return Reply(outcome=refused[0] if refused else Outcome.OK, events=tuple(events))

    async def set_status(self, org_id: str, agent_id: str, status: str) -> Reply:
        """Put the agent into a presence status; offers it does not take return."""
        return await self._do(org_id, "set_status", agent_id, status)

    async def sign_out(self, org_id: str, agent_id: str, open_work: str) -> Reply:
        """Sign the agent out; ``open_work`` is ``requeue`` or ``end``."""
        return await self._do(org_id, "sign_out_agent", agent_id, open_work)

    async def ring(self, org_id: str, agent_id: str, leg: str, until_ms: int) -> Reply:
        """Say that the agent's telephone rings: offers return without a miss, and none is made until then."""
        return await self._do(org_id, "ring_agent", agent_id, leg, until_ms)

    async def unring(self, org_id: str, agent_id: str, leg: str) -> Reply:
        """Say that it rings no more: he is offered work again."""
        return await self._do(org_id, "unring_agent", agent_id, leg)

    # -- time and questions -------------------------------------------------------------------------------------

    async def tick(self, org_id: str, limit: int = TIMERS_PER_TICK) -> Tick:
        """Handle up to ``limit`` due timers; every process calls it each 200 ms."""
        answer = await self._board.ask(org_id, "run_timers", limit)
        return Tick(
            outcome=answer.outcome,
            events=answer.events,
            epoch=answer.epoch,
            last_seq=answer.last_seq,
            stopped_ms=answer.stopped_ms,
            more=answer.outcome is Outcome.OK and answer.result >= limit,
        )

    async def agent_view(self, org_id: str, agent_id: str) -> AgentView:
        """Return one agent's status, offers and items; raise NotFound, Unavailable."""
        return agent_view(agent_id, await self._board.question(org_id, "show_agent", agent_id))

    async def board_view(self, org_id: str) -> BoardView:
        """Return all queues and agents, read a page of agents at a time; raise Unavailable."""
        view, after = board_view(await self._board.question(org_id, "show_board", ""))
        while after:
            more, after = board_view(await self._board.question(org_id, "show_board", after))
            view = replace(view, agents=view.agents + more.agents)
        return view

    async def queue_views(self, org_id: str) -> Mapping[str, QueueView]:
        """Return all queues, without the agents; raise Unavailable."""
        view, _ = board_view(await self._board.question(org_id, "show_board", ""))
        return view.queues

    async def position(self, org_id: str, item_ids: Sequence[str]) -> dict[str, int]:
        """Return where items stand in their queues: 1 = next, 0 = not waiting; raise Unavailable."""
        if not item_ids:
            return {}
        answer = await self._board.question(org_id, "find_positions", *item_ids)
        return dict(zip(item_ids, answer.result, strict=True))

    async def places(self, org_id: str, item_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return where items stand (1 = next, 0 = not waiting) and in which queue; raise Unavailable."""
        places: dict[str, tuple[int, str]] = {}
        for part in _parts(item_ids, ITEMS_PER_CALL):
            answer = await self._board.question(org_id, "find_places", *part)
            places.update((item_id, (found[0], found[1])) for item_id, found in zip(part, answer.result, strict=True))
        return places

    async def staffed(self, org_id: str, queue: str, requirement: Requirement) -> int:
        """Return how many qualified agents are signed in, with room or without; raise Unavailable."""
        skills = json_of(dict(requirement.skills))
        answer = await self._board.question(org_id, "count_staff", queue, skills)
        return int(answer.result) if answer.outcome is Outcome.OK else 0

    async def explain(self, org_id: str, item_id: str) -> dict[str, Any]:
        """Return where an item stands and, while it waits, each agent's first reason why not; raise Unavailable."""
        whole = await self._explain_page(org_id, item_id, "")
        after = whole.pop("next", "")
        while after:
            page = await self._explain_page(org_id, item_id, after)
            whole["agents"].update(page.get("agents", {}))
            after = page.get("next", "")
        return whole

    async def _explain_page(self, org_id: str, item_id: str, after: str) -> dict[str, Any]:
        answer = await self._board.question(org_id, "explain_item", item_id, after)
        return msgspec.json.decode(answer.result, type=dict[str, Any]) if answer.outcome is Outcome.OK else {}

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> list[RoutingEvent]:
        """Return events after a stream id, waiting up to ``block_ms`` for one; raise Unavailable."""
        return await self._board.events(org_id, after_stream_id, block_ms=block_ms)

    async def _do(self, org_id: str, function: str, *arguments: str | int | bytes) -> Reply:
        return (await self._board.ask(org_id, function, *arguments)).reply


def _parts(whole: Sequence[_Part], size: int) -> Iterator[Sequence[_Part]]:
    return (whole[start : start + size] for start in range(0, len(whole), size))


def arrival_fields(item: WorkItem) -> dict[str, object]:
    """Return an item as ``enqueue_item`` takes it: what says nothing is left out, since the board has to read it."""
    told: dict[str, object] = {
        "weight": item.weight,
        "skills": dict(item.requirement.skills),
        "preferred": dict(item.preferred),
        "priority": item.priority,
        "age": item.age_ms,
        "interaction": item.interaction_id,
        "preferred_agent": item.preferred_agent,
        "required": item.preferred_required,
        "due": item.due_ms,
        "not_before": item.not_before_ms,
        "parent": item.parent_id,
        "exclude": item.asked_by,
    }
    return {"id": item.id, "channel": item.kind, "queue": item.queue} | {key: told[key] for key in told if told[key]}


def item_fields(item: WorkItem) -> dict[str, object]:
    """Return an item with all that it is, as ``restore_items`` and ``assign_item`` take it."""
    return {
        "id": item.id,
        "channel": item.kind,
        "weight": item.weight,
        "queue": item.queue,
        "skills": dict(item.requirement.skills),
        "priority": item.priority,
        "age": item.age_ms,
        "segment": item.segment_ms,
        "interaction": item.interaction_id,
        "case": item.case_id,
        "created": item.created_ms,
        "state": item.state.value,
        "agent": item.agent_id,
        "assignment": item.assignment,
        "preferred": dict(item.preferred),
        "preferred_agent": item.preferred_agent,
        "required": item.preferred_required,
        "due": item.due_ms,
        "not_before": item.not_before_ms,
        "parent": item.parent_id,
        "exclude": item.asked_by,
    }
