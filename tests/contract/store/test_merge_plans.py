"""A merge, its pieces, the late look and an undo find rows by an index: none reads all of an organisation on SQLite.

The record has no statistics, as operators' records have none.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.ids import id_source
from engine.model.case_parts import CaseLink, LinkKind
from engine.model.customer import CustomerKind, Merge
from engine.store.customers import moving
from engine.store.customers.references import REFERENCES
from engine.store.store import Store
from engine.store.tables import interactions
from tests.contract.store.building import START_MS
from tests.contract.store.test_accounts import company
from tests.contract.store.test_contacts import kept
from tests.contract.store.test_merged_cases import case, insert
from tests.contract.store.test_merged_cases import merged as merged_cases
from tests.contract.store.test_merged_cases import undone as undone_cases
from tests.contract.store.test_merges import fill
from tests.contract.store.test_merges_in_pieces import MANY, go_on
from tests.records import Ticking, migrated_file

MOVED = {one.table.name for references in REFERENCES.values() for one in references}
WIDE = re.compile(r"^(SCAN (?P<scanned>\w+)\b.*|SEARCH (?P<searched>\w+) USING .*\(org_id=\?\))$")


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    monkeypatch.setattr(moving, "PIECE", 4)
    monkeypatch.setattr(moving, "SHARE", 1)
    clock = Ticking()
    store = Store(url=migrated_file(tmp_path / "record.db"), clock=clock, new_id=id_source(clock))
    await store.start()
    yield store
    await store.stop()


async def listen(store: Store, org: str, said: list[str] | None) -> None:
    """Let the one writer's connection note the statements it runs, or (None) no more."""

    def work(conn: Any) -> None:
        conn.connection.dbapi_connection.set_trace_callback(None if said is None else said.append)

    await store.customers._access.write(org, work)


async def wide(store: Store, statements: list[str]) -> set[str]:
    """Return steps of plans that read all rows, or all of an organisation, of a table that a merge moves rows of."""

    def work(conn: Any) -> set[str]:
        found = set()
        for one in set(statements):
            if not one.startswith(("SELECT", "UPDATE", "DELETE")):
                continue
            for row in conn.connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {one}"):
                step = WIDE.match(row[3])
                if step and (step["scanned"] or step["searched"]) in MOVED:
                    found.add(f"{row[3]} | {one[:300]}")
        return found

    return await store.customers._access.read(work)


async def there_and_back(store: Store, org: str, merge: Merge, undo: Any) -> None:
    assert merge.moving
    assert not await go_on(store, org)
    assert not await go_on(store, org, now_ms=START_MS + 2 * 3_600_000), "the late look"
    await undo()
    assert not await go_on(store, org)


@pytest.mark.parametrize("kind", list(CustomerKind))
async def test_a_merge_of_customers_reads_only_theirs(store: Store, org: str, kind: CustomerKind) -> None:
    if kind is CustomerKind.CONTACT:
        mine, lost = await kept(store, org, "a@x.org"), await kept(store, org, "b@x.org")
        merge = store.merges.merge_contacts
    else:
        mine, lost = await company(store, org, "A"), await company(store, org, "B")  # type: ignore[assignment]
        merge = store.merges.merge_accounts
        await company(store, org, "C", parent_id=lost.id)
    await case(store, org, "Theirs", **{f"{kind}_id": lost.id})
    for _ in range(MANY):
        await fill(store, org, kind, lost.id)
    said: list[str] = []
    await listen(store, org, said)
    done = await merge(org, mine.id, lost.id, actor_id="sue", now_ms=START_MS + 7)
    await there_and_back(store, org, done, lambda: store.merges.undo(org, done.id, actor_id="sue", now_ms=START_MS + 9))
    await listen(store, org, None)
    assert any("merge_rows" in one for one in said)
    assert await wide(store, said) == set()


async def test_a_merge_of_cases_reads_only_theirs(store: Store, org: str) -> None:
    mine, lost = await case(store, org, "Kept"), await case(store, org, "Lost")
    await case(store, org, "Child", parent_id=lost.id)
    for n in range(MANY):
        await insert(store, org, interactions, case_id=lost.id, channel="chat", state="closed", closed_ms=n + 1)
    other = await case(store, org, "Other")
    link = CaseLink(case_id=lost.id, kind=LinkKind.CASE, target_id=other.id, linked_by="ana", linked_ms=START_MS)
    await store.case_parts.link(org, link)
    said: list[str] = []
    await listen(store, org, said)
    done = await merged_cases(store, mine, lost)
    await there_and_back(store, org, done, lambda: undone_cases(store, done))
    await listen(store, org, None)
    assert any("merge_rows" in one for one in said)
    assert await wide(store, said) == set()
