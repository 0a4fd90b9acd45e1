"""What the board cannot be told of one call, or of one organisation's, is in no other's way."""

from collections.abc import Collection, Sequence
from typing import Any, cast

import pytest

from engine.clock import SystemClock
from engine.cti import engagement
from engine.cti.engagement import Engagement
from engine.errors import NotFound, Unavailable
from engine.model.call import Call, CallPicture


class Record:
    """Owes calls: of those named gone there is nothing, and the board of the organisation away is away."""

    def __init__(self, *owed: tuple[str, str]) -> None:
        self.calls = [
            Call(id=one, org_id=org_id, channel="phone", source="pbx", reference=one, picture=CallPicture())
            for org_id, one in owed
        ]
        self.asked = 0
        self.settled_ids: list[str] = []

    async def owed(
        self, *, until_ms: int, limit: int, after: Call | None = None, without: Collection[str] = ()
    ) -> Sequence[Call]:
        self.asked += 1
        start = self.calls.index(after) + 1 if after is not None else 0
        return [one for one in self.calls[start:] if one.org_id not in without][: limit if until_ms else 0]

    async def settled(self, call: Call) -> bool:
        if call.org_id == "away":
            raise Unavailable("no board")
        if call.id.startswith("gone"):
            raise NotFound(f"there is no call {call.id}", slug="unknown-call")
        self.settled_ids.append(call.id)
        return True


async def step(record: Record) -> None:
    nobody = cast("Any", None)
    role = Engagement(calls=cast("Any", record), work=nobody, board=nobody, recorder=nobody, clock=SystemClock())
    await role.step()


@pytest.mark.asyncio
async def test_a_call_that_cannot_be_told_of_is_in_no_others_way() -> None:
    record = Record(("acme", "gone"), ("acme", "here"))
    await step(record)
    assert record.settled_ids == ["here"]


@pytest.mark.asyncio
async def test_neither_many_of_a_board_that_is_away_nor_many_that_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engagement, "LIMIT", 3)
    away = [("away", f"a{number}") for number in range(9)]
    gone = [("acme", f"gone{number}") for number in range(5)]
    record = Record(*away, *gone, ("acme", "here"), ("other", "there"))
    await step(record)
    assert record.settled_ids == ["here", "there"]
    assert record.asked == 4  # the away ones are asked for once only
