"""Exports that are narrowed by a text look at so many rows a transaction, and miss none."""

import pytest

from engine.model.customer import Account, Contact
from engine.model.visibility import EVERYTHING
from engine.store.store import Store
from engine.store.transfer import exports
from tests.contract.store.building import START_MS

NAMES = [f"{'Rare' if number in (0, 4, 5, 9) else 'Other'} {number}" for number in range(10)]


async def exported(store: Store, org: str, noun: str, text: str, limit: int = 3) -> tuple[list[object], int]:
    """Return the names that are found, and how many transactions it took."""
    read, after, found, pages = getattr(store.exports, noun), "", list[object](), 0
    while True:
        rows, after = await read(org, after_id=after, limit=limit, text=text, source="", sight=EVERYTHING)
        assert len(rows) <= limit
        found += [row["name"] for row in rows]
        pages += 1
        if not after:
            return found, pages


async def filled(store: Store, org: str) -> None:
    for number, name in enumerate(NAMES):
        of = {"org_id": org, "name": name, "created_ms": START_MS}
        await store.customers.create(Contact(id=f"c{org}{number}", **of), ())  # type: ignore[arg-type]
        await store.accounts.create(Account(id=f"a{org}{number}", **of))  # type: ignore[arg-type]


RARE = [name for name in NAMES if name.startswith("Rare")]


@pytest.mark.parametrize("noun", ["contacts", "accounts"])
async def test_each_piece_is_bounded_and_none_is_missed(
    store: Store, org: str, monkeypatch: pytest.MonkeyPatch, noun: str
) -> None:
    monkeypatch.setattr(exports, "MOST_LOOKED_AT", 2)
    await filled(store, org)
    assert await exported(store, org, noun, "") == (NAMES, 4)
    assert await exported(store, org, noun, "rare") == (RARE, 6)
    assert await exported(store, org, noun, "nobody") == ([], 6)
    assert await exported(store, "another", noun, "rare") == ([], 1)


async def test_more_than_a_page_in_one_piece_goes_on_after_the_last_of_it(store: Store, org: str) -> None:
    await filled(store, org)
    assert await exported(store, org, "contacts", "rare", limit=2) == (RARE, 3)
