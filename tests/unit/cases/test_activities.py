"""What an activity may be and become."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from engine.cases.activities import Activities
from engine.errors import Conflict, InvalidInput
from engine.model.activity import ACTIVITY_CHANGES, Activity, ActivityKind, ActivityStatus

TASK = Activity(id="a", org_id="o", kind=ActivityKind.TASK, subject="Call back")
EVENT = replace(TASK, kind=ActivityKind.EVENT, starts_ms=5, ends_ms=9)


class Seven:
    """Say that it is seven."""

    def now_ms(self) -> int:
        return 7


class Record:
    """Hold one activity."""

    def __init__(self, activity: Activity) -> None:
        self.kept = activity

    async def get(self, org_id: str, noun_id: str) -> Activity:
        return self.kept

    async def create(self, noun: Activity) -> Activity:
        self.kept = noun
        return noun

    async def change(
        self, org_id: str, noun_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> Activity:
        self.kept = replace(self.kept, **changes)  # type: ignore[arg-type]
        return self.kept


def stage(activity: Activity) -> Activities:
    return Activities(record=Record(activity), clock=Seven(), new_id=lambda: "n")  # type: ignore[arg-type]


async def test_an_event_is_due_when_it_starts() -> None:
    made = await stage(TASK).add(EVENT)
    assert made.due_ms == 5
    moved = await stage(made).change("o", "a", version=1, changes={"starts_ms": 6})
    assert moved.due_ms == 6


@pytest.mark.parametrize("wrong", [{"starts_ms": 0}, {"ends_ms": 4}, {"kind": ActivityKind.TASK}])
async def test_times_must_fit(wrong: Mapping[str, object]) -> None:
    with pytest.raises(InvalidInput):
        await stage(TASK).add(replace(EVENT, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("before", ActivityStatus)
@pytest.mark.parametrize("after", ActivityStatus)
async def test_a_status_changes_as_the_table_says(before: ActivityStatus, after: ActivityStatus) -> None:
    one = stage(replace(TASK, status=before))
    if after is not before and after not in ACTIVITY_CHANGES[before]:
        with pytest.raises(Conflict, match="cannot become"):
            await one.change("o", "a", version=1, changes={"status": after})
        return
    changed = await one.change("o", "a", version=1, changes={"status": after})
    assert changed.done_ms == (7 if after is ActivityStatus.DONE and before is not after else 0)


async def test_a_new_reminder_is_given_again() -> None:
    one = replace(TASK, remind_ms=3, reminded_ms=4)
    assert (await stage(one).change("o", "a", version=1, changes={"subject": "Call"})).reminded_ms == 4
    assert (await stage(one).change("o", "a", version=1, changes={"remind_ms": 8})).reminded_ms == 0
