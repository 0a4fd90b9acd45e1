"""Read the answers of the board's questions into nouns."""

from typing import Any

from engine.errors import NotFound
from engine.model.board import AgentLine, AgentView, BoardView, HeldItem, QueueView
from engine.model.work import Offer, Outcome, WorkState
from engine.router.board import Answer


def agent_view(agent_id: str, answer: Answer) -> AgentView:
    """Read ``show_agent``; raise NotFound."""
    if answer.outcome is Outcome.UNKNOWN_AGENT:
        raise NotFound(f"There is no agent {agent_id} on the board.", slug="unknown-agent")
    status, since_ms, connections, units, used, rows = answer.result
    held = [_held(row) for row in rows]
    return AgentView(
        agent_id=agent_id,
        status=status,
        status_since_ms=since_ms,
        connected=connections > 0,
        units=units,
        used=used,
        offers=tuple(_offer(agent_id, item) for item in held if item.state is WorkState.OFFERED),
        items=tuple(item for item in held if item.state is not WorkState.OFFERED),
    )


def board_view(answer: Answer) -> tuple[BoardView, str]:
    """Read a page of ``show_board``, and after which agent the next one begins ("" = there is none)."""
    now_ms, queues, agents, after = answer.result
    view = BoardView(
        at_ms=now_ms,
        queues={row[0]: _queue(row) for row in sorted(queues)},
        agents=tuple(_agent(row) for row in sorted(agents)),
    )
    return view, after


def _held(row: list[Any]) -> HeldItem:
    item_id, interaction_id, kind, state, assignment, queue, since_ms, deadline_ms, *more = row
    return HeldItem(
        item_id=item_id,
        interaction_id=interaction_id,
        kind=kind,
        state=WorkState(state),
        assignment=assignment,
        queue=queue,
        since_ms=since_ms,
        deadline_ms=deadline_ms,
        extensions=more[0] if more else 0,  # a library of the release before does not tell
    )


def _offer(agent_id: str, item: HeldItem) -> Offer:
    return Offer(
        item_id=item.item_id,
        agent_id=agent_id,
        assignment=item.assignment,
        queue=item.queue,
        offered_ms=item.since_ms,
        expires_ms=item.deadline_ms,
        interaction_id=item.interaction_id,
    )


def _queue(row: list[Any]) -> QueueView:
    key, waiting, longest_wait_ms, offered, active, wrapup, mode, closed, scheduled, parked = row
    return QueueView(
        key=key,
        waiting=waiting,
        longest_wait_ms=longest_wait_ms,
        offered=offered,
        active=active,
        wrapup=wrapup,
        mode=mode,
        closed=closed == 1,
        scheduled=scheduled,
        parked=parked,
    )


def _agent(row: list[Any]) -> AgentLine:
    agent_id, status, since_ms, connections, used, units, items = row
    return AgentLine(
        agent_id=agent_id,
        status=status,
        since_ms=since_ms,
        connected=connections > 0,
        used=used,
        units=units,
        items=items,
    )
