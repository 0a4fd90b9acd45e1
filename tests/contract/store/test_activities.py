"""Activities: what is due first, whose it is, and that a reminder is given once."""

import asyncio

import pytest

from engine.errors import InvalidInput
from engine.model.activity import Activity, ActivityKind, ActivityStatus
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent, opened

HOUR_MS = 3_600_000


def task(org: str, number: int, **changes: object) -> Activity:
    given: dict[str, object] = {"due_ms": START_MS + number * HOUR_MS, **changes}
    return Activity(
        id=f"{org}-{number:04}",
        org_id=org,
        kind=ActivityKind.TASK,
        subject=f"Task {number}",
        created_ms=START_MS,
        **given,  # type: ignore[arg-type]
    )


async def test_the_agenda_is_in_the_order_of_due_times(store: Store, org: str) -> None:
    ana, ben = await agent(store, org), await agent(store, org, "ben")
    for number in (3, 1, 2):
        await store.activities.create(task(org, number, owner_id=ana.id))
    await store.activities.create(task(org, 4, owner_id=ben.id))
    await store.activities.create(task(org, 5, owner_id=ana.id, due_ms=0))
    await store.activities.create(task(org, 6, owner_id=ana.id, status=ActivityStatus.DONE))
    await store.activities.create(task(f"{org}-b", 7))

    async def numbers(owner_id: str, before_ms: int = START_MS * 2, after: tuple[int, str] = (0, "")) -> list[str]:
        found = await store.activities.agenda(org, owner_id=owner_id, due_before_ms=before_ms, limit=9, after=after)
        return [one.subject[5:] for one in found]

    assert await numbers(ana.id) == ["1", "2", "3"]
    assert await numbers("") == ["1", "2", "3", "4"]
    assert await numbers(ana.id, START_MS + 2 * HOUR_MS) == ["1"]
    assert await numbers(ana.id, after=(START_MS + HOUR_MS, f"{org}-0001")) == ["2", "3"]
    assert [one.subject for one in await store.activities.someday(org, owner_id=ana.id, limit=9)] == ["Task 5"]


async def test_what_an_activity_is_about_must_be_there(store: Store, org: str) -> None:
    result = await opened(store, org)
    assert result.case is not None
    about = {"case_id": result.case.id, "contact_id": result.contact.id}
    made = await store.activities.create(task(org, 1, **about))
    assert await store.activities.list(org, wanted=about, limit=9) == [made]
    assert await store.activities.list(f"{org}-b", wanted=about, limit=9) == []
    for name in ("case_id", "contact_id", "account_id", "owner_id"):
        with pytest.raises(InvalidInput, match=name):
            await store.activities.create(task(org, 2, **{name: "elsewhere"}))
    with pytest.raises(InvalidInput):
        await store.activities.create(task(f"{org}-b", 3, case_id=result.case.id))


async def test_a_reminder_is_given_once(store: Store, org: str) -> None:
    ana = await agent(store, org)
    due = await store.activities.create(task(org, 1, owner_id=ana.id, remind_ms=START_MS))
    await store.activities.create(task(org, 2, owner_id=ana.id, remind_ms=START_MS + 2))
    await store.activities.create(task(org, 3, owner_id=ana.id, remind_ms=START_MS, status=ActivityStatus.DONE))
    rounds = await asyncio.gather(*(store.activities.remind(org, now_ms=START_MS + 1, limit=9) for _ in range(4)))
    assert [one.id for told in rounds for one in told] == [due.id]
    (alert,) = await store.alerts.list(org, user_id=ana.id, supervisor=False)
    assert (alert.kind, alert.data["activity_id"]) == ("reminder", due.id)
    assert await store.alerts.list(org) == []
    again = await store.activities.get(org, due.id)
    await store.activities.change(
        org, due.id, version=again.version, changes={"remind_ms": START_MS + 1, "reminded_ms": 0}, now_ms=START_MS
    )
    assert len(await store.activities.remind(org, now_ms=START_MS + 1, limit=9)) == 1
