"""What agents see of the work that waits in their queues."""

from engine.model.work import EventKind
from engine.store.store import Store
from tests.contract.store.test_work import Tale, added


async def test_the_oldest_that_wait_are_listed_by_queue(store: Store, org: str) -> None:
    first, second, pending = [await added(store, org, reference=name) for name in ("one", "two", "three")]
    for one, epoch in ((first, 1), (second, 2)):
        await store.routing.apply([Tale(one, epoch=epoch).tell(EventKind.ENQUEUED)])
    found = await store.work.waiting(org, ["sales", "support"], limit=9)
    assert [(one.item.reference, one.contact_name, one.topic) for one in found] == [("one", "", ""), ("two", "", "")]
    assert pending.id not in {one.item.id for one in found}
    assert [one.item.id for one in await store.work.waiting(org, ["sales"], limit=1)] == [first.id]
    assert await store.work.waiting(org, ["support"], limit=9) == []
