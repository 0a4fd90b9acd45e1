"""Routing events to rows: the table of effects.

The router decides; these functions only write down what it did. Each event is applied once (``routing.py`` sees to
that), but events of one item may come out of order: a command's own events are written before its caller is
answered, the rest follow through the projector. So a late event never moves the item's state (``Step.move``), while
its own rows (assignment, segment, transcript lines) are written all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, bindparam, or_, select, update

from engine.ids import NewId
from engine.model.call import VOICE
from engine.model.conversation import Author, Draft, Entry, EntryKind
from engine.model.work import EventKind, RoutingEvent, WorkState
from engine.store import assignments, segments
from engine.store.appends import append
from engine.store.cases.work import own_item_over, own_item_taken, owner_stands
from engine.store.cases.writes import take_case
from engine.store.conversations import end_interaction, lock, outcome_of
from engine.store.customers.leads import KIND as LEAD_KIND
from engine.store.customers.leads import take_lead
from engine.store.direct import first, run
from engine.store.json_text import dump
from engine.store.step import Step
from engine.store.tables import agent_statuses, queue_states, work_items
from engine.store.upsert import insert_once

Told = tuple[Entry, ...]
Effect = Callable[[Step], Told]

_ITEM = (
    select(work_items)
    .where(work_items.c.id == bindparam("item"), work_items.c.org_id == bindparam("org"))
    .with_for_update()
)
_NEWER_STATE = (
    update(queue_states)
    .where(
        queue_states.c.org_id == bindparam("new_org_id"),
        queue_states.c.queue == bindparam("new_queue"),
        or_(
            queue_states.c.epoch < bindparam("new_epoch"),
            (queue_states.c.epoch == bindparam("new_epoch")) & (queue_states.c.seq < bindparam("new_seq")),
        ),
    )
    .values({name: bindparam(f"new_{name}") for name in ("mode", "closed", "epoch", "seq", "at_ms")})
)


def apply_effects(conn: Connection, event: RoutingEvent, *, new_id: NewId) -> Told:
    """Write what ``event`` changes; return the transcript lines that tell of it."""
    if event.kind in _OF_NO_ITEM:
        _OF_NO_ITEM[event.kind](conn, event)
        return ()
    item = first(conn, _ITEM, {"item": event.item_id, "org": event.org_id})
    if item is None:
        return ()  # history only: the item was never the record's
    return EFFECTS[event.kind](Step(conn=conn, event=event, item=item, new_id=new_id))


def _presence(conn: Connection, event: RoutingEvent) -> None:
    status = event.data.get("status")
    row = {
        "org_id": event.org_id,
        "agent_id": event.agent_id,
        "epoch": event.epoch,
        "seq": event.seq,
        "status": status if isinstance(status, str) else "",
        "data": dump(event.data),
        "at_ms": event.at_ms,
    }
    insert_once(conn, agent_statuses, row)


def _queue_state(conn: Connection, event: RoutingEvent) -> None:
    """Keep how a queue stands, for a board that is rebuilt; an older event never undoes a newer one."""
    mode = event.data.get("mode")
    values = {
        "mode": mode if isinstance(mode, str) else "open",
        "closed": int(event.data.get("closed") in (True, 1, "1")),
        "epoch": event.epoch,
        "seq": event.seq,
        "at_ms": event.at_ms,
    }
    row = {"org_id": event.org_id, "queue": event.queue, **values}
    if not insert_once(conn, queue_states, row):
        run(conn, _NEWER_STATE, {f"new_{name}": value for name, value in row.items()})


_OF_NO_ITEM: Mapping[EventKind, Callable[[Connection, RoutingEvent], None]] = {
    EventKind.PRESENCE: _presence,
    EventKind.QUEUE: _queue_state,
}


def _queue(step: Step) -> str:
    return step.event.queue or str(step.item.queue)


def _enqueued(step: Step) -> Told:
    segments.enter_queue(step, _queue(step))
    step.move(WorkState.QUEUED, queue=_queue(step), **step.waiting())
    if age_ms := step.number("age_ms"):  # the segment began now, however long it had waited for the board
        step.ask({"segment_ms": age_ms})
    return ()


def _offered(step: Step) -> Told:
    segments.ensure_first(step, _queue(step))
    step.move(WorkState.OFFERED, **{**step.waiting(), "agent_id": step.event.agent_id})
    return ()


def _back_in_queue(step: Step) -> Told:
    """Declined, missed, rescinded: every clock goes on; others may have an offer of it still."""
    segments.ensure_first(step, _queue(step))
    if step.text("state") == WorkState.OFFERED:
        step.move(WorkState.OFFERED)
    else:
        step.move(WorkState.QUEUED, **step.waiting())
    return ()


def _scheduled(step: Step) -> Told:
    """It waits for its time, in no queue yet."""
    at = {"not_before_ms": step.number("not_before", int(step.item.not_before_ms)), "waiting_since_ms": 0}
    step.move(WorkState.SCHEDULED, queue=_queue(step), **at)
    return ()


def _accepted(step: Step) -> Told:
    segments.ensure_first(step, _queue(step))
    assignments.begin(step.conn, step.event)
    if not step.item.interaction_id:
        segments.answer(step)  # nobody writes a first reply where there is no conversation
    # Of several agents who had an offer, whoever was first has the number that counts.
    held = {"agent_id": step.event.agent_id, "assignment": step.event.assignment}
    step.move(WorkState.ACTIVE, **{**held, **step.not_waiting()})
    told = _tell_agent(step, EntryKind.JOINED)
    if not step.late:
        _take_case(step)
    return told


def _take_case(step: Step) -> None:
    event = step.event
    if step.item.kind == LEAD_KIND:
        take_lead(step.conn, event.org_id, step.item.id, agent_id=event.agent_id, now_ms=event.at_ms)
        return  # sales own the lead, not the case
    case_id = step.item.case_id
    if not case_id and step.item.interaction_id:
        interaction = lock(step.conn, event.org_id, step.item.interaction_id)
        case_id = interaction.case_id if interaction is not None else ""
    own_item_taken(step.conn, step.item)
    keep_owner = owner_stands(step.conn, step.item)
    take_case(
        step.conn,
        event.org_id,
        case_id,
        agent_id=event.agent_id,
        keep_owner=keep_owner,
        new_id=step.new_id,
        now_ms=event.at_ms,
    )


def _transferred(step: Step) -> Told:
    old = step.text("from_queue", str(step.item.queue))
    new = step.text("to_queue", _queue(step))
    assignments.end(step.conn, step.event, reason="transferred")
    segments.change_queue(step, old=old, new=new)
    waited = {} if step.event.agent_id else step.not_waiting()  # it waited until now: its queue was removed
    step.move(WorkState.QUEUED, **{**waited, "queue": new, **step.waiting(step.event.at_ms)})
    step.ask(_asked(step))
    left = _tell_agent(step, EntryKind.LEFT) if step.event.agent_id else ()
    data: dict[str, object] = {"from_queue": old, "to_queue": new, "note": step.text("note")}
    return left + _tell(step, EntryKind.TRANSFERRED, author=Author.SYSTEM, data=data)


def _lost(step: Step) -> Told:
    """The agent is gone for good: back in the queue, the same segment goes on."""
    segments.ensure_first(step, _queue(step))
    assignments.end(step.conn, step.event, reason="lost")
    step.move(WorkState.QUEUED, **step.waiting(step.event.at_ms))
    return _tell_agent(step, EntryKind.LEFT)


def _parked(step: Step) -> Told:
    """It waits on the customer: the assignment is over, its agent is remembered."""
    segments.ensure_first(step, _queue(step))
    assignments.end(step.conn, step.event, reason="parked")
    segments.close_begun(step)
    held = {"agent_id": step.event.agent_id or step.item.agent_id, "parked_seq": _seen_when_parked(step)}
    step.move(WorkState.PARKED, **{**held, **step.not_waiting()})
    return ()


def _seen_when_parked(step: Step) -> int:
    """Return the last line of the transcript known then: what the customer writes after it resumes the work."""
    if "seen_seq" in step.event.data or not step.item.interaction_id:
        return step.number("seen_seq")
    row = lock(step.conn, step.event.org_id, step.item.interaction_id)
    return 0 if row is None else int(row.last_seq)


def _resumed(step: Step) -> Told:
    """Back in the queue in a segment of its own, for the last agent first."""
    segments.begin_anew(step, _queue(step))
    last = step.text("preferred_agent", step.event.agent_id or str(step.item.agent_id))
    step.move(WorkState.QUEUED, queue=_queue(step), **step.waiting(step.event.at_ms))
    asked: dict[str, object] = {"segment_ms": step.number("age_ms")}
    step.ask({**asked, "preferred_agent": last, "preferred_required": 0} if last else asked)
    return ()


def _changed(step: Step) -> Told:
    """What it asks for is another: only what the event names."""
    new = step.text("to_queue", step.text("queue", _queue(step)))
    if new != step.item.queue and step.item.state in (WorkState.QUEUED, WorkState.OFFERED) and not step.late:
        segments.change_queue(step, old=str(step.item.queue), new=new)
    _move_as_told(step, queue=new)
    step.ask(_asked(step))
    return ()


def _move_as_told(step: Step, **values: object) -> None:
    """Move the item to the state that the event tells of, since the one that led there may come later."""
    state = WorkState(step.text("state")) if step.text("state") else None
    if state in (WorkState.QUEUED, WorkState.OFFERED):
        values |= {**step.waiting(), "agent_id": step.event.agent_id}
    elif state in (WorkState.ACTIVE, WorkState.WRAPUP, WorkState.PARKED):
        values |= {**step.not_waiting(), "agent_id": step.event.agent_id}
    step.move(state, **values)


def _asked(step: Step) -> dict[str, object]:
    """Return the columns of what the event's data names."""
    data = step.event.data
    numbers = {"priority": "priority", "due": "due_ms", "not_before": "not_before_ms", "segment_ms": "segment_ms"}
    changes: dict[str, object] = {column: step.number(name) for name, column in numbers.items() if name in data}
    for name, column in (("skills", "requirement"), ("preferred", "preferred")):
        wanted = data.get(name)
        if name in data:
            changes[column] = dump(wanted) if isinstance(wanted, dict) else "{}"
    if "preferred_agent" in data:
        changes["preferred_agent"] = step.text("preferred_agent")
        changes["preferred_required"] = int(bool(data.get("required")))
    return changes


