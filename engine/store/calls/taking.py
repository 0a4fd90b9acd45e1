"""Taking reports of one call: kept once each, the call made anew from all of them, all in one transaction.

The call's row is locked first, so that of two processes that hear of one call each sees what the other wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.ids import NewId
from engine.model.call import (
    VOICE,
    Call,
    CallChange,
    CallEvent,
    CallKind,
    CallPicture,
    CallState,
    CallTerms,
    Direction,
    Leg,
    LegState,
    TimelineEvent,
)
from engine.model.conversation import Arrival, Author, Draft, Entry, EntryKind, Interaction
from engine.model.customer import PHONE
from engine.model.form import CaseSeed
from engine.model.organisation import CasePolicy
from engine.model.work import WorkItem
from engine.store.appends import append
from engine.store.calls.rows import call_of, event_of, row_of_event, row_of_leg, row_of_picture
from engine.store.calls.tables import call_events, call_legs, calls
from engine.store.cases.opening import open_for
from engine.store.cases.writes import ensure_organisation
from engine.store.conversations import end_interaction, locked
from engine.store.customers.tables import contacts
from engine.store.customers.writes import arriving_contact, holder_of, row_of_contact
from engine.store.direct import every, first
from engine.store.new_interactions import row_of_interaction
from engine.store.new_items import row_of_item
from engine.store.rows import AnyRow
from engine.store.tables import interactions, users, work_items
from engine.store.upsert import change, insert, insert_once

MOST_EVENTS = 1_000
"""Reports of a call that are kept; of the others only its end."""
HANG_UP = "hangup"
"""Why a conversation by telephone ended."""

Fold = Callable[[Sequence[CallEvent]], CallPicture]

CALL: Select[Any] = select(calls, interactions.c.contact_id, interactions.c.case_id).select_from(
    calls.outerjoin(interactions, interactions.c.id == calls.c.interaction_id)
)
LEGS: Select[Any] = (
    select(call_legs).where(call_legs.c.call_id == bindparam("call")).order_by(call_legs.c.rang_ms, call_legs.c.leg_id)
)
EVENTS: Select[Any] = select(call_events).where(call_events.c.call_id == bindparam("call"))
_LOCK: Select[Any] = (
    select(calls)
    .where(
        calls.c.org_id == bindparam("org"), calls.c.source == bindparam("source"), calls.c.reference == bindparam("ref")
    )
    .with_for_update()
)
_SAME_ID = select(call_events.c.call_id).where(
    call_events.c.org_id == bindparam("org"),
    call_events.c.source == bindparam("source"),
    call_events.c.event_id == bindparam("event"),
)
_ONE = CALL.where(calls.c.id == bindparam("call"))
_AGENT = select(users.c.id, users.c.name).where(users.c.id == bindparam("user"), users.c.org_id == bindparam("org"))

_TOLD = frozenset(CallKind) - {CallKind.LEFT, CallKind.ENDED}
"""Of which the transcript has a line; its end has one of another kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Taking:
    """One transaction's work on one call."""

    conn: Connection
    org_id: str
    source: str
    terms: CallTerms
    new_id: NewId
    now_ms: int


def take(
    conn: Connection,
    where: tuple[str, str],
    events: Sequence[CallEvent],
    *,
    terms: CallTerms,
    fold: Fold,
    new_id: NewId,
    now_ms: int,
) -> CallChange:
    """Take reports of one call from the source ``where`` (organisation, key). Idempotent by their ids."""
    org_id, source = where
    taking = _Taking(conn=conn, org_id=org_id, source=source, terms=terms, new_id=new_id, now_ms=now_ms)
    row = _lock(taking, events[0])
    fresh, dropped = _keep(taking, row, events)
    if not fresh:
        if dropped:
            change(conn, calls, {"id": row.id}, {"dropped": row.dropped + dropped})
        return CallChange(call=read(conn, row.id), fresh=0, owed=bool(row.owed))
    before = {one.leg_id: one for one in every(conn, LEGS, {"call": row.id})}
    picture = fold([event_of(one) for one in every(conn, EVENTS, {"call": row.id})])
    interaction_id, known = _conversation(taking, row, picture)
    owed = _write_legs(taking, row.id, picture, before, interaction_id=interaction_id)
    entries: list[Entry] = []
    if interaction_id:
        entries = _tell(taking, interaction_id, picture, fresh)
        _open_case(taking, interaction_id, picture)
        entries += _end(taking, interaction_id, picture)
    values = {
        **row_of_picture(picture),
        "interaction_id": interaction_id,
        "known": int(known),
        "events": row.events + len(fresh),
        "dropped": row.dropped + dropped,
        "heard_ms": now_ms,
        "version": row.version + 1,
        "owed": int(owed or row.owed),
    }
    change(conn, calls, {"id": row.id}, values)
    return CallChange(call=read(conn, row.id), fresh=len(fresh), entries=tuple(entries), owed=bool(values["owed"]))


