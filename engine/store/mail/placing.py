"""Where a mail goes: its contact, its case, the open conversation and work of that case, or new ones.

Whoever ends a conversation locks it, then its case; so does this. While both are held nobody can end, merge, close or
take what the mail is put into, so that it is in work that somebody does, or makes new work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from engine.errors import NotFound
from engine.ids import NewId
from engine.model.case import Case, NewCase
from engine.model.case_parts import CaseLink, LinkKind
from engine.model.casework import SignalKind
from engine.model.conversation import Arrival, Author, Draft, Entry, EntryKind, Interaction
from engine.model.customer import Contact
from engine.model.mail_channel import Late
from engine.model.mail_filing import MailOrder
from engine.model.work import Plan, WorkItem, WorkState
from engine.store.appends import append, entry_from, row_of_entry
from engine.store.cases.decide import decide_case
from engine.store.cases.merged_reading import lock_present
from engine.store.cases.parts import write_link
from engine.store.cases.signals import add_said
from engine.store.cases.tables import milestones
from engine.store.cases.writes import add_event, lock_case, open_case
from engine.store.conditions import INTERACTION_OPEN, ITEM_OPEN
from engine.store.conversations import lock
from engine.store.customers.tables import contacts
from engine.store.customers.writes import arriving_contact, row_of_contact
from engine.store.direct import first, scalar
from engine.store.new_interactions import row_of_interaction
from engine.store.new_items import row_of_item
from engine.store.rows import AnyRow, case_of, requirement_of
from engine.store.tables import entries, interactions, users, work_items
from engine.store.upsert import insert

JOINABLE = frozenset(
    {
        WorkState.PENDING,
        WorkState.SCHEDULED,
        WorkState.QUEUED,
        WorkState.OFFERED,
        WorkState.ACTIVE,
        WorkState.PARKED,
    }
)
"""States of work that a further mail joins; after it the contact is over."""

_TALKING: Select[Any] = (
    select(interactions)
    .where(
        interactions.c.org_id == bindparam("org"),
        interactions.c.case_id == bindparam("case"),
        interactions.c.kind == bindparam("kind"),
        INTERACTION_OPEN,
    )
    .order_by(interactions.c.id.desc())
    .limit(1)
)
_WORK: Select[Any] = (
    select(work_items)
    .where(work_items.c.interaction_id == bindparam("iid"), work_items.c.org_id == bindparam("org"), ITEM_OPEN)
    .order_by(work_items.c.id.desc())
    .limit(1)
)
_LAST_WORK: Select[Any] = (
    select(work_items)
    .where(
        work_items.c.org_id == bindparam("org"),
        work_items.c.case_id == bindparam("case"),
        work_items.c.case_id != literal_column("''"),
        work_items.c.kind == bindparam("kind"),
    )
    .order_by(work_items.c.id.desc())
    .limit(1)
)
_ACTIVE: Select[Any] = select(users.c.active).where(users.c.id == bindparam("user"), users.c.org_id == bindparam("org"))
_DUE: Select[Any] = select(func.min(milestones.c.due_ms)).where(
    milestones.c.case_id == bindparam("case"),
    milestones.c.org_id == bindparam("org"),
    milestones.c.state == literal_column("'running'"),
    milestones.c.due_ms > literal_column("0"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """Where a mail is now."""

    case: Case
    contact_id: str
    interaction_id: str
    entry: Entry
    item: WorkItem | None = None  # new work for it, pending
    joined: str = ""  # id of the open work that it joined
    new_case: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """The case of a mail, locked or new."""

    case: Case
    watched: bool
    new: bool = False


def place(conn: Connection, order: MailOrder, *, new_id: NewId) -> Placed:
    """Put a mail where it belongs."""
    contact = contact_for(conn, order, new_id=new_id)
    talking = _lock_talking(conn, order)
    found = _case(conn, order, contact, new_id=new_id)
    if talking is None or talking.case_id != found.case.id:
        talking = None if found.new else _lock_talking(conn, order, case_id=found.case.id)
    if talking is None:
        return _begin(conn, order, found, contact, new_id=new_id)
    work = first(conn, _WORK, {"iid": talking.id, "org": order.org_id})
    if work is not None and WorkState(work.state) not in JOINABLE:
        return _begin(conn, order, found, contact, new_id=new_id)
    draft = _draft(order, contact)
    appended = append(conn, (order.org_id, talking.id), draft, entry_id=new_id(), now_ms=order.now_ms)
    item = None if work is not None else _new_work(conn, order, found, talking.id, new_id=new_id)
    return Placed(
        case=found.case,
        contact_id=contact.id,
        interaction_id=talking.id,
        entry=appended.entry,
        item=item,
        joined="" if work is None else work.id,
    )


def contact_for(conn: Connection, order: MailOrder, *, new_id: NewId) -> Contact:
    """Return who wrote, known by his address or new."""
    writer = order.writer
    arrival = Arrival(
        org_id=order.org_id,
        channel=order.channel,
        conversation_key=order.mail_id,
        name=writer.name if writer else "",
        email=writer.email if writer else "",
        locale=order.language or "en",
    )
    contact, kept = arriving_contact(conn, arrival, new_id=new_id, now_ms=order.now_ms)
    if not kept:
        insert(conn, contacts, row_of_contact(contact))
    return contact


def _lock_talking(conn: Connection, order: MailOrder, *, case_id: str = "") -> AnyRow | None:
    """Return the open conversation by mail of the case, locked and still open; None without one."""
    case_id = case_id or (order.joining.case_id if order.joining else "")
    if not case_id:
        return None
    row = first(conn, _TALKING, {"org": order.org_id, "case": case_id, "kind": order.kind})
    held = lock(conn, order.org_id, row.id) if row is not None else None
    return held if held is not None and held.state == "open" else None


def _case(conn: Connection, order: MailOrder, contact: Contact, *, new_id: NewId) -> _Case:
    """Return the case to join, taken up again if it was over, or a new one."""
    if order.joining is None:
        return _open(conn, order, contact, new_id=new_id)
    try:
        row = lock_present(conn, order.org_id, order.joining.case_id)
    except NotFound:
        row = None
    if row is None and order.decided_by:  # whoever named it meant another
        raise NotFound(f"there is no case {order.joining.case_id}", slug="unknown-case")
    if row is None:
        return _open(conn, order, contact, new_id=new_id)
    if not row.closed_ms:
        return _Case(case=case_of(row), watched=bool(row.watched))
    too_late = order.late_ms and order.now_ms - row.closed_ms > order.late_ms
    if order.late is Late.FOLLOW_UP or too_late or order.reopen is None:
        return _follow_up(conn, order, case_of(row), contact, new_id=new_id)
    where = (order.org_id, row.id)
    decide_case(conn, where, order.reopen, actor_id=order.decided_by, new_id=new_id, now_ms=order.now_ms)
    row = lock_case(conn, *where)
    assert row is not None
    return _Case(case=case_of(row), watched=bool(row.watched))


def _open(conn: Connection, order: MailOrder, contact: Contact, *, new_id: NewId, after: Case | None = None) -> _Case:
    plan = order.plan or Plan(queue="", requirement=requirement_of(""))
    new = NewCase(
        org_id=order.org_id,
        subject=order.subject,
        contact_id=contact.id,
        account_id=after.account_id if after else "",
        queue=plan.queue,
        priority=plan.priority,
        origin=order.channel,
        filing=order.filing,
        said=order.text,
    )
    case = open_case(conn, new, new_id=new_id, actor_id=order.decided_by, now_ms=order.now_ms)
    return _Case(case=case, watched=order.filing.watched, new=True)


def _follow_up(conn: Connection, order: MailOrder, old: Case, contact: Contact, *, new_id: NewId) -> _Case:
    """Open a case for what is written to one that is over, linked to it."""
    opened = _open(conn, order, contact, new_id=new_id, after=old)
    link = CaseLink(case_id=opened.case.id, kind=LinkKind.CASE, target_id=old.id, linked_ms=order.now_ms)
    write_link(conn, order.org_id, link, new_id=new_id)
    return opened


def _begin(conn: Connection, order: MailOrder, of: _Case, contact: Contact, *, new_id: NewId) -> Placed:
    """Begin a conversation with its work."""
    interaction = Interaction(
        id=new_id(),
        org_id=order.org_id,
        channel=order.channel,
        kind=order.kind,
        conversation_key=order.mail_id,
        contact_id=contact.id,
        case_id=of.case.id,
        locale=order.language or "en",
        last_seq=1,
        opened_ms=order.now_ms,
        last_visitor_ms=order.now_ms,
    )
    insert(conn, interactions, row_of_interaction(interaction, watched=of.watched))
    entry = entry_from(
        _draft(order, contact), entry_id=new_id(), interaction_id=interaction.id, seq=1, now_ms=order.now_ms
    )
    insert(conn, entries, row_of_entry(order.org_id, entry))
    if not of.new:
        data = {"interaction_id": interaction.id, "origin": order.channel}
        add_event(conn, of.case, kind="interaction", data=data, new_id=new_id, actor_id="", now_ms=order.now_ms)
        if of.watched:
            add_said(conn, order.org_id, of.case.id, entry, kind=SignalKind.MESSAGE.value)
    return Placed(
        case=of.case,
        contact_id=contact.id,
        interaction_id=interaction.id,
        entry=entry,
        item=_new_work(conn, order, of, interaction.id, new_id=new_id),
        new_case=of.new,
    )


def _new_work(conn: Connection, order: MailOrder, of: _Case, interaction_id: str, *, new_id: NewId) -> WorkItem:
    """Keep pending work for a mail: of a case that had some before, for who had it first."""
    plan = order.plan or Plan(queue=of.case.queue, requirement=requirement_of(""))
    item = WorkItem(
        id=new_id(),
        org_id=order.org_id,
        kind=order.kind,
        queue=plan.queue,
        requirement=plan.requirement,
        preferred=plan.preferred,
        priority=plan.priority,
        interaction_id=interaction_id,
        case_id=of.case.id,
        created_ms=order.now_ms,
    )
    if not of.new:
        item = _as_before(conn, item, of.case)
    insert(conn, work_items, row_of_item(item, rules=plan.rules))
    return item


def _as_before(conn: Connection, item: WorkItem, case: Case) -> WorkItem:
    last = first(conn, _LAST_WORK, {"org": item.org_id, "case": case.id, "kind": item.kind})
    agents = dict.fromkeys((last.agent_id if last is not None else "", case.owner_id))
    known = [one for one in agents if one and scalar(conn, _ACTIVE, {"user": one, "org": item.org_id})]
    due_ms: int | None = scalar(conn, _DUE, {"case": case.id, "org": item.org_id})
    item = replace(
        item,
        priority=max(item.priority, case.priority),
        preferred_agent=known[0] if known else "",
        due_ms=due_ms or 0,
    )
    if last is None:
        return item
    return replace(item, queue=last.queue, requirement=requirement_of(last.requirement))


def _draft(order: MailOrder, contact: Contact) -> Draft:
    return Draft(
        kind=EntryKind.MESSAGE,
        author=Author.VISITOR,
        author_name=(order.writer.name or order.writer.email) if order.writer else contact.name,
        client_id=order.mail_id,
        body=order.text,
        data=order.data,
    )
