"""Arrivals: contact, interaction, first entry, case and pending work item in one transaction, once.

However many processes open the same conversation at once, the unique indexes let one of them write it; the others
return what that one wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select

from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.case import Case, NewCase
from engine.model.case_setup import Filing
from engine.model.casework import SignalKind
from engine.model.conversation import (
    Arrival,
    Author,
    Entry,
    EntryKind,
    Interaction,
    InteractionState,
)
from engine.model.customer import Contact
from engine.model.form import CaseSeed
from engine.model.organisation import CasePolicy
from engine.model.record import Opened
from engine.model.work import CALLBACK, Plan, WorkItem
from engine.store.access import Access
from engine.store.appends import row_of_entry
from engine.store.cases.parts import name_arriving
from engine.store.cases.signals import HEARD, add_signal
from engine.store.cases.tables import cases
from engine.store.cases.writes import add_event, ensure_organisation, open_case, write_changes
from engine.store.conditions import HAS_TOKEN, ITEM_OPEN, ITEM_PENDING
from engine.store.conversations import TURNED_AWAY
from engine.store.customers.tables import contacts
from engine.store.customers.writes import arriving_contact, row_of_contact
from engine.store.direct import every, first
from engine.store.new_interactions import row_of_interaction
from engine.store.new_items import row_of_item
from engine.store.rows import AnyRow, case_of, contact_of, entry_of, interaction_of, item_of
from engine.store.tables import entries, interactions, work_items
from engine.store.upsert import change, insert, insert_once

SUBJECT_LENGTH = 120
MESSAGE_LENGTH = 2_000
"""Characters of a message that its callback carries."""
ENTRIES_RETURNED = 200
UNWATCHED = Filing()

_OF_CHANNEL: Select[Any] = (
    select(interactions)
    .where(interactions.c.org_id == bindparam("org"), interactions.c.channel == bindparam("on"))
    .order_by(interactions.c.id.desc())
    .limit(1)
)
_OF_TOKEN = _OF_CHANNEL.where(interactions.c.token_hash == bindparam("key"), HAS_TOKEN)
_OF_KEY = _OF_CHANNEL.where(interactions.c.conversation_key == bindparam("key"))
_CONTACT = select(contacts).where(contacts.c.id == bindparam("contact"))
_CASE = select(cases).where(cases.c.id == bindparam("case"))
_OPEN_CASE = _CASE.where(cases.c.closed_ms == 0).with_for_update()
_ITEM = (
    select(work_items)
    .where(work_items.c.interaction_id == bindparam("iid"), ITEM_OPEN)
    .order_by(work_items.c.id.desc())
    .limit(1)
)
_TOLD = (
    select(entries).where(entries.c.interaction_id == bindparam("iid")).order_by(entries.c.seq).limit(ENTRIES_RETURNED)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opening:
    """Everything one opening needs."""

    arrival: Arrival
    kind: str
    plan: Plan
    now_ms: int
    new_id: NewId
    with_case: bool
    closed: bool  # a form left outside hours: no work item, a case instead
    callback_ms: int | None = None  # a callback is promised, not before this time (0 = at once)
    filing: Filing

    @property
    def token_hash(self) -> str:
        """Return the session's hash: for a chat the conversation key is it."""
        return self.arrival.token_hash or (self.arrival.conversation_key if self.kind == "chat" else "")