def version_of(conn: Connection, call: Call) -> int:
    """Lock a call; return its version, 0 where there is none."""
    row = first(conn, _LOCK, {"org": call.org_id, "source": call.source, "ref": call.reference})
    return 0 if row is None else int(row.version)


def read(conn: Connection, call_id: str) -> Call:
    """Return a call that is there."""
    row = first(conn, _ONE, {"call": call_id})
    assert row is not None
    return call_of(row, every(conn, LEGS, {"call": call_id}))


def _lock(taking: _Taking, event: CallEvent) -> AnyRow:
    of = {"org": taking.org_id, "source": taking.source, "ref": event.reference}
    row = first(taking.conn, _LOCK, of)
    if row is not None:
        return row
    ensure_organisation(taking.conn, taking.org_id, taking.now_ms)
    new = {
        **row_of_picture(CallPicture(direction=event.direction)),
        "id": taking.new_id(),
        "org_id": taking.org_id,
        "channel": taking.terms.channel,
        "source": taking.source,
        "reference": event.reference,
        "interaction_id": "",
        **dict.fromkeys(("known", "events", "dropped", "heard_ms", "version", "owed"), 0),
    }
    insert_once(taking.conn, calls, new)  # or another process was first, for whom this waited
    row = first(taking.conn, _LOCK, of)
    assert row is not None
    return row


def _keep(taking: _Taking, row: AnyRow, events: Sequence[CallEvent]) -> tuple[list[CallEvent], int]:
    """Keep reports that are new; return them, and how many there was no room for."""
    fresh: list[CallEvent] = []
    dropped = 0
    for event in events:
        full = row.events + len(fresh) >= MOST_EVENTS
        if full and (event.kind is not CallKind.ENDED or row.state == CallState.ENDED):
            dropped += 1
        elif _is_new(taking, row.id, event):
            fresh.append(event)
    return fresh, dropped


def _is_new(taking: _Taking, call_id: str, event: CallEvent) -> bool:
    """Keep a report; False where the call has it. A source may begin its ids anew with each call: it is kept then."""
    new = row_of_event(taking.org_id, taking.source, call_id, event)
    if insert_once(taking.conn, call_events, new):
        return True
    same = {"org": taking.org_id, "source": taking.source, "event": event.event_id}
    there = first(taking.conn, _SAME_ID, same)
    if there is None or there.call_id == call_id:
        return False
    return insert_once(taking.conn, call_events, {**new, "event_id": f"{call_id}:{event.event_id}"})


def _conversation(taking: _Taking, row: AnyRow, picture: CallPicture) -> tuple[str, bool]:
    """Return the call's conversation, opened where a customer takes part, and whether he was known before."""
    if row.interaction_id or picture.direction is Direction.INTERNAL:
        return row.interaction_id, bool(row.known)
    conn, number, phone_key = taking.conn, picture.customer_number, taking.terms.phone_key(picture)
    known = bool(phone_key) and holder_of(conn, taking.org_id, PHONE, phone_key) is not None
    arrival = Arrival(
        org_id=taking.org_id,
        channel=taking.terms.channel,
        conversation_key=row.id,
        phone=number,
        seed=CaseSeed(subject="", phone_key=phone_key),
    )
    contact, kept = arriving_contact(conn, arrival, new_id=taking.new_id, now_ms=taking.now_ms)
    if not kept:
        insert(conn, contacts, row_of_contact(contact))
    interaction = Interaction(
        id=taking.new_id(),
        org_id=taking.org_id,
        channel=taking.terms.channel,
        kind=VOICE,
        conversation_key=row.id,
        contact_id=contact.id,
        locale=contact.language or "en",
        opened_ms=taking.now_ms,
        last_visitor_ms=taking.now_ms,
    )
    insert(conn, interactions, row_of_interaction(interaction, watched=taking.terms.filing.watched))
    return interaction.id, known


def _write_legs(
    taking: _Taking, call_id: str, picture: CallPicture, before: dict[str, AnyRow], *, interaction_id: str
) -> bool:
    """Write the legs, with work for each agent who talks; say whether the board has to be told."""
    owed = False
    for leg in picture.legs:
        old = before.get(leg.leg_id)
        item_id = old.item_id if old is not None else ""
        if not item_id and leg.agent_id and leg.connected:
            item_id = _new_work(taking, leg, picture, interaction_id=interaction_id)
            owed = True
        over = leg.state is LegState.LEFT and (old is None or old.state != LegState.LEFT)
        rang = old is not None and old.state == LegState.RINGING and bool(old.agent_id)
        owed = owed or (over and bool(item_id)) or leg.rings != rang
        values = row_of_leg(leg, item_id=item_id)
        of = {"call_id": call_id, "leg_id": leg.leg_id}
        if old is None:
            insert(taking.conn, call_legs, {**of, "org_id": taking.org_id, **values})
        else:
            change(taking.conn, call_legs, of, values)
    return _leave(taking, call_id, before, picture) or owed