def _history(step: Step) -> Told:
    """Keep what happened; nothing follows from it: relaxation is configuration and age, a wrap-up's end the board's."""
    _move_as_told(step)
    return ()


def _ended(step: Step) -> Told:
    segments.ensure_first(step, _queue(step))
    reason = step.text("reason", "agent")
    assignments.end(step.conn, step.event, reason=reason)
    segments.close(step)
    step.move(WorkState.WRAPUP, **step.not_waiting())
    own_item_over(step.conn, step.item)
    return _end_conversation(step, reason)


def _was_queued(step: Step) -> None:
    """Open the first segment unless the item was only ever scheduled."""
    if step.item.state != WorkState.SCHEDULED:
        segments.ensure_first(step, _queue(step))


def _closed(step: Step) -> Told:
    _was_queued(step)
    reason = step.text("reason", "agent")
    assignments.end_wrapup(step.conn, step.event)
    segments.close(step)
    _close(step, outcome=step.text("outcome", "done"))
    return _end_conversation(step, reason)


def _abandoned(step: Step) -> Told:
    _was_queued(step)
    reason = step.text("reason", "visitor")
    segments.close(step, abandoned=outcome_of(reason) == "abandoned")  # else nobody has left
    _close(step, outcome=outcome_of(reason))
    return _end_conversation(step, reason)