class Arrivals:
    """Write what arrives."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def open_interaction(
        self,
        arrival: Arrival,
        *,
        kind: str,
        plan: Plan,
        case_policy: CasePolicy,
        now_ms: int,
        filing: Filing = UNWATCHED,
    ) -> Opened:
        """Open the conversation, or return it as it stands (``repeated``), open or closed. Idempotent by its key.

        ``filing``: how its case begins, and whether its clerk is told what is said.
        """
        failpoint("intake.before-commit")
        opening = _Opening(
            arrival=arrival,
            kind=kind,
            plan=plan,
            now_ms=now_ms,
            new_id=self._access.new_id,
            with_case=case_policy is CasePolicy.FIRST_MESSAGE,
            closed=False,
            filing=filing,
        )
        return await self._access.write(arrival.org_id, lambda conn: _open(conn, opening))

    async def leave_message(
        self,
        arrival: Arrival,
        *,
        kind: str,
        plan: Plan,
        now_ms: int,
        callback_ms: int | None = None,
        filing: Filing = UNWATCHED,
    ) -> Opened:
        """Keep a form left outside hours: a closed interaction with its entry and a case. Idempotent by its key.

        With ``callback_ms`` also a pending work item that is not to be begun before (0 = at once).
        """
        failpoint("intake.before-commit")
        opening = _Opening(
            arrival=arrival,
            kind=kind,
            plan=plan,
            now_ms=now_ms,
            new_id=self._access.new_id,
            with_case=True,
            closed=True,
            callback_ms=callback_ms,
            filing=filing,
        )
        return await self._access.write(arrival.org_id, lambda conn: _open(conn, opening))

    async def pending_items(
        self, limit: int, older_than_ms: int, *, after: tuple[int, str] = (0, "")
    ) -> list[WorkItem]:
        """Return items of all organisations still pending that were created before ``older_than_ms``, oldest first.

        Not those that are with an agent already, as calls are that he answered. ``after``: only those behind this one
        (created, id).
        """
        created_ms, item_id = after
        query = (
            select(work_items)
            .where(ITEM_PENDING, work_items.c.created_ms >= created_ms, work_items.c.created_ms < older_than_ms)
            .where(work_items.c.agent_id == "")  # else it is with an agent already, who is the role `calls`' to tell of
            .where(or_(work_items.c.created_ms > created_ms, work_items.c.id > item_id))
            .order_by(work_items.c.created_ms, work_items.c.id)
            .limit(limit)
        )
        now_ms = self._access.clock.now_ms()
        return await self._access.look(lambda conn: [item_of(row, now_ms) for row in conn.execute(query)])


def _open(conn: Connection, opening: _Opening) -> Opened:
    existing = _existing(conn, opening)
    if existing is not None:
        return _as_it_stands(conn, existing, opening.now_ms)
    ensure_organisation(conn, opening.arrival.org_id, opening.now_ms)
    contact, known = arriving_contact(conn, opening.arrival, new_id=opening.new_id, now_ms=opening.now_ms)
    interaction = _interaction(opening, contact)
    if not insert_once(conn, interactions, _row(opening, interaction)):
        # Another process was first; its transaction has ended, since our insert waited for it.
        return _as_it_stands(conn, _require(_existing(conn, opening)), opening.now_ms)
    if not known:
        insert(conn, contacts, row_of_contact(contact))
    told = _first_entry(conn, opening, interaction)
    case = _case_of_both(conn, opening, interaction) if opening.with_case else None
    item = None if opening.closed else _item(conn, opening, interaction, case)
    if opening.callback_ms is not None:
        item = _callback(conn, opening, interaction, case)
    return Opened(
        interaction=replace(interaction, case_id=case.id if case else "", last_seq=len(told)),
        contact=contact,
        item=item,
        case=case,
        entries=told,
    )


def _require(row: AnyRow | None) -> AnyRow:
    if row is None:
        raise RuntimeError("what was refused as a duplicate is not there")
    return row


def _existing(conn: Connection, opening: _Opening) -> AnyRow | None:
    arrival = opening.arrival
    key = opening.token_hash or arrival.conversation_key
    query = _OF_TOKEN if opening.token_hash else _OF_KEY
    return first(conn, query, {"org": arrival.org_id, "on": arrival.channel, "key": key})


def _as_it_stands(conn: Connection, row: AnyRow, now_ms: int) -> Opened:
    interaction = interaction_of(row)
    contact = first(conn, _CONTACT, {"contact": interaction.contact_id})
    case = first(conn, _CASE, {"case": interaction.case_id}) if interaction.case_id else None
    item = first(conn, _ITEM, {"iid": interaction.id})
    told = every(conn, _TOLD, {"iid": interaction.id})
    return Opened(
        interaction=interaction,
        contact=contact_of(_require(contact)),
        item=None if item is None else item_of(item, now_ms),
        case=None if case is None else case_of(case),
        entries=tuple(entry_of(one) for one in told),
        repeated=True,
    )


def _interaction(opening: _Opening, contact: Contact) -> Interaction:
    arrival, now_ms = opening.arrival, opening.now_ms
    return Interaction(
        id=opening.new_id(),
        org_id=arrival.org_id,
        channel=arrival.channel,
        kind=opening.kind,
        conversation_key=arrival.conversation_key,
        contact_id=contact.id,
        state=InteractionState.CLOSED if opening.closed else InteractionState.OPEN,
        locale=arrival.locale,
        topic=arrival.topic,
        opened_ms=now_ms,
        closed_ms=now_ms if opening.closed else 0,
        close_reason="left-message" if opening.closed else "",
        last_visitor_ms=now_ms,
    )


def _row(opening: _Opening, interaction: Interaction) -> dict[str, object]:
    counted = replace(interaction, last_seq=1 if opening.arrival.body else 0)
    return row_of_interaction(
        counted,
        watched=opening.filing.watched,
        token_hash=opening.token_hash,
        address=opening.arrival.address,
    )


def _first_entry(conn: Connection, opening: _Opening, interaction: Interaction) -> tuple[Entry, ...]:
    arrival = opening.arrival
    if not arrival.body:
        return ()
    entry = Entry(
        id=opening.new_id(),
        interaction_id=interaction.id,
        seq=1,
        kind=EntryKind.MESSAGE,
        author=Author.VISITOR,
        author_name=arrival.name.strip(),
        client_id=arrival.client_id,
        body=arrival.body,
        at_ms=opening.now_ms,
    )
    insert(conn, entries, row_of_entry(interaction.org_id, entry))
    return (entry,)


def _case_of_both(conn: Connection, opening: _Opening, interaction: Interaction) -> Case:
    """Return the case of an arrival; one that goes on after it was turned away has the case of before."""
    before = _turned_away(conn, opening.arrival) if opening.arrival.after_hash else None
    row = first(conn, _OPEN_CASE, {"case": before.case_id}) if before is not None else None
    if row is None:
        case = _case(conn, opening, interaction)
        if before is not None and not before.case_id:
            change(conn, interactions, {"id": before.id}, {"case_id": case.id})
        return case
    change(conn, interactions, {"id": interaction.id}, {"case_id": row.id})
    case = case_of(row)
    write_changes(conn, case, {"contact_id": interaction.contact_id}, opening.now_ms)  # he has said how to reach him
    data = {"interaction_id": interaction.id, "origin": opening.arrival.channel}
    add_event(conn, case, kind="interaction", data=data, new_id=opening.new_id, actor_id="", now_ms=opening.now_ms)
    if opening.filing.watched:
        said = {"interaction_id": interaction.id, "seq": 1, "text": opening.arrival.body[:HEARD]}
        kind, org_id = SignalKind.MESSAGE, interaction.org_id
        add_signal(conn, org_id, case.id, kind, new_id=opening.new_id, at_ms=opening.now_ms, **said)
    return case_of(_require(first(conn, _CASE, {"case": case.id})))


def _turned_away(conn: Connection, arrival: Arrival) -> AnyRow | None:
    row = first(conn, _OF_TOKEN, {"org": arrival.org_id, "on": arrival.channel, "key": arrival.after_hash})
    return row if row is not None and row.close_reason in TURNED_AWAY else None


def _case(conn: Connection, opening: _Opening, interaction: Interaction) -> Case:
    arrival, plan = opening.arrival, opening.plan
    first_line = arrival.body.strip().partition("\n")[0].strip()[:SUBJECT_LENGTH]
    seed = arrival.seed or CaseSeed(subject=first_line)
    new = NewCase(
        org_id=arrival.org_id,
        subject=seed.subject or first_line or arrival.topic or arrival.channel,
        contact_id=interaction.contact_id,
        interaction_id=interaction.id,
        queue=plan.queue,
        priority=plan.priority + seed.priority,
        origin=arrival.channel,
        topic=arrival.topic,
        filing=opening.filing,
        said=arrival.body,
        description=seed.description,
        type=seed.type,
        fields=seed.fields,
        tags=seed.tags,
        skills=seed.skills,
        routed=seed.routed,
    )
    case = open_case(conn, new, new_id=opening.new_id, actor_id="", now_ms=opening.now_ms)
    change(conn, interactions, {"id": interaction.id}, {"case_id": case.id})
    name_arriving(conn, case, seed.files, interaction_id=interaction.id, new_id=opening.new_id)
    return case


def _item(conn: Connection, opening: _Opening, interaction: Interaction, case: Case | None) -> WorkItem:
    plan = opening.plan
    item = WorkItem(
        id=opening.new_id(),
        org_id=interaction.org_id,
        kind=opening.kind,
        queue=plan.queue,
        requirement=plan.requirement,
        preferred=plan.preferred,
        priority=plan.priority,
        interaction_id=interaction.id,
        case_id=case.id if case else "",
        created_ms=opening.now_ms,
    )
    insert(conn, work_items, row_of_item(item, rules=plan.rules))
    return item


def _callback(conn: Connection, opening: _Opening, interaction: Interaction, case: Case | None) -> WorkItem:
    """Keep what was promised; the conversation it came from is over, so it stands by itself."""
    arrival, plan = opening.arrival, opening.plan
    item = WorkItem(
        id=opening.new_id(),
        org_id=interaction.org_id,
        kind=CALLBACK,
        queue=plan.queue,
        requirement=plan.requirement,
        preferred=plan.preferred,
        priority=plan.priority,
        case_id=case.id if case else "",
        contact_id=interaction.contact_id,
        created_ms=opening.now_ms,
        not_before_ms=opening.callback_ms or 0,
        attributes={
            "phone": arrival.phone,
            "name": arrival.name.strip(),
            "email": arrival.email.strip(),
            "message": arrival.body[:MESSAGE_LENGTH],
            "interaction_id": interaction.id,
        },
    )
    insert(conn, work_items, row_of_item(item, rules=plan.rules))
    return item
