"""Saved views in the record: each sees his own, however many others keep."""

import pytest

from engine.model.saved_view import SavedView, Shared, ViewNoun
from engine.store.store import Store


def view(org: str, owner_id: str, number: int, shared: Shared = Shared.NOBODY) -> SavedView:
    return SavedView(
        id=f"{org}-{number:04}", org_id=org, noun=ViewNoun.CASE, name=f"{owner_id} {number}", owner_id=owner_id,
        shared=shared, filter={}, order="",
    )  # fmt: skip


async def test_views_of_others_push_nobodys_own_out(store: Store, org: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store.views.SHOWN", 2)
    for number in range(4):
        await store.views.create(view(org, "ana", number))
    for number in range(4, 7):
        await store.views.create(view(org, "ana", number, Shared.EVERYBODY))
    await store.views.create(view(org, "ben", 7))
    await store.views.create(view(f"{org}-2", "ben", 8, Shared.EVERYBODY))
    names = [one.name for one in await store.views.list(org, ViewNoun.CASE, "ben")]
    assert names == ["ana 4", "ana 5", "ben 7"]
    assert len(await store.views.list(org, ViewNoun.CASE, "ana")) == 7
