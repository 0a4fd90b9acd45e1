"""Accounts, their families without circles, their contacts by date, their teams."""

import asyncio
from dataclasses import replace

import pytest

from engine.clock import SystemClock
from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import id_source
from engine.model.customer import Account, AccountAccess, CaseAccess, Contact, Relation, TeamMember
from engine.store.customers import accounts as module
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent
from tests.records import Ticking

NEW_ID = id_source(Ticking())
TODAY = "2026-11-22"


async def company(store: Store, org: str, name: str = "Kettle", **changes: object) -> Account:
    account = Account(id=NEW_ID(), org_id=org, name=name, created_ms=START_MS, updated_ms=START_MS)
    return await store.accounts.create(replace(account, **changes))  # type: ignore[arg-type]


async def moved(store: Store, account: Account, parent_id: str) -> Account:
    return await changed(store, account, parent_id=parent_id)


async def changed(store: Store, account: Account, **changes: object) -> Account:
    present = await store.accounts.get(account.org_id, account.id)
    return await store.accounts.change(
        account.org_id, account.id, version=present.version, changes=changes, now_ms=START_MS + 1
    )


async def person(store: Store, org: str, name: str = "Zoe") -> Contact:
    return await store.customers.create(Contact(id=NEW_ID(), org_id=org, name=name, created_ms=START_MS), [])


async def related(store: Store, contact: Contact, account: Account, **changes: object) -> Relation:
    relation = Relation(id=NEW_ID(), org_id=contact.org_id, contact_id=contact.id, account_id=account.id)
    return await store.relations.add(replace(relation, **changes), today=TODAY)  # type: ignore[arg-type]


async def test_an_account_is_kept_changed_and_found(store: Store, org: str) -> None:
    account = await company(store, org, "Kettle & Crane Ltd", domain="kettle.example", fields={"a": 1})
    assert await store.accounts.get(org, account.id) == account
    after = await changed(store, account, tier="gold")
    assert (after.version, after.tier, after.updated_ms) == (2, "gold", START_MS + 1)
    with pytest.raises(Conflict) as refused:
        await store.accounts.change(org, account.id, version=1, changes={"tier": "x"}, now_ms=START_MS)
    assert (refused.value.slug, refused.value.fields["version"]) == ("stale-version", 2)
    other = await company(store, org, "Teapot")
    assert [one.id for one in await store.accounts.list(org)] == [other.id, account.id]
    assert [one.id for one in await store.accounts.list(org, before_id=other.id)] == [account.id]
    assert [one.id for one in await store.accounts.list(org, text="CRANE kettle.ex")] == [account.id]
    with pytest.raises(NotFound):
        await store.accounts.get("another", account.id)


async def test_a_family_is_told_from_its_root_in_one_call(store: Store, org: str) -> None:
    root = await company(store, org, "Root")
    left = await company(store, org, "B left", parent_id=root.id)
    right = await company(store, org, "A right", parent_id=root.id)
    leaf = await company(store, org, "Leaf", parent_id=left.id, tier="gold")
    await company(store, org, "Stranger")
    for account in (root, left, leaf):
        tree = await store.accounts.tree(org, account.id)
        assert (tree.root_id, tree.complete) == (root.id, True)
        assert [(one.id, one.depth) for one in tree.nodes] == [(root.id, 0), (right.id, 1), (left.id, 1), (leaf.id, 2)]
        assert tree.nodes[-1].tier == "gold"
    cut = await store.accounts.tree(org, leaf.id, limit=3)
    assert (len(cut.nodes), cut.complete) == (3, False)
    assert await store.accounts.above(org, leaf.id) == (leaf.id, left.id, root.id)
    assert [one.id for one in await store.accounts.list(org, parent_id=root.id)] == [right.id, left.id]


async def test_no_account_lies_beneath_itself(store: Store, org: str) -> None:
    top = await company(store, org, "Top")
    middle = await company(store, org, "Middle", parent_id=top.id)
    leaf = await company(store, org, "Leaf", parent_id=middle.id)
    for account, parent in ((top, leaf), (top, middle), (top, top)):
        with pytest.raises(Conflict) as refused:
            await moved(store, account, parent.id)
        assert refused.value.slug == "account-circle"
    for strange in ("nobody", (await company(store, f"{org}-other")).id):
        with pytest.raises(InvalidInput):
            await moved(store, top, strange)
    await moved(store, middle, "")
    await moved(store, top, leaf.id)
    assert (await store.accounts.tree(org, top.id)).root_id == middle.id


async def test_two_moves_at_once_make_no_circle(store: Store, url: str, org: str) -> None:
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        for _ in range(5):
            one, two = await company(store, org, "One"), await company(store, org, "Two")
            results = await asyncio.gather(moved(store, one, two.id), moved(other, two, one.id), return_exceptions=True)
            assert sorted(type(result).__name__ for result in results) == ["Account", "Conflict"]
            assert len((await store.accounts.tree(org, one.id)).nodes) == 2
    finally:
        await other.stop()


