"""One call that the board cannot be told of is in no other's way."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from engine.clock import SystemClock
from engine.cti.engagement import Engagement
from engine.errors import NotFound
from engine.model.call import Call, CallPicture


class Record:
    """Owes two calls, of which the first is gone."""

    def __init__(self) -> None:
        self.settled_ids: list[str] = []

    async def owed(self, *, until_ms: int, limit: int) -> Sequence[Call]:
        names = ("gone", "here")
        return [
            Call(id=one, org_id="acme", channel="phone", source="pbx", reference=one, picture=CallPicture())
            for one in names[: limit if until_ms else 0]
        ]

    async def settled(self, call: Call) -> bool:
        if call.id == "gone":
            raise NotFound("there is no call gone", slug="unknown-call")
        self.settled_ids.append(call.id)
        return True


@pytest.mark.asyncio
async def test_a_call_that_cannot_be_told_of_is_in_no_others_way() -> None:
    record, nobody = Record(), cast("Any", None)
    role = Engagement(calls=cast("Any", record), work=nobody, board=nobody, recorder=nobody, clock=SystemClock())
    await role.step()
    assert record.settled_ids == ["here"]
