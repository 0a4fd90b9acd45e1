"""The 360 degree view: complete, bounded, of one organisation only, its timeline in pages."""

from collections.abc import Mapping

import pytest
from sqlalchemy import Table

from engine.errors import NotFound
from engine.model.organisation import CasePolicy
from engine.model.record import Opened
from engine.model.service import Contract, Entitlement, Order
from engine.store.customers.tables import account_relations, account_team, accounts
from engine.store.json_text import dump
from engine.store.store import Store
from engine.store.tables import entries
from tests.contract.store.building import START_MS, changed, opened
from tests.contract.store.test_things import asset


async def put(store: Store, org: str, table: Table, values: Mapping[str, object]) -> None:
    empty = {column.name: 0 if column.type.python_type is int else "" for column in table.columns}
    await store._access.execute(org, table.insert(), {**empty, "org_id": org, **values})


async def family(store: Store, org: str, contact_id: str) -> tuple[str, str]:
    """Put a contact into an account that belongs to another; he was in that one before."""
    top, home = f"{org}-top", f"{org}-home"
    await put(store, org, accounts, {"id": top, "name": "Top"})
    await put(store, org, accounts, {"id": home, "name": "Home", "parent_id": top, "tier": "gold"})
    ties = (
        {"id": f"{org}-r1", "account_id": top, "to_date": "2025-12-31", "role": "buyer"},
        {"id": f"{org}-r2", "account_id": home, "direct": 1, "role": "head"},
    )
    for tie in ties:
        await put(store, org, account_relations, {"contact_id": contact_id, **tie})
    await put(
        store, org, account_team,
        {"account_id": home, "user_id": "u", "role": "manager", "account_access": "edit", "case_access": "read"},
    )  # fmt: skip
    return top, home


async def chat(store: Store, org: str, number: int) -> Opened:
    return await opened(
        store, org, policy=CasePolicy.FIRST_MESSAGE, now_ms=START_MS + number * 10, conversation_key=f"{number}",
        token_hash=f"{number}", body=f"Message {number}",
    )  # fmt: skip


async def test_a_contact_is_seen_whole(store: Store, org: str) -> None:
    first, second = [await chat(store, org, number) for number in range(2)]
    contact = first.contact
    assert first.case is not None
    assert second.case is not None
    await changed(store, org, first.case.id, status="closed", now_ms=START_MS + 50)
    top, home = await family(store, org, contact.id)
    thing = await store.assets.create(asset(org, contact_id=contact.id))
    order = await store.orders.create(Order(id=f"{org}-o", org_id=org, number="1", contact_id=contact.id))
    contract = await store.contracts.create(Contract(id=f"{org}-c", org_id=org, number="C", account_id=home))
    for name, holder in {"asset_id": thing.id, "contact_id": contact.id, "account_id": top}.items():
        await store.entitlements.create(Entitlement(id=f"{org}-{name}", org_id=org, name=name, **{name: holder}))  # type: ignore[arg-type]
    found = await store.view.contact(org, contact.id)
    view = found.view
    assert found.contact == contact
    assert [one.value for one in found.addresses] == ["Zoe@Example.org"]
    assert found.account is not None
    assert (found.account.id, found.account.tier) == (home, "gold")
    assert [(one.name, one.relation.direct, one.relation.to_date) for one in view.ties] == [
        ("Home", True, ""), ("Top", False, "2025-12-31"),
    ]  # fmt: skip
    assert [one.id for one in view.cases] == [second.case.id, first.case.id]
    assert (view.count.open, view.count.past, view.count.complete) == (1, 1, True)
    assert [(one.case_number, one.words) for one in view.timeline] == [(2, "Message 1"), (1, "Message 0")]
    assert {one.entitlement.name for one in view.promises} == {"asset_id", "contact_id", "account_id"}
    assert (view.assets, view.orders, view.contracts) == ((thing,), (order,), (contract,))
    assert [(one.user_id, one.role) for one in view.team] == [("u", "manager")]


async def test_an_account_is_seen_whole(store: Store, org: str) -> None:
    contact = (await chat(store, org, 1)).contact
    top, home = await family(store, org, contact.id)
    found = await store.view.account(org, home)
    assert [one.id for one in found.line] == [top]
    assert [one.name for one in found.view.ties] == [contact.name]
    assert [(one.contact_name, one.words) for one in found.view.timeline] == [(contact.name, "Message 1")]
    above = await store.view.account(org, top)
    assert [one.id for one in above.children] == [home]
    assert [one.words for one in above.view.timeline] == ["Message 1"]  # he was there once


async def test_a_timeline_goes_on_where_the_page_before_ended(store: Store, org: str) -> None:
    contact = [(await chat(store, org, number)).contact for number in range(5)][-1]
    _, home = await family(store, org, contact.id)
    for whose, of_id in (("contact_id", contact.id), ("account_id", home)):
        seen: list[str] = []
        before = ""
        while page := await store.view.timeline(org, whose, of_id, before_id=before, limit=2):
            seen += [one.words for one in page]
            before = page[-1].interaction.id
        assert seen == [f"Message {number}" for number in (4, 3, 2, 1, 0)]


async def test_nobody_else_sees_it(store: Store, org: str) -> None:
    contact = (await chat(store, org, 1)).contact
    _, home = await family(store, org, contact.id)
    for attempt in (store.view.contact("another", contact.id), store.view.account("another", home)):
        with pytest.raises(NotFound):
            await attempt
    assert await store.view.timeline("another", "contact_id", contact.id, before_id="", limit=9) == []


async def test_what_began_with_a_mail_is_told_by_its_subject(store: Store, org: str) -> None:
    contact = (await chat(store, org, 1)).contact
    interaction_id = (await store.view.contact(org, contact.id)).view.timeline[0].interaction.id
    data = {"mail_id": "m", "subject": "Late tea"}
    change = entries.update().where(entries.c.org_id == org, entries.c.interaction_id == interaction_id)
    await store._access.execute(org, change.where(entries.c.seq == 1), {"data": dump(data)})
    assert [one.subject for one in (await store.view.contact(org, contact.id)).view.timeline] == ["Late tea"]
