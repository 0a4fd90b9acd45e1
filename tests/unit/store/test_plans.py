"""Every statement of a conversation's life finds an index: nothing scans a table."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.case import Comment, NewCase
from engine.model.case_list import CaseOrder, CaseWanted, MilestoneNow, Place
from engine.model.case_parts import Attachment, CaseLink, LinkKind
from engine.model.case_setup import Filing
from engine.model.casework import CaseDecision
from engine.model.conversation import Author
from engine.model.organisation import Role
from engine.model.outside import Webhook
from engine.model.record import NewWork
from engine.model.service import Asset, Lead, LeadKind, LeadStatus
from engine.model.visibility import EVERYTHING, CasesSeen, CustomersSeen, Sight, Visibility
from engine.model.work import EventKind, WorkItem
from engine.store import direct
from engine.store.cases import lists
from engine.store.store import Store
from tests.contract.store.building import PLAN, START_MS, Story, agent, arrival, changed, opened, said
from tests.unit.store.customers_life import keep_customers

SCANNED = {"organisations", "newest", "anon_1", "CONSTANT"}
"""Small by nature, read once when a board is rebuilt, or a sub-query that has a bound."""

Statement = tuple[str, Any]


async def decisions(store: Store, org: str, case_id: str, user_id: str) -> None:
    """Do once what is done to a case."""
    await store.cases.comment(org, case_id, Comment(body="b", actor_id="u", client_id="c", public=True), now_ms=1)
    new = NewCase(org_id=org, subject="S", request_key="k", tags=("a",), filing=Filing(watched=True))
    parent = await store.cases.open(new, actor_id="u", now_ms=1)
    changes: dict[str, Any] = {"owner_id": user_id, "parent_id": parent.id, "tags": ["x"], "status": "waiting"}
    await changed(store, org, case_id, **changes)
    timers = {"x:a": 1, "x:b": 2}
    await store.cases.decide(org, case_id, lambda facts: CaseDecision(timers=timers), now_ms=1)
    await store.cases.decide(org, case_id, lambda facts: CaseDecision(timers={"x:a": 3}), now_ms=1)
    await store.cases.attention(org, now_ms=9, limit=9)
    await store.milestones.of_cases(org, [case_id])
    for _ in range(2):
        await store.milestones.retell(org, "digest", queues=["sales"], over=["closed"], now_ms=1, limit=9)
    await store.milestones.told(org, "digest")
    await store.cases.events(org, case_id, after_number=1, limit=9)
    await look_through_lists(store, org, parent.id)
    await store.case_parts.follow(org, case_id, user_id, now_ms=1)
    await store.case_parts.followers(org, case_id)
    await store.case_parts.unfollow(org, case_id, user_id)
    link = CaseLink(case_id=case_id, kind=LinkKind.CASE, target_id=parent.id)
    await store.case_parts.link(org, link)
    await store.case_parts.links(org, case_id)
    await store.case_parts.unlink(org, link)
    file = Attachment(id=org, org_id=org, case_id=case_id, name="n", media_type="text/plain", size=1, sha256="a" * 64)
    await store.case_parts.attach(file)
    await store.case_parts.attach(file)
    await store.case_parts.attachments(org, case_id)
    await store.case_parts.named(["a" * 64])
    await store.activities.remind(org, now_ms=1, limit=9)
    await store.case_parts.detach(org, file.id, actor_id="", now_ms=1)


FILTERS = (
    CaseWanted(),
    CaseWanted(text="bill"),
    CaseWanted(text="bill", ids=("a",)),
    CaseWanted(among={"status": ("new", "open"), "queue": ("sales",)}, open=True),
    CaseWanted(among={"owner_id": ("a", "b")}, without={"owner_id": ("c",), "status": ("closed",)}, open=False),
    CaseWanted(among={"contact_id": ("a",), "account_id": ("b",)}),
    CaseWanted(tags=("vip",), not_tags=("late",), tiers=("gold",), not_tiers=("plain",)),
    CaseWanted(between={"opened_ms": (1, None), "updated_ms": (1, 9), "closed_ms": (1, 9), "priority": (1, None)}),
    CaseWanted(fields={"size": ("1",)}, not_fields={"size": ("2",)}, escalated=True),
    CaseWanted(milestones=tuple(MilestoneNow), due_before_ms=9, responses=("a",), unanswered_since_ms=9),
)
"""Filters of a list: each is asked in every order, with few cases and with many."""
SIGHTS = tuple(
    Sight(visibility=Visibility(cases=seen, customers=CustomersSeen.TEAM), user_id="u", teams=("t",), queues=("q",))
    for seen in (CasesSeen.TEAM, CasesSeen.OWN)
)


async def look_through_lists(store: Store, org: str, parent_id: str) -> None:
    """Ask for cases in every order, also as it is done where there are many."""
    filters = (*FILTERS, CaseWanted(among={"parent_id": (parent_id,)}))
    after = Place(value=9, number=9)
    orders = list(CaseOrder)
    asked = [(one, orders[place % len(orders)], EVERYTHING) for place, one in enumerate((*filters, *filters[::-1]))]
    asked += [(FILTERS[0], order, EVERYTHING) for order in CaseOrder]
    asked += [(FILTERS[0], order, sight) for order, sight in product(CaseOrder, SIGHTS)]
    for wanted in filters:
        await store.case_lists.page(org, wanted, limit=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "FEW", -1)
        patch.setattr(lists, "WINDOW", 1)
        for wanted, order, sight in asked:
            await store.case_lists.page(org, wanted, order=order, limit=1, after=after, sight=sight)


async def live(store: Store, org: str) -> None:
    """Do once what the engine does all day."""
    ana = await agent(store, org)
    result = await opened(store, org)
    chat, case, story = result.interaction, result.case, Story(result)
    assert case is not None
    assert result.item is not None
    await opened(store, org)
    await store.arrivals.leave_message(arrival(org, token_hash="f"), kind="chat", plan=PLAN, now_ms=START_MS)
    await store.arrivals.leave_message(
        arrival(org, token_hash="g", after_hash="f"), kind="chat", plan=PLAN, now_ms=START_MS
    )
    await store.arrivals.pending_items(10, START_MS + 9)
    await store.parked.returned(limit=9)
    await store.work.reclassify(org, "x", PLAN)
    await store.routing.project(org, story.answered(ana.id), cursor_id="1-0")
    await store.routing.apply(story.answered(ana.id, assignment=2))
    await store.transcripts.append(org, chat.id, said("hello", client_id="a"), now_ms=START_MS)
    await store.transcripts.append(org, chat.id, said("hello", author=Author.AGENT), now_ms=START_MS)
    await store.transcripts.append(org, chat.id, said("hello", client_id="a"), now_ms=START_MS)
    await store.transcripts.since(org, chat.id, after_seq=0, public_only=True)
    await store.transcripts.mark_visitor(org, chat.id, delivered_seq=2, read_seq=1)
    await store.transcripts.last_seqs([chat.id])
    await store.conversations.by_token(org, "web", chat.conversation_key)
    await store.conversations.overview(org, chat.id)
    await store.conversations.open_chats(org)
    await store.conversations.idle(org, channel="web", warn_before_ms=9, close_before_ms=9, limit=9)
    await store.conversations.warn(org, chat.id, silent_since_ms=START_MS, now_ms=START_MS, body="?")
    await store.conversations.close_silent(org, chat.id, warned_ms=9, now_ms=START_MS)
    await store.conversations.half_closed(org, channel="web", limit=9)
    await store.work.open_items(org)
    await store.work.waiting_outside(org, ["sales"], limit=9)
    await store.work.list(org)
    await store.work.list(org, state="active", queue="sales")
    await store.work.for_interaction(org, chat.id)
    handed = replace(result.item, id=f"{org}-w", interaction_id="", reference="r", parent_id=story.item_id)
    for _ in range(2):
        await store.work.add(org, [NewWork(item=handed, request_key="k")])
    await store.work.add(org, [NewWork(item=replace(handed, id=f"{org}-x", contact_id=chat.contact_id))])
    for name, value in (("reference", "r"), ("case_id", case.id), ("contact_id", "c"), ("parent_id", "p")):
        await store.work.list(org, wanted={name: value})
    await store.work.refuse(org, {handed.id: "queue-full"}, now_ms=START_MS)
    await store.work.purge(START_MS)
    await store.routing.queue_states(org)
    hook = await store.webhooks.create(Webhook(id=org, org_id=org, name="n", url="u", secret="s"))
    await store.webhooks.due(START_MS, limit=9)
    await store.webhooks.failed(hook, fault="f", now_ms=1, next_try_ms=1, disable=False)
    await store.webhooks.advance(hook, (1, 1), now_ms=1, told=True)
    await store.webhooks.list(org)
    await store.told.after(org, (0, 0), limit=9)
    await store.told.places([org])
    await store.escalations.due(org, rules={"sales": (1, 1)}, now_ms=START_MS, limit=9)
    await store.escalations.escalate(org, story.item_id, rules={"sales": (1, 1)}, now_ms=START_MS)
    await store.escalations.unfinished(org, 9)
    await store.routing.apply([story.tell(EventKind.TRANSFERRED, ana.id, 2, to_queue="support")])
    await store.routing.apply([story.tell(EventKind.LOST, ana.id, 2), story.tell(EventKind.ENDED, ana.id, 2)])
    await store.routing.apply([story.tell(EventKind.CLOSED, ana.id, 2)])
    await store.routing.service_level(org, since_ms=1, now_ms=START_MS)
    await store.routing.history(org, story.item_id)
    await store.routing.statuses(org)
    await store.cases.timeline(org, case.id, limit=9)
    await decisions(store, org, case.id, ana.id)
    await store.cases.closed_without_case(org, channels=["web"], since_ms=1, limit=9)
    await store.customers.list(org, "zoe", 9)
    await store.customers.interactions(org, result.contact.id, 9)
    await keep_customers(store, org, ana.id)
    await serve(store, org, result.contact.id, case.id)
    await store.users.by_login(org, "ana")
    await store.users.update(org, ana.id, role=Role.ADMIN)
    await store.sessions.get("x", 1)
    await store.sessions.purge(1)
    await store.tokens.get("x", 1)
    await store.idempotency.begin(org, key="k", actor="a", digest="d", now_ms=1)
    await store.idempotency.purge(1)
    await store.alerts.list(org)
    await store.audit.list(org)
    await store.configuration.latest(org)


async def serve(store: Store, org: str, contact_id: str, case_id: str) -> None:
    """Do once what a service desk does with things and promises, and look at a customer whole."""
    asset = await store.assets.create(Asset(id=f"{org}-a", org_id=org, name="Kettle", contact_id=contact_id))
    await store.assets.change(org, asset.id, version=1, changes={"name": "Pot"}, now_ms=START_MS)
    for kept in (store.assets, store.orders, store.contracts, store.entitlements, store.leads):
        for wanted in ("account_id", "contact_id", "asset_id", "contract_id", "case_id", "status", "number", "serial"):
            await kept.list(org, wanted={wanted: "x"}, limit=9, before_id="x")
    await store.entitlements.promises(org, contact_id=contact_id, account_id="x", assets=[asset.id])
    await store.view.contact(org, contact_id)
    await store.view.timeline(org, "contact_id", contact_id, before_id="", limit=9)
    await store.view.timeline(org, "account_id", "x", before_id="", limit=9)
    lead = Lead(id=f"{org}-l", org_id=org, kind=LeadKind.LEAD, subject="More", case_id=case_id, client_id="1")
    item = WorkItem(id=f"{org}-i", org_id=org, kind="lead", queue="sales", requirement=PLAN.requirement)
    for _ in range(2):
        await store.leads.hand_over(lead, lambda _case, _lead: NewWork(item=item))
    await store.leads.move(org, lead.id, version=1, changes={"status": LeadStatus.WON}, now_ms=START_MS)
    await store.assets.delete(org, asset.id)


async def test_no_statement_scans_a_table(tmp_path: Path, org: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    store = Store(url=f"sqlite:///{tmp_path / 'record.db'}", clock=clock, new_id=id_source(clock))
    await store.start()
    seen: dict[str, Any] = {}

    def note(_conn: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        seen.setdefault(statement, parameters)

    execute = direct.execute

    def handed(conn: Connection, sql: str, parameters: object) -> direct.Cursor:
        seen.setdefault(sql, tuple(parameters) if isinstance(parameters, list) else parameters)
        return execute(conn, sql, parameters)

    monkeypatch.setattr(direct, "execute", handed)
    event.listen(store._backend.engine, "before_cursor_execute", note)
    await live(store, org)
    event.remove(store._backend.engine, "before_cursor_execute", note)
    wrong, walks = [], 0
    with store._backend.engine.connect() as conn:
        for statement, parameters in seen.items():
            if statement.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            if "AS place, cases.number" in statement and "newest" not in statement:  # the walk of a list of cases
                wrong += [f"{row[3]}: {statement}" for row in plan if row[3] == "USE TEMP B-TREE FOR ORDER BY"]
                walks += 1
            scans = [row[3] for row in plan if row[3].startswith("SCAN ") and row[3].split()[1] not in SCANNED]
            wrong += [f"{scan}: {statement}" for scan in scans]
        assert conn.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert conn.execute(text("PRAGMA synchronous")).scalar() == 2
        assert conn.execute(text("PRAGMA foreign_keys")).scalar() == 1
    await store.stop()
    assert len(seen) > 80
    assert walks > len(CaseOrder)
    assert not wrong, "\n".join(wrong)
