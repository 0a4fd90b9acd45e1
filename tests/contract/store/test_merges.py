"""Two become one, everything that pointed to the lost one points to the kept one; and back again, exactly."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.clock import SystemClock
from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import id_source
from engine.model.customer import CASE, Account, Contact, CustomerKind, TeamMember
from engine.store.columns import METADATA
from engine.store.customers.references import REFERENCES, STAYS
from engine.store.customers.tables import merge_rows
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent, opened
from tests.contract.store.test_accounts import TODAY, changed, company, moved, person, related
from tests.contract.store.test_contacts import address, kept
from tests.contract.store.test_contacts import changed as changed_contact
from tests.records import Ticking

NEW_ID = id_source(Ticking())

Rows = dict[str, list[tuple[Any, ...]]]


def test_no_column_that_points_to_a_customer_is_forgotten() -> None:
    for kind in (*(one.value for one in CustomerKind), CASE):
        listed = {one.place for one in REFERENCES[kind]}
        meant = {
            f"{table.name}.{column.name}"
            for table in METADATA.sorted_tables
            for column in table.columns
            if column.name.endswith(f"{kind}_id") and not table.name.startswith("search_")  # follows by itself
        }
        if kind == CustomerKind.ACCOUNT:
            meant.add("accounts.parent_id")
        if kind == CASE:
            meant = (meant - STAYS) | {"cases.parent_id", "case_links.target_id"}
        assert listed == meant


async def everything(store: Store, org: str, *, but: tuple[str, ...] = ("version", "updated_ms")) -> Rows:
    """Return all rows of an organisation by table, without what every write changes."""

    def work(conn: Any) -> Rows:
        found: Rows = {}
        for table in METADATA.sorted_tables:
            if table.name in ("merges", "merge_rows", "audit_events") or table.name.startswith("search_"):
                continue
            columns = [column for column in table.columns if column.name not in but]
            rows = conn.execute(select(*columns).where(table.c.org_id == org)).all()
            found[table.name] = sorted(tuple(row) for row in rows)
        return found

    return await store.customers._access.read(work)


async def fill(store: Store, org: str, kind: CustomerKind, customer_id: str) -> None:
    """Let a row of every table point to a customer."""

    def work(conn: Any) -> None:
        for one in REFERENCES[kind]:
            if one.table.name in ("interactions", "cases", "contact_addresses", "accounts"):
                continue
            row: dict[str, object] = {
                column.name: (0 if column.type.python_type is int else "") for column in one.table.columns
            }
            unique = {name: NEW_ID() for name in ("id", "user_id", "number", "to_date", "fingerprint") if name in row}
            row |= unique | {"org_id": org, one.column: customer_id}
            if one.table.name == "work_items":
                row["state"] = "closed"
            if one.table.name == "account_team":
                row |= {"account_access": "read", "case_access": "read"}
            conn.execute(one.table.insert(), row)

    await store.customers._access.write(org, work)


async def merged(store: Store, one: Contact | Account, other: Contact | Account) -> str:
    merge = store.merges.merge_contacts if isinstance(one, Contact) else store.merges.merge_accounts
    return (await merge(one.org_id, one.id, other.id, actor_id="sue", now_ms=START_MS + 7)).id


async def undone(store: Store, org: str, merge_id: str) -> int:
    return (await store.merges.undo(org, merge_id, actor_id="sue", now_ms=START_MS + 9)).left


def pointing(rows: Mapping[str, list[tuple[Any, ...]]], customer_id: str) -> set[str]:
    return {name for name, found in rows.items() for row in found if customer_id in row}


async def test_a_contact_is_merged_with_everything_and_back_exactly(store: Store, org: str) -> None:
    mine = await kept(store, org, "main@example.org", name="Zoë")
    result = await opened(store, org, email="Zoe@example.org")
    lost = result.contact
    lost = await changed_contact(store, lost, tier="gold", fields={"a": 1})
    await fill(store, org, CustomerKind.CONTACT, lost.id)
    await fill(store, org, CustomerKind.CONTACT, mine.id)
    before = await everything(store, org)

    merge = await store.merges.merge_contacts(org, mine.id, lost.id, actor_id="sue", now_ms=START_MS + 7)
    noted = select(merge_rows.c.place).where(merge_rows.c.merge_id == merge.id)
    places = sorted(row[0] for row in await store.customers._access.read(lambda conn: conn.execute(noted).all()))
    assert places == sorted(one.place for one in REFERENCES[CustomerKind.CONTACT])
    assert merge.moved == len(places)
    after = await everything(store, org)
    assert pointing(after, lost.id) == {"contacts", "contact_addresses"}, "itself, and the id of its first address"
    one = await store.customers.get(org, lost.id)
    assert (one.id, one.tier, one.fields, one.email) == (mine.id, "gold", {"a": 1}, "main@example.org")
    assert [it.id for it in await store.customers.list(org)] == [mine.id]
    assert [it.id for it in await store.customers.list(org, "zoe@example.org")] == [mine.id], "by any address"
    assert (await opened(store, org, token_hash="n", conversation_key="n", email="Zoe@example.org")).contact == one
    again = await store.merges.merge_contacts(org, mine.id, lost.id, actor_id="sue", now_ms=START_MS + 8)
    assert again == merge
    with pytest.raises(Conflict) as refused:
        await changed_contact(store, lost, tier="x")
    assert (refused.value.slug, refused.value.fields["merged_into"]) == ("merged", mine.id)

    assert await undone(store, org, merge.id) == 0
    back = await everything(store, org)
    later = {"interactions", "entries", "work_items", "cases", "case_events", "case_signals", "organisations"}
    assert {name: back[name] for name in back if name not in later} == {
        name: before[name] for name in before if name not in later
    }
    for name in ("interactions", "cases", "work_items"):
        assert set(before[name]) <= set(back[name])
    assert await undone(store, org, merge.id) == 0, "once is enough"
    lines = [(one.action, one.target) for one in await store.audit.list(org)]
    assert lines == [("contact.unmerged", mine.id), ("contact.merged", mine.id)]
    assert [one.undone_by for one in await store.merges.of(org, lost.id)] == ["sue"]


async def test_a_merged_contact_belongs_to_one_account(store: Store, org: str) -> None:
    mine, lost = await person(store, org, "Zoe"), await person(store, org, "Zoe")
    kettle, teapot = await company(store, org, "Kettle"), await company(store, org, "Teapot")
    await related(store, mine, kettle, direct=True)
    await related(store, mine, teapot, role="adviser")
    await related(store, lost, teapot, direct=True)
    await related(store, lost, teapot, role="adviser")
    before = await everything(store, org)
    merge = await merged(store, mine, lost)
    told = await store.relations.of_contact(org, mine.id)
    assert sorted((one.account_name, one.direct, one.role) for one in told) == [
        ("Kettle", True, ""),
        ("Teapot", False, ""),
        ("Teapot", False, "adviser"),
    ]
    assert await undone(store, org, merge) == 0
    assert await everything(store, org) == before


async def test_an_account_is_merged_with_everything_and_back_exactly(store: Store, org: str) -> None:
    top = await company(store, org, "Top")
    mine = await company(store, org, "Kettle", parent_id=top.id)
    lost = await company(store, org, "Kettle Ltd", tier="gold")
    child = await company(store, org, "Child", parent_id=lost.id)
    ana, ben = await agent(store, org, "ana"), await agent(store, org, "ben")
    for account, member in ((mine, ana), (lost, ana), (lost, ben)):
        await store.teams.put(org, account.id, TeamMember(user_id=member.id, role=account.name), now_ms=START_MS)
    zoe = await person(store, org)
    await related(store, zoe, mine, role="buyer")
    await related(store, zoe, lost, role="buyer")
    await fill(store, org, CustomerKind.ACCOUNT, lost.id)
    before = await everything(store, org)
    merge = await merged(store, mine, lost)
    assert pointing(await everything(store, org), lost.id) == {"accounts"}
    tree = await store.accounts.tree(org, lost.id)
    assert [(one.id, one.depth) for one in tree.nodes] == [(top.id, 0), (mine.id, 1), (child.id, 2)]
    assert (await store.accounts.get(org, lost.id)).tier == "gold"
    roles = {one.user_id: one.role for one in await store.teams.of_account(org, mine.id)}
    assert (roles[ana.id], roles[ben.id]) == ("Kettle", "Kettle Ltd")
    assert len(await store.relations.of_contact(org, zoe.id)) == 1
    assert [one.id for one in await store.accounts.list(org, text="ltd")] == []
    assert await undone(store, org, merge) == 0
    assert await everything(store, org) == before


async def test_an_account_may_be_merged_into_one_of_its_own_family(store: Store, org: str) -> None:
    chain = [await company(store, org, "0")]
    for name in ("1", "2", "3"):
        chain.append(await company(store, org, name, parent_id=chain[-1].id))
    before = await everything(store, org)
    below = chain[3]
    for one, other in [pair for above in chain[:3] for pair in ((below, above), (above, below))]:
        merge = await merged(store, one, other)
        tree = await store.accounts.tree(org, one.id)
        assert {node.id for node in tree.nodes} == {it.id for it in chain} - {other.id}
        assert await undone(store, org, merge) == 0
        assert await everything(store, org) == before


async def test_what_was_changed_since_stays_changed(store: Store, org: str) -> None:
    mine, lost = await kept(store, org, "a@x.org"), await kept(store, org, "b@x.org", "c@x.org")
    lost = await changed_contact(store, lost, tier="gold", title="boss")
    chat = (await opened(store, org, email="b@x.org")).interaction
    merge = await merged(store, mine, lost)
    one = await store.customers.get(org, mine.id)
    one = await changed_contact(store, one, address(one, "b@x.org"), title="queen", email="b@x.org")
    gone = next(it for it in await store.addresses.of_contact(org, mine.id) if it.key == "c@x.org")
    await store.addresses.remove(org, mine.id, gone.id, now_ms=START_MS)
    third = await person(store, org)
    table = METADATA.tables["interactions"]
    stolen = update(table).where(table.c.id == chat.id).values(contact_id=third.id)
    await store.customers._access.execute(org, stolen)
    assert await undone(store, org, merge) == 2, "an address and a conversation stay where they are"
    one, other = await store.customers.get(org, mine.id), await store.customers.get(org, lost.id)
    assert (one.title, one.tier, one.email) == ("queen", "", "a@x.org"), "his address went back with the other"
    assert (other.title, other.tier, other.email) == ("boss", "gold", "b@x.org")
    assert [it.id for it in await store.customers.interactions(org, third.id)] == [chat.id]


async def test_an_undo_that_is_impossible_is_refused_and_changes_nothing(store: Store, org: str) -> None:
    a, b, c = [await kept(store, org, f"{name}@x.org") for name in "abc"]
    first, second = await merged(store, b, a), await merged(store, c, b)
    before = await everything(store, org)
    with pytest.raises(Conflict, match="itself merged") as refused:
        await undone(store, org, first)
    assert refused.value.slug == "cannot-undo"
    assert await everything(store, org) == before
    assert (await store.customers.get(org, a.id)).id == c.id, "reading follows both merges"
    assert await undone(store, org, second) == 0
    assert await undone(store, org, first) == 0
    with pytest.raises(NotFound):
        await undone(store, org, "nothing")
    with pytest.raises(NotFound):
        await undone(store, "another", first)

    top, mine = await company(store, org, "Top"), await company(store, org, "Mine")
    lost = await company(store, org, "Lost", parent_id=top.id)
    child = await company(store, org, "Child", parent_id=lost.id)
    merge = await merged(store, mine, lost)
    await moved(store, top, child.id)
    with pytest.raises(Conflict, match="beneath itself") as refused:
        await undone(store, org, merge)
    assert refused.value.slug == "cannot-undo"
    await moved(store, top, "")
    assert await undone(store, org, merge) == 0


async def test_what_cannot_be_merged_is_refused(store: Store, org: str) -> None:
    a, b, c = [await kept(store, org, f"{name}@x.org") for name in "abc"]
    stranger = await kept(store, f"{org}-other", "a@x.org")
    with pytest.raises(InvalidInput):
        await merged(store, a, a)
    for one, other in ((a, stranger), (replace(stranger, org_id=org), a)):
        with pytest.raises(NotFound):
            await merged(store, one, other)
    await merged(store, a, b)
    for one, other in ((b, c), (c, b)):
        with pytest.raises(Conflict, match="merged into another"):
            await merged(store, one, other)


async def test_merges_and_writers_at_once_leave_nothing_with_the_lost_one(store: Store, url: str, org: str) -> None:
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        mine, lost = await kept(store, org, "a@x.org"), await kept(store, org, "b@x.org")
        arrivals = [
            opened(other, org, token_hash=f"t{n}", conversation_key=f"t{n}", email="b@x.org") for n in range(12)
        ]
        results = await asyncio.gather(
            *arrivals[:6], merged(store, mine, lost), merged(other, mine, lost), *arrivals[6:], return_exceptions=True
        )
    finally:
        await other.stop()
    assert [one for one in results if isinstance(one, BaseException)] == []
    assert len(await store.merges.of(org, mine.id)) == 1
    assert await store.customers.interactions(org, lost.id) == []
    assert len(await store.customers.interactions(org, mine.id)) == 12


async def test_nothing_is_left_of_an_undone_merge_but_its_line(store: Store, org: str) -> None:
    mine, lost = await company(store, org, "A"), await company(store, org, "B")
    await related(store, await person(store, org), lost, direct=True, from_date=TODAY)
    merge = await merged(store, mine, lost)
    count = select(merge_rows.c.row_id).where(merge_rows.c.org_id == org)
    assert len(await store.customers._access.read(lambda conn: conn.execute(count).all())) == 1
    await undone(store, org, merge)
    assert await store.customers._access.read(lambda conn: conn.execute(count).all()) == []
    await changed(store, lost, tier="gold")
