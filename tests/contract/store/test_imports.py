"""Imports: rows and mark in one transaction, each row once; what a merge did is followed by the keys of others."""

from dataclasses import replace

import pytest

from engine.errors import NotFound
from engine.model.transfer import (
    FileFormat,
    Import,
    ImportOptions,
    ImportRow,
    ImportState,
    Noun,
    OnKnown,
    Reference,
    Row,
    RowAddress,
    RowFailure,
)
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent

TODAY = "2026-11-22"


def asked(org: str, noun: Noun = Noun.CONTACT, **changes: object) -> Import:
    options = ImportOptions(noun=noun, format=FileFormat.CSV, source="crm", columns={"E": "email"}, **changes)  # type: ignore[arg-type]
    return Import(id=f"{org}-{noun.value}", org_id=org, options=options, asked_by="u1", asked_ms=START_MS)


def person(number: int, **changes: object) -> ImportRow:
    email = f"p{number}@x.example"
    row = ImportRow(
        number=number,
        given={"name": f"P{number}"},
        external_id=str(number),
        values={"name": f"P{number}", "email": email},
        addresses=(RowAddress(channel="email", value=email, key=email),),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def company(number: int, parent: str = "", **changes: object) -> ImportRow:
    refers = (Reference(field="parent_external_id", by="external_id", value=parent),) if parent else ()
    row = ImportRow(
        number=number, given={"n": number}, external_id=str(number), values={"name": f"C{number}"}, references=refers
    )
    return replace(row, **changes)  # type: ignore[arg-type]


async def begun(store: Store, one: Import, total: int) -> Import:
    await store.imports.add(one)
    whole = await store.imports.received(one, size=9, whole=True)
    return await store.imports.begin(whole, total=total, now_ms=START_MS)


async def all_of(store: Store, one: Import, *rows: Row) -> Import:
    """Write rows until none is left, as the role does."""
    left = list(rows)
    while left and not one.ended_ms:
        one = await store.imports.put(one, left, today=TODAY, now_ms=START_MS)
        left = [row for row in left if row.number > (one.mark.after if one.mark.round else one.mark.row)]
    return one


async def imported(store: Store, one: Import, *rows: Row) -> Import:
    one = await all_of(store, await begun(store, one, len(rows)), *rows)
    return one if one.ended_ms else await store.imports.turn(one, now_ms=START_MS)


def counts(one: Import) -> tuple[int, ...]:
    return (one.mark.created, one.mark.updated, one.mark.unchanged, one.mark.skipped, one.failed)


async def test_an_import_is_kept_as_it_was_asked_for(store: Store, org: str) -> None:
    one = asked(org, dry_run=True)
    await store.imports.add(one)
    assert await store.imports.get(org, one.id) == one
    assert await store.imports.next(org) is None
    part = await store.imports.received(one, size=5, whole=False)
    assert (await store.imports.received(one, size=7, whole=True)).size == 5  # of somebody who came late
    whole = await store.imports.received(part, size=9, whole=True)
    assert await store.imports.next(org) == whole
    assert [found.id for found in await store.imports.list(org, limit=5)] == [one.id]
    assert await store.imports.unended([one.id, "none"]) == {one.id}
    ended = await store.imports.end(org, one.id, ImportState.CANCELLED, now_ms=START_MS)
    assert (await store.imports.end(org, one.id, ImportState.FAILED, fault="F", now_ms=9)) == ended
    assert (await store.case_jobs.list(org, limit=5), await store.case_jobs.next(org)) == ([], None)
    for elsewhere in (store.imports.get("other", one.id), store.imports.failures("other", one.id)):
        with pytest.raises(NotFound):
            await elsewhere


async def test_rows_are_written_once_with_the_mark(store: Store, org: str) -> None:
    one = await begun(store, asked(org), 3)
    wrong = RowFailure(number=2, reason="invalid-input", detail="D", field="phone", row={"phone": "x"})
    rows: list[Row] = [person(1), wrong, person(3, values={}, addresses=(), not_new=("name", "A contact has a name."))]
    after = await all_of(store, one, *rows)
    assert await store.imports.put(one, rows, today=TODAY, now_ms=START_MS) == after  # of somebody who came late
    assert counts(after) == (1, 0, 0, 0, 2)
    failures = await store.imports.failures(org, one.id)
    assert [(f.number, f.field, f.reason) for f in failures] == [
        (2, "phone", "invalid-input"),
        (3, "name", "invalid-input"),
    ]
    assert failures[0].row == {"phone": "x"}
    over = await store.imports.turn(after, now_ms=START_MS + 1)
    assert (over.state, over.ended_ms) == (ImportState.DONE, START_MS + 1)
    assert await store.imports.turn(after, now_ms=START_MS + 2) == over


async def test_a_row_that_fails_halfway_leaves_nothing_of_itself(store: Store, org: str) -> None:
    other = RowAddress(channel="email", value="p1@x.example", key="p1@x.example")
    two = person(2, values={"name": "P2"})
    both = replace(
        two, number=3, external_id="2", addresses=(*two.addresses, RowAddress(channel="a", value="n", key="n"), other)
    )
    over = await imported(store, asked(org), person(1), two, both, person(4))
    assert counts(over) == (3, 0, 0, 0, 1)
    second = (await store.customers.list(org, "p2"))[0]
    assert [one.channel for one in await store.addresses.of_contact(org, second.id)] == ["email"]


@pytest.mark.parametrize(
    ("known", "expected"),
    [(OnKnown.UPDATE, (1, 1, 0, 0, 0)), (OnKnown.SKIP, (1, 0, 0, 1, 0)), (OnKnown.FAIL, (1, 0, 0, 0, 1))],
)
async def test_who_is_found_by_an_address(store: Store, org: str, known: OnKnown, expected: tuple[int, ...]) -> None:
    again = person(2, addresses=person(1).addresses, values={"name": "New", "title": "Dr"})
    over = await imported(store, asked(org, known=known), person(1), again)
    assert counts(over) == expected
    found = await store.customers.list(org)
    assert [one.name for one in found] == ["New" if known is OnKnown.UPDATE else "P1"]


async def test_keys_of_others_follow_a_merge_and_its_undoing(store: Store, org: str) -> None:
    await imported(store, asked(org), person(1), person(2))
    two, one = await store.customers.list(org)
    merge = await store.merges.merge_contacts(org, one.id, two.id, actor_id="u1", now_ms=START_MS)
    changed = person(1, external_id="2", values={"title": "T"}, addresses=())
    over = await imported(store, replace(asked(org), id=f"{org}-b"), changed)
    assert (counts(over), (await store.customers.get(org, one.id)).title) == ((0, 1, 0, 0, 0), "T")
    await store.merges.undo(org, merge.id, actor_id="u1", now_ms=START_MS)
    later = replace(changed, values={"title": "U"})
    await imported(store, replace(asked(org), id=f"{org}-c"), later)
    assert [(await store.customers.get(org, who.id)).title for who in (one, two)] == ["T", "U"]


async def test_accounts_wait_for_parents_that_come_later(store: Store, org: str) -> None:
    one = await begun(store, asked(org, Noun.ACCOUNT), 4)
    rows = [company(1, "2"), company(2, "3"), company(3), company(4, "none")]
    one = await all_of(store, one, *rows)
    assert (one.mark.created, one.mark.later, one.failed) == (1, 3, 0)
    assert await store.imports.failures(org, one.id) == []
    while not one.ended_ms:
        one = await store.imports.turn(one, now_ms=START_MS)
        waiting = await store.imports.failures(org, one.id, later=True)
        one = await all_of(store, one, *(rows[found.number - 1] for found in waiting))
    assert counts(one) == (3, 0, 0, 0, 1)
    assert [found.reason for found in await store.imports.failures(org, one.id)] == ["unknown-account"]
    names = {found.id: found for found in await store.accounts.list(org)}
    parents = {found.name: names[found.parent_id].name if found.parent_id else "" for found in names.values()}
    assert parents == {"C1": "C2", "C2": "C3", "C3": ""}


async def test_contacts_belong_to_accounts_that_they_name(store: Store, org: str) -> None:
    await imported(store, asked(org, Noun.ACCOUNT), company(1), company(2))
    names = [Reference(field="account", by="name", value="c1")]
    over = await imported(
        store,
        asked(org),
        person(1, references=tuple(names)),
        person(2, references=(Reference(field="account", by="name", value="none"),)),
        person(3, external_id="1", references=(Reference(field="account_id", by="id", value=""),)),
    )
    assert counts(over) == (1, 1, 0, 0, 1)
    (who,) = await store.customers.list(org)
    (relation,) = await store.relations.of_contact(org, who.id)
    assert (relation.account_name, relation.direct, relation.to_date) == ("C1", True, TODAY)


async def test_contacts_are_looked_after_by_whom_they_name(store: Store, org: str) -> None:
    ana = await agent(store, org)
    over = await imported(
        store,
        asked(org),
        person(1, references=(Reference(field="owner", by="login", value="ana"),)),
        person(2, references=(Reference(field="owner_id", by="id", value=ana.id),)),
        person(3, references=(Reference(field="owner", by="login", value="zoe"),)),
        person(4, external_id="2", references=(Reference(field="owner", by="login", value=""),)),
    )
    assert counts(over) == (2, 1, 0, 0, 1)
    assert [one.name for one in await store.customers.list(org, owner_id=ana.id)] == ["P1"]


async def test_a_dry_run_writes_nothing_but_what_it_tells(store: Store, org: str) -> None:
    over = await imported(store, asked(org, dry_run=True), person(1), person(2, not_new=("name", "N")))
    assert counts(over) == (1, 0, 0, 0, 1)
    assert (await store.customers.list(org), over.state) == ([], ImportState.DONE)


async def test_too_many_failures_end_an_import(store: Store, org: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store.transfer.imports.MOST_FAILURES", 1)
    wrong = [RowFailure(number=one, reason="invalid-input", detail="D") for one in (1, 2, 3)]
    over = await all_of(store, await begun(store, asked(org), 3), *wrong)
    assert (over.state, over.fault != "") == (ImportState.FAILED, True)