def _close(step: Step, *, outcome: str) -> None:
    step.move(WorkState.CLOSED, outcome=outcome, closed_ms=step.event.at_ms, **step.not_waiting())
    own_item_over(step.conn, step.item)


def _reprioritised(step: Step) -> Told:
    _move_as_told(step)
    step.ask(_asked(step))
    return ()


def _restored(step: Step) -> Told:
    """The board was rebuilt from the record: the state as told, with what it needs."""
    state = WorkState(step.text("state", str(step.item.state)))
    if state is not WorkState.SCHEDULED:
        segments.ensure_first(step, _queue(step))
    if state is WorkState.ACTIVE:
        assignments.begin(step.conn, step.event)
    if state in (WorkState.ACTIVE, WorkState.WRAPUP):
        agent_id = step.event.agent_id or str(step.item.agent_id)
        step.move(state, agent_id=agent_id, **step.not_waiting())
    elif state is WorkState.QUEUED:
        step.move(state, queue=_queue(step), **step.waiting())
    else:
        step.move(state)
    return ()


def _end_conversation(step: Step, reason: str) -> Told:
    """Close the interaction with its last line, unless it is closed."""
    if not step.item.interaction_id:
        return ()
    row = lock(step.conn, step.event.org_id, step.item.interaction_id)
    if row is None or row.kind == VOICE:  # a call ends by itself, and goes on with others when one has done his part
        return ()
    entry = end_interaction(
        step.conn,
        row,
        data={"reason": reason},
        client_id=step.client_id,
        new_id=step.new_id,
        now_ms=step.event.at_ms,
    )
    return () if entry is None else (entry,)


def _tell_agent(step: Step, kind: EntryKind) -> Told:
    return _tell(step, kind, author=Author.AGENT, data={})


def _tell(step: Step, kind: EntryKind, *, author: Author, data: Mapping[str, object]) -> Told:
    """Append the line that tells of the event, also after the conversation's end."""
    if not step.item.interaction_id:
        return ()
    draft = Draft(
        kind=kind,
        author=author,
        author_id=step.event.agent_id,
        author_name=step.agent_name(),
        client_id=step.client_id,
        data=data,
    )
    where = (step.event.org_id, str(step.item.interaction_id))
    appended = append(step.conn, where, draft, entry_id=step.new_id(), now_ms=step.event.at_ms, force=True)
    return (appended.entry,)


EFFECTS: Mapping[EventKind, Effect] = {
    EventKind.ENQUEUED: _enqueued,
    EventKind.OFFERED: _offered,
    EventKind.ACCEPTED: _accepted,
    EventKind.DECLINED: _back_in_queue,
    EventKind.MISSED: _back_in_queue,
    EventKind.RESCINDED: _back_in_queue,
    EventKind.TRANSFERRED: _transferred,
    EventKind.LOST: _lost,
    EventKind.ENDED: _ended,
    EventKind.CLOSED: _closed,
    EventKind.ABANDONED: _abandoned,
    EventKind.REPRIORITISED: _reprioritised,
    EventKind.RESTORED: _restored,
    EventKind.SCHEDULED: _scheduled,
    EventKind.PARKED: _parked,
    EventKind.RESUMED: _resumed,
    EventKind.CHANGED: _changed,
    EventKind.RELAXED: _history,
    EventKind.WRAPUP_EXTENDED: _history,
}
"""What each kind of event writes; presence and the state of queues concern no item."""