def _leave(taking: _Taking, call_id: str, before: dict[str, AnyRow], picture: CallPicture) -> bool:
    """Let legs go that were kept, and of which a late report made nothing: the call was over before they began.

    Say whether the board has to be told, which holds somebody for them.
    """
    there, owed = {leg.leg_id for leg in picture.legs}, False
    for leg_id, old in before.items():
        if leg_id in there or old.state == LegState.LEFT:
            continue
        left = Leg(leg_id=leg_id, party=old.party, agent_id=old.agent_id, state=LegState.LEFT, cause=picture.cause)
        change(taking.conn, call_legs, {"call_id": call_id, "leg_id": leg_id}, row_of_leg(left, item_id=old.item_id))
        owed = owed or bool(old.item_id or old.agent_id)
    return owed


def _new_work(taking: _Taking, leg: Leg, picture: CallPicture, *, interaction_id: str) -> str:
    """Keep the work that a call is to an agent who answered it; "" where he has no account any more."""
    conn = taking.conn
    if first(conn, _AGENT, {"user": leg.agent_id, "org": taking.org_id}) is None:
        return ""
    plan = taking.terms.plan(picture)
    row = locked(conn, taking.org_id, interaction_id) if interaction_id else None
    item = WorkItem(
        id=taking.new_id(),
        org_id=taking.org_id,
        kind=VOICE,
        queue=plan.queue,
        requirement=plan.requirement,
        interaction_id=interaction_id,
        case_id=row.case_id if row is not None else "",
        created_ms=taking.now_ms,
        agent_id=leg.agent_id,
    )
    insert(conn, work_items, row_of_item(item, rules=()))
    return item.id


def _tell(taking: _Taking, interaction_id: str, picture: CallPicture, fresh: Sequence[CallEvent]) -> list[Entry]:
    """Append the lines that tell of new reports."""
    new = {one.event_id for one in fresh}
    return list(_lines(taking, interaction_id, [one for one in picture.timeline if one.event.event_id in new]))


def _lines(taking: _Taking, interaction_id: str, told: Sequence[TimelineEvent]) -> Iterator[Entry]:
    for one in told:
        event = one.event
        if not one.in_place or event.kind not in _TOLD or (event.kind is CallKind.RINGING and not event.party):
            continue
        agent = first(taking.conn, _AGENT, {"user": event.agent_id, "org": taking.org_id}) if event.agent_id else None
        said = {"event": event.kind.value, "party": event.party, "to": event.to, "cause": event.cause}
        draft = Draft(
            kind=EntryKind.CALL,
            author=Author.SYSTEM,
            author_id=event.agent_id,
            author_name=agent.name if agent is not None else "",
            client_id=f"call:{event.event_id}",
            data={name: value for name, value in said.items() if value},
        )
        yield _append(taking, interaction_id, draft)


def _append(taking: _Taking, interaction_id: str, draft: Draft) -> Entry:
    where = (taking.org_id, interaction_id)
    entry_id = taking.new_id()
    return append(taking.conn, where, draft, entry_id=entry_id, now_ms=taking.now_ms, force=True).entry


def _open_case(taking: _Taking, interaction_id: str, picture: CallPicture) -> None:
    """Open the case of a call that was answered, where the channel opens it then."""
    if taking.terms.case_policy is CasePolicy.FIRST_MESSAGE and picture.answered_ms:
        open_for(
            taking.conn,
            (taking.org_id, interaction_id),
            subject=taking.terms.subject,
            actor_id="",
            filing=taking.terms.filing,
            new_id=taking.new_id,
            now_ms=taking.now_ms,
        )


def _end(taking: _Taking, interaction_id: str, picture: CallPicture) -> list[Entry]:
    """Close the conversation of a call that ended, with its durations."""
    if picture.state is not CallState.ENDED:
        return []
    row = locked(taking.conn, taking.org_id, interaction_id)
    if row.state == "closed":
        return []
    times = {"ring_ms": picture.ring_ms, "talk_ms": picture.talk_ms, "hold_ms": picture.hold_ms}
    draft = Draft(
        kind=EntryKind.CALL,
        author=Author.SYSTEM,
        client_id="call-times",
        data={"event": CallKind.ENDED.value, "cause": picture.cause, **times},
    )
    told = _append(taking, interaction_id, draft)
    row = locked(taking.conn, taking.org_id, interaction_id)
    ended = end_interaction(
        taking.conn, row, data={"reason": HANG_UP}, client_id="closed", new_id=taking.new_id, now_ms=taking.now_ms
    )
    return [told] if ended is None else [told, ended]
