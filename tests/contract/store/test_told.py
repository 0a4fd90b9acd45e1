"""What other systems are told: history in order, without a gap; webhooks and where they stand."""

import itertools

import pytest

from engine.errors import NotFound
from engine.model.outside import Interest, Webhook
from engine.model.work import EventKind, RoutingEvent
from engine.store.store import Store
from tests.contract.store.building import START_MS
from tests.contract.store.test_work import Tale, added

NUMBERS = itertools.count(1)


async def places(store: Store, org: str, after: tuple[int, int] = (0, 0), limit: int = 100) -> list[tuple[int, int]]:
    return [one.place for one in await store.told.after(org, after, limit=limit)]


async def test_nothing_is_told_before_everything_before_it_is_known(store: Store, org: str) -> None:
    tale = Tale(await added(store, org, reference="erp-1"))
    events = [
        tale.tell(EventKind.ENQUEUED),
        tale.tell(EventKind.OFFERED, "a", 1),
        tale.tell(EventKind.ACCEPTED, "a", 1),
    ]
    await store.routing.apply(events[2:])
    assert await places(store, org) == []
    await store.routing.project(org, events[:1], cursor_id="1-0")
    assert await places(store, org) == [(1, 1)]
    await store.routing.project(org, events, cursor_id="3-0")
    assert await places(store, org) == [(1, 1), (1, 2), (1, 3)]
    assert await places(store, org, (1, 1), limit=1) == [(1, 2)]
    assert await store.told.place(org) == (1, 3)
    assert await store.told.places([org, "none"]) == {org: (1, 3)}
    (first, *_) = await store.told.after(org, (0, 0), limit=1)
    assert (first.reference, first.work_kind, first.event) == ("erp-1", "task", events[0])


async def test_a_new_epoch_goes_on_where_the_old_one_stopped(store: Store, org: str) -> None:
    tale = Tale(await added(store, org))
    first = tale.tell(EventKind.ENQUEUED)
    await store.routing.project(org, [first], cursor_id="1-0")
    tale.seq += 1  # one was lost with the board
    await store.routing.apply([tale.tell(EventKind.OFFERED, "a", 1)])
    epoch = await store.routing.begin_epoch(org, at_least=0)
    assert await places(store, org) == [(1, 1), (1, 3)]
    assert await places(store, org, (1, 3)) == []
    later = Tale(tale.item, epoch=epoch)
    await store.routing.project(org, [later.tell(EventKind.RESTORED, state="queued")], cursor_id="2-0")
    assert await places(store, org, (1, 1)) == [(1, 3), (epoch, 1)]


def hook(org: str, **changes: object) -> Webhook:
    values: dict[str, object] = {
        "id": f"{org}-{next(NUMBERS)}",
        "org_id": org,
        "name": "erp",
        "url": "https://erp.example/in",
        "secret": "erp",
        "created_ms": START_MS,
    }
    return Webhook(**{**values, **changes})  # type: ignore[arg-type]


async def project(store: Store, org: str, count: int, first: int = 1) -> None:
    events = [
        RoutingEvent(org_id=org, epoch=1, seq=first + n, stream_id="", at_ms=START_MS, kind=EventKind.PRESENCE)
        for n in range(count)
    ]
    await store.routing.project(org, events, cursor_id=f"{first + count}-0")


async def mine(store: Store, org: str, now_ms: int = START_MS) -> list[Webhook]:
    return [one for one in await store.webhooks.due(now_ms, limit=100) if one.org_id == org]


async def test_a_webhook_is_told_of_what_comes_after_it(store: Store, org: str) -> None:
    await project(store, org, 3)
    interest = Interest(kinds=frozenset({EventKind.CLOSED}), queues=frozenset({"sales"}))
    made = await store.webhooks.create(hook(org, interest=interest))
    assert (made.place, made.interest, made.active) == ((1, 3), interest, True)
    assert await mine(store, org) == []
    await project(store, org, 2, first=4)
    assert await mine(store, org) == [made]
    assert await store.webhooks.advance(made, (1, 5), now_ms=START_MS, told=True)
    assert not await store.webhooks.advance(made, (1, 4), now_ms=START_MS, told=True), "on an older belief"
    assert await mine(store, org) == []
    kept = await store.webhooks.get(org, made.id)
    assert (kept.place, kept.told_ms) == ((1, 5), START_MS)
    with pytest.raises(NotFound):
        await store.webhooks.get("another", made.id)


async def test_failures_are_counted_until_it_is_disabled(store: Store, org: str) -> None:
    made = await store.webhooks.create(hook(org))
    await project(store, org, 1)
    assert await store.webhooks.failed(made, fault="503", now_ms=10, next_try_ms=START_MS + 5, disable=False)
    assert await mine(store, org) == []
    (again,) = await mine(store, org, START_MS + 5)
    assert (again.failures, again.failing_since_ms, again.fault) == (1, 10, "503")
    assert await store.webhooks.failed(again, fault="503", now_ms=20, next_try_ms=0, disable=True)
    assert not await store.webhooks.failed(again, fault="503", now_ms=20, next_try_ms=0, disable=True)
    assert await mine(store, org, START_MS + 5) == []
    (alert,) = await store.alerts.list(org)
    assert (alert.kind, alert.data["webhook_id"]) == ("webhook-disabled", made.id)

    enabled = await store.webhooks.enable(org, made.id, place=None)
    assert (enabled.active, enabled.failures, enabled.failing_since_ms, enabled.place) == (True, 0, 0, made.place)
    assert [one.id for one in await mine(store, org)] == [made.id]
    enabled = await store.webhooks.enable(org, made.id, place=(1, 1))
    assert await mine(store, org) == []
    back = await store.webhooks.rewind(org, made.id, place=(0, 0))
    assert await mine(store, org) == [back]
    assert not await store.webhooks.advance(enabled, (1, 1), now_ms=1, told=True), "rewound meanwhile"


async def test_a_webhook_is_changed_and_forgotten(store: Store, org: str) -> None:
    made = await store.webhooks.create(hook(org))
    changed = await store.webhooks.change(hook(org, id=made.id, url="https://erp.example/2", name="new"))
    assert (changed.url, changed.name, changed.place) == ("https://erp.example/2", "new", made.place)
    assert await store.webhooks.list(org) == [changed]
    for _ in range(2):
        await store.webhooks.delete(org, made.id)
    assert await store.webhooks.list(org) == []
