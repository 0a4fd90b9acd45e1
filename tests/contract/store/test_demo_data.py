"""Demo data on both databases: cut off and gone on with, written once, and not beside somebody's own."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Select, func, select

from engine.config.snapshot import pack
from engine.errors import Conflict, NotFound
from engine.store.columns import METADATA
from engine.store.store import Store
from engine.wiring.demo_data import fill
from tests.contract.store.building import START_MS, listed, opened
from tests.organisations import small_organisation

CASES = 1_100


async def configured(store: Store, org: str) -> None:
    organisation = small_organisation(org)
    packed = pack(organisation)
    await store.configuration.put(
        org,
        name=organisation.name,
        digest=packed.digest,
        compiled=packed.compiled,
        agents=tuple(organisation.agents.values()),
        author="tests",
        now_ms=START_MS,
        targets={},
    )


def _count(query: Select[Any], conn: Connection) -> int:
    return int(conn.execute(query).scalar_one())


async def counts(store: Store, org: str) -> dict[str, int]:
    found = {}
    for name in ("accounts", "contacts", "assets", "orders", "entitlements", "cases", "interactions", "entries"):
        table = METADATA.tables[name]
        query = select(func.count()).select_from(table).where(table.c.org_id == org)
        found[name] = await store._access.read(partial(_count, query))
    return found


async def test_what_is_cut_off_goes_on_and_is_written_once(store: Store, org: str) -> None:
    await configured(store, org)
    assert not await fill(store, org, cases=CASES, now_ms=START_MS, most=2)
    assert 0 < (await counts(store, org))["cases"] < CASES
    steps: list[int] = []
    whole: list[int] = []
    assert await fill(store, org, cases=CASES, now_ms=START_MS + 9, begin=whole.append, advance=steps.append)
    assert sum(steps) == whole[0]
    complete = await counts(store, org)
    assert complete["cases"] == CASES
    assert await fill(store, org, cases=CASES, now_ms=START_MS + 99)
    assert await counts(store, org) == complete
    assert (await listed(store, org, limit=1))[0].number == CASES
    case = (await opened(store, org)).case
    assert case is None or case.number == CASES + 1  # numbers go on
    found = (await store.customers.list(org, limit=50))[-1]
    view = await store.view.contact(org, found.id)
    assert view.addresses


async def test_somebody_s_own_data_are_left_alone_unless_told(store: Store, org: str) -> None:
    with pytest.raises(NotFound):
        await fill(store, org, cases=5, now_ms=START_MS)
    await configured(store, org)
    await opened(store, org)
    with pytest.raises(Conflict):
        await fill(store, org, cases=5, now_ms=START_MS)
    for size in (5, 6):
        assert await fill(store, org, cases=size, now_ms=START_MS, anyway=True)
    assert (await counts(store, org))["cases"] >= 11
