"""Many rows are moved in pieces: the same end as in one transaction, whatever happens between two of them."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from engine.clock import SystemClock
from engine.customers.moving import MergeMover
from engine.errors import Conflict
from engine.model.customer import Contact, CustomerKind, Merge
from engine.model.organisation import Organisation
from engine.store.cases.tables import activities, cases
from engine.store.customers import moving
from engine.store.customers.tables import assets, contact_addresses, merge_rows
from engine.store.mail.threads import takers_of
from engine.store.store import Store
from engine.store.tables import interactions
from tests.contract.store.building import START_MS, listed, opened
from tests.contract.store.test_accounts import company, person, related
from tests.contract.store.test_contacts import kept
from tests.contract.store.test_merged_cases import but_history, case, insert
from tests.contract.store.test_merged_cases import merged as merged_cases
from tests.contract.store.test_merged_cases import undone as undone_cases
from tests.contract.store.test_merges import Rows, everything, fill
from tests.organisations import small_organisation

END_MS = START_MS + 3_600_000
MANY = 7


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "PIECE", 4)
    monkeypatch.setattr(moving, "SHARE", 1)


async def go_on(store: Store, org: str, pieces: int = 1_000, *, now_ms: int = END_MS) -> bool:
    """Do what the role does, so many pieces; say whether more are to be moved."""
    more = True
    while more and pieces:
        due = await store.merges.due(org, now_ms=now_ms)
        moved = [await store.merges.go_on(org, one, now_ms=now_ms) for one in due]
        more, pieces = any(moved), pieces - 1
    return more


async def with_many(store: Store, org: str) -> tuple[Contact, Contact]:
    """Return two contacts; of some things many belong to the second."""
    mine, lost = await kept(store, org, "a@x.org"), await kept(store, org, "b@x.org", "c@x.org")
    for n in range(MANY):
        await opened(store, org, token_hash=f"t{n}", conversation_key=f"t{n}", email="b@x.org")
        await insert(store, org, assets, contact_id=lost.id, name=f"asset {n}", status="ordered")
    return mine, lost


async def with_much(store: Store, org: str) -> tuple[Contact, Contact]:
    """Return two contacts; of everything something, and of some things many, belong to the second."""
    mine, lost = await with_many(store, org)
    await fill(store, org, CustomerKind.CONTACT, lost.id)
    await fill(store, org, CustomerKind.CONTACT, mine.id)
    return mine, lost


async def merged(store: Store, one: Contact, other: Contact) -> Merge:
    return await store.merges.merge_contacts(one.org_id, one.id, other.id, actor_id="sue", now_ms=START_MS + 7)


async def undone(store: Store, merge: Merge) -> Merge:
    return await store.merges.undo(merge.org_id, merge.id, actor_id="sue", now_ms=START_MS + 9)


async def notes(store: Store, org: str) -> int:
    query = select(merge_rows.c.row_id).where(merge_rows.c.org_id == org)
    return len(await store.customers._access.read(lambda conn: conn.execute(query).all()))


def told(rows: Rows) -> Rows:
    return {name: found for name, found in rows.items() if name != "case_signals"}


async def test_pieces_come_to_what_one_transaction_does_and_back(
    store: Store, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, lost = await with_much(store, org)
    before = await everything(store, org)
    at_once = await merged(store, mine, lost)
    assert not at_once.moving
    whole = await everything(store, org)
    assert (await undone(store, at_once)).left == 0
    assert told(await everything(store, org)) == told(before)

    monkeypatch.setattr(moving, "PIECE", 4)
    monkeypatch.setattr(moving, "SHARE", 1)
    begun = await merged(store, mine, lost)
    assert begun.moving
    assert begun.moved < at_once.moved
    assert await merged(store, mine, lost) == begun, "again is nothing new"
    assert not await go_on(store, org)
    done = await store.merges.get(org, begun.id)
    assert (done.moving, done.moved) == (False, at_once.moved)
    assert told(await everything(store, org)) == told(whole)

    going = await undone(store, done)
    assert going.moving
    assert not await go_on(store, org)
    back = await store.merges.get(org, begun.id)
    assert (back.moving, back.left, await notes(store, org)) == (False, 0, 0)
    assert told(await everything(store, org)) == told(before)
    assert await store.merges.due(org, now_ms=2**60) == [], "nothing is looked for after an undo"


@pytest.mark.parametrize("pieces", [0, 2])
@pytest.mark.usefixtures("small")
async def test_half_a_merge_can_be_undone(store: Store, org: str, pieces: int) -> None:
    mine, lost = await with_much(store, org)
    before = await everything(store, org)
    merge = await merged(store, mine, lost)
    assert await go_on(store, org, pieces)
    await undone(store, merge)
    with pytest.raises(Conflict) as refused:
        await merged(store, mine, lost)
    assert refused.value.slug == "still-moving"
    assert not await go_on(store, org)
    assert (await store.merges.get(org, merge.id)).left == 0
    assert told(await everything(store, org)) == told(before)
    await merged(store, lost, mine)


@pytest.mark.usefixtures("small")
async def test_who_looks_meanwhile_sees_the_rows_of_both(store: Store, org: str) -> None:
    mine, lost = await with_many(store, org)
    merge = await merged(store, mine, lost)
    assert merge.moving
    view = (await store.view.contact(org, mine.id)).view
    assert view.count.open + view.count.past == MANY
    assert len(await store.customers.interactions(org, mine.id)) == MANY
    assert len(await store.view.timeline(org, "contact_id", mine.id, before_id="", limit=50)) == MANY
    page = await store.assets.list(org, wanted={"contact_id": mine.id}, limit=50)
    assert len(page) == MANY
    assert len(await listed(store, org, contact_id=mine.id)) == MANY
    assert (await store.customers.get(org, lost.id)).id == mine.id
    late = [one for one in await listed(store, org, contact_id=mine.id) if one.contact_id == lost.id]
    takers = await store.customers._access.read(lambda conn: takers_of(conn, org, late[0].id))
    assert {"b@x.org", "c@x.org"} <= takers.addresses, "his mails still join the case"
    assert (await store.duplicates.persons(org, name_keys=[], addresses=[("email", "b@x.org")], account_ids=[],
            domains=[])) != []  # fmt: skip
    assert not await go_on(store, org)
    assert [one.id for one in await store.assets.list(org, wanted={"contact_id": mine.id}, limit=50)] == [
        one.id for one in page
    ]


@pytest.mark.usefixtures("small")
async def test_one_that_is_on_the_way_is_not_merged_on(store: Store, org: str) -> None:
    mine, lost = await with_much(store, org)
    third = await kept(store, org, "third@x.org")
    merge = await merged(store, mine, lost)
    with pytest.raises(Conflict) as refused:
        await merged(store, third, mine)
    assert (refused.value.slug, "seconds" in refused.value.mend) == ("still-moving", True)
    await merged(store, mine, third)
    assert not await go_on(store, org)
    fourth = await kept(store, org, "fourth@x.org")
    second = await merged(store, fourth, mine)
    await undone(store, second)
    with pytest.raises(Conflict) as refused:
        await undone(store, merge)
    assert refused.value.slug == "still-moving", "his rows are on their way back to him"
    assert not await go_on(store, org)
    await undone(store, merge)


@pytest.mark.usefixtures("small")
async def test_what_comes_late_follows_to_whoever_it_is_by_then(store: Store, org: str) -> None:
    mine, lost = await with_much(store, org)
    last = await kept(store, org, "last@x.org")
    await merged(store, mine, lost)
    assert not await go_on(store, org)
    await merged(store, last, mine)
    assert not await go_on(store, org)
    late = await insert(store, org, activities, contact_id=lost.id, kind="task", status="open")
    assert not await go_on(store, org, now_ms=END_MS + 1_000), "it is looked for a minute later"
    for n in range(1, 4):
        assert not await go_on(store, org, now_ms=END_MS + n * 60_000)
    assert (await store.activities.get(org, late)).contact_id == last.id
    assert await store.merges.due(org, now_ms=2**60) == []


@pytest.mark.usefixtures("small")
async def test_relations_of_an_account_follow_without_standing_there_twice(store: Store, org: str) -> None:
    mine, lost = await company(store, org, "A"), await company(store, org, "B")
    people = [await person(store, org, f"P{n}") for n in range(MANY)]
    for n, one in enumerate(people):
        await related(store, one, lost, role="buyer")
        if n % 2:
            await related(store, one, mine, role="buyer")
    before = await everything(store, org)
    merge = await store.merges.merge_accounts(org, mine.id, lost.id, actor_id="sue", now_ms=START_MS + 7)
    assert merge.moving
    early = people[0]  # of the oldest relation, which is moved last
    await related(store, early, mine, role="buyer")
    assert not await go_on(store, org)
    found = await store.relations.of_account(org, mine.id)
    assert sorted(one.contact_id for one in found) == sorted(one.id for one in people), "each once"
    await undone(store, merge)
    assert not await go_on(store, org)
    after = await everything(store, org) | {"organisations": before["organisations"]}
    new = set(after["account_relations"]) - set(before["account_relations"])
    assert len(new) == 1, "the relation that came meanwhile stays"
    assert after | {"account_relations": sorted(set(after["account_relations"]) - new)} == before


class Broken:
    """The record, where one merge cannot be gone on with."""

    def __init__(self, store: Store, merge_id: str) -> None:
        self.due, self.put_off = store.merges.due, store.merges.put_off
        self._go_on, self._broken = store.merges.go_on, merge_id

    async def go_on(self, org_id: str, merge_id: str, *, now_ms: int) -> bool:
        if merge_id == self._broken:
            raise ValueError("a row stands there twice")
        return await self._go_on(org_id, merge_id, now_ms=now_ms)


class Standing(SystemClock):
    """A clock that stands still."""

    def now_ms(self) -> int:
        return END_MS


class Served:
    """One organisation."""

    def __init__(self, org: str) -> None:
        self._organisation = small_organisation(org)

    def all(self) -> list[Organisation]:
        return [self._organisation]


@pytest.mark.usefixtures("small")
async def test_a_merge_that_fails_holds_up_no_other(store: Store, org: str) -> None:
    mine, lost = await with_many(store, org)
    broken = await merged(store, mine, lost)
    third, fourth = await kept(store, org, "third@x.org"), await kept(store, org, "fourth@x.org")
    for n in range(MANY):
        await insert(store, org, assets, contact_id=fourth.id, name=f"asset {n}", status="ordered")
    other = await store.merges.merge_contacts(org, third.id, fourth.id, actor_id="sue", now_ms=START_MS + 8)
    mover = MergeMover(record=Broken(store, broken.id), organisations=Served(org), clock=Standing())
    for _ in range(MANY):
        await mover.step()
    assert not (await store.merges.get(org, other.id)).moving
    assert (await store.merges.get(org, broken.id)).moving, "it is still begun"
    assert await store.merges.due(org, now_ms=END_MS) == [], "and left for a while"
    assert not await go_on(store, org, now_ms=END_MS + 60_000)
    assert not (await store.merges.get(org, broken.id)).moving


@pytest.mark.usefixtures("small")
async def test_a_case_of_many_conversations_is_merged_and_back(store: Store, org: str) -> None:
    mine, lost = await case(store, org, "Kept"), await case(store, org, "Lost")
    for n in range(MANY):
        await insert(store, org, interactions, case_id=lost.id, channel="chat", state="closed", closed_ms=n + 1)
        await insert(store, org, activities, case_id=lost.id, kind="task", status="open")
    child = await case(store, org, "Child", parent_id=lost.id)
    before = await everything(store, org)
    merge = await merged_cases(store, mine, lost)
    assert merge.moving
    assert len((await store.cases.timeline(org, lost.id)).conversations) == MANY
    assert (await store.cases.get(org, child.id)).parent_id == mine.id
    assert await go_on(store, org, 1)
    assert await undone_cases(store, merge) == 0
    assert not await go_on(store, org)
    assert but_history(await everything(store, org)) == but_history(before)
    again = await merged_cases(store, mine, lost)
    assert not await go_on(store, org)
    assert (await store.merges.get(org, again.id)).moved == 2 * MANY + 1


Deed = Callable[[], Awaitable[Any]]


class Trace:
    """Do things by a seed, and tell whose everything is in the end, by names that do not differ between two runs."""

    def __init__(self, store: Store, org: str) -> None:
        self.store, self.org = store, org
        self.ids: dict[str, str] = {}

    async def begin(self) -> None:
        for name in ("mine", "lost", "other"):
            self.ids[(await kept(self.store, self.org, f"{name}@x.org")).id] = name
        self.mine, self.lost, self.other = self.ids
        for n in range(6):
            await self.arrive(n)
            await self.asset(n, self.lost)

    async def arrive(self, n: int) -> None:
        key = f"{self.org}-{n}"
        found = await opened(self.store, self.org, token_hash=key, conversation_key=key, email="lost@x.org")
        self.ids[found.interaction.id] = f"talk {n}"
        if found.case is not None:
            self.ids[found.case.id] = f"case {n}"

    async def asset(self, n: int, contact_id: str) -> None:
        self.ids[await insert(self.store, self.org, assets, contact_id=contact_id, name=str(n))] = f"asset {n}"

    def writes(self, seed: int) -> list[Deed]:
        """Return what others do meanwhile; each has the same end whether it comes before the merge or within it."""
        chance = random.Random(seed)

        def deed(n: int) -> Deed:
            ways: list[Deed] = [
                lambda: self.arrive(n),  # of whoever it is by then
                lambda: self.asset(n, self.lost),  # by what was read before
                lambda: self.give_away(f"asset {n % 6}"),
                lambda: self.give_away(f"case {n % 6}"),
            ]
            return chance.choice(ways)

        return [deed(n) for n in range(10, 18)]

    async def give_away(self, name: str) -> None:
        table = cases if name.startswith("case") else assets
        found = next(one for one, called in self.ids.items() if called == name)
        change = table.update().where(table.c.id == found).values(contact_id=self.other)
        await self.store.customers._access.execute(self.org, change)

    async def end(self) -> dict[str, set[tuple[str, str]]]:
        def work(conn: Any) -> dict[str, set[tuple[str, str]]]:
            return {
                table.name: {
                    (self.ids.get(row.id, row.id if table is not contact_addresses else ""), self.ids[row.contact_id])
                    for row in conn.execute(select(table.c.id, table.c.contact_id).where(table.c.org_id == self.org))
                }
                for table in (interactions, cases, assets, contact_addresses)
            }

        return await self.store.customers._access.read(work)


@pytest.mark.parametrize("seed", range(2))
async def test_writes_in_between_end_as_if_they_had_come_before(
    store: Store, org: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    plain, pieces = Trace(store, org), Trace(store, f"{org}-b")
    for one in (plain, pieces):
        await one.begin()
    for write in plain.writes(seed):
        await write()
    await store.merges.merge_contacts(plain.org, plain.mine, plain.lost, actor_id="sue", now_ms=START_MS + 7)

    monkeypatch.setattr(moving, "PIECE", 3)
    monkeypatch.setattr(moving, "SHARE", 1)
    deeds: list[Deed] = pieces.writes(seed)
    first = chance.randrange(3)
    for write in deeds[:first]:
        await write()
    await store.merges.merge_contacts(pieces.org, pieces.mine, pieces.lost, actor_id="sue", now_ms=START_MS + 7)
    for write in deeds[first:]:
        await write()
        await go_on(store, pieces.org, chance.randrange(2))
    for n in range(4):  # and what comes late
        assert not await go_on(store, pieces.org, now_ms=END_MS + n * 60_000)
    assert await pieces.end() == await plain.end()