async def test_families_are_of_bounded_depth(store: Store, org: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEEPEST", 4)
    chains = []
    for _ in range(2):
        chain = [await company(store, org)]
        for _ in range(2):
            chain.append(await company(store, org, parent_id=chain[-1].id))
        chains.append(chain)
    with pytest.raises(InvalidInput, match="at most 4 deep"):
        await moved(store, chains[0][0], chains[1][1].id)
    await moved(store, chains[0][2], chains[1][2].id)
    with pytest.raises(InvalidInput):
        await company(store, org, parent_id=chains[0][2].id)


async def test_a_contact_belongs_to_one_account_at_a_time(store: Store, org: str) -> None:
    zoe = await person(store, org)
    old, new, side = [await company(store, org, name) for name in ("Old", "New", "Side")]
    first = await related(store, zoe, old, direct=True, role="buyer", from_date="2020-01-01")
    assert await related(store, zoe, old, direct=True) == first, "it goes on already"
    await related(store, zoe, side, role="adviser")
    second = await related(store, zoe, new, direct=True)
    assert second.from_date == TODAY
    told = await store.relations.of_contact(org, zoe.id)
    assert [(one.account_name, one.direct, one.to_date) for one in told] == [
        ("New", True, ""),
        ("Side", False, ""),
        ("Old", True, TODAY),
    ]
    assert [(one.contact_name, one.role) for one in await store.relations.of_account(org, old.id)] == [("Zoe", "buyer")]
    assert await store.relations.of_account(org, old.id, current_on="2026-11-23") == []
    with pytest.raises(Conflict, match="directly"):
        await store.relations.change(org, first.id, changes={"to_date": ""})
    with pytest.raises(InvalidInput):
        await store.relations.change(org, first.id, changes={"to_date": "2019-12-31"})
    ended = await store.relations.change(org, second.id, changes={"to_date": "2026-12-01", "role": "boss"})
    assert (ended.role, ended.to_date) == ("boss", "2026-12-01")
    again = await store.relations.change(org, first.id, changes={"to_date": ""})
    assert again.to_date == ""
    with pytest.raises(NotFound):
        await store.relations.change("another", first.id, changes={"role": "x"})


async def test_two_who_move_a_contact_at_once_leave_him_with_one_account(store: Store, url: str, org: str) -> None:
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        zoe = await person(store, org)
        companies = [await company(store, org, f"C{n}") for n in range(6)]
        await asyncio.gather(
            *(related([store, other][n % 2], zoe, one, direct=True) for n, one in enumerate(companies))
        )
    finally:
        await other.stop()
    told = await store.relations.of_contact(org, zoe.id)
    assert len(told) == 6
    assert sum(not one.to_date for one in told) == 1


async def test_who_is_not_there_is_related_to_nothing(store: Store, org: str) -> None:
    zoe, account = await person(store, org), await company(store, org)
    stranger = await company(store, f"{org}-other")
    with pytest.raises(NotFound, match="account"):
        await related(store, zoe, stranger)
    with pytest.raises(NotFound, match="contact"):
        await related(store, replace(zoe, id="nobody"), account)


async def test_a_team_is_put_together_by_hand_and_at_once(store: Store, org: str) -> None:
    account = await company(store, org)
    ana, ben, cleo = [await agent(store, org, login) for login in ("ana", "ben", "cleo")]
    edit = TeamMember(user_id=ana.id, role="lead", account_access=AccountAccess.EDIT, case_access=CaseAccess.EDIT)
    reader = TeamMember(user_id=ben.id, case_access=CaseAccess.NONE)
    assert await store.teams.put(org, account.id, edit, now_ms=START_MS) == [edit]
    demoted = replace(edit, case_access=CaseAccess.READ)
    assert await store.teams.put(org, account.id, demoted, now_ms=START_MS) == [demoted]
    assert await store.teams.set_default(org, cleo.id, [replace(edit, role="default"), reader]) == sorted(
        [replace(edit, role="default"), reader], key=lambda one: one.user_id
    )
    team = await store.teams.add_default(org, account.id, cleo.id, now_ms=START_MS)
    assert team == sorted([demoted, reader], key=lambda one: one.user_id), "who is there stays as he is"
    assert await store.teams.of_user(org, ben.id) == {account.id: reader}
    await store.teams.remove(org, account.id, ana.id)
    with pytest.raises(NotFound):
        await store.teams.remove(org, account.id, ana.id)
    assert await store.teams.of_account(org, account.id) == [reader]
    assert await store.teams.set_default(org, cleo.id, []) == []
    with pytest.raises(InvalidInput, match="no user"):
        await store.teams.put(org, account.id, replace(edit, user_id="nobody"), now_ms=START_MS)
    with pytest.raises(NotFound):
        await store.teams.put(org, "nothing", edit, now_ms=START_MS)
