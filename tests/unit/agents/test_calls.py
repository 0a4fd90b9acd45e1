"""A socket's calls: sent when they are others, popped once, and none for who has no telephone."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.agents.calls import CallsView
from engine.errors import Unavailable
from engine.model.call import Call, CallPicture, Leg, LegState
from engine.model.organisation import Organisation, Role
from engine.model.pop import AgentCall, Match, Pop, PopBy
from engine.model.transfer import Noun
from engine.model.user import Principal
from engine.model.visibility import EVERYTHING, Sight
from engine.model.voice import Phone, PopAction
from tests.organisations import small_organisation
from tests.servers import eventually

VERA = Match(kind=Noun.CONTACT, id="v", title="Vera")
LEG = Leg(leg_id="201", party="201", agent_id="u", state=LegState.RINGING, rang_ms=1_000, since_ms=1_000)
PICTURE = CallPicture(from_number="+441632960001", legs=(LEG,))
CALL = Call(
    id="c", org_id="acme", channel="phone", source="pbx", reference="7", picture=PICTURE, contact_id="v",
    interaction_id="i",
)  # fmt: skip
WHO = Principal(user_id="u", org_id="acme", login="ana", name="Ana", role=Role.AGENT, via="session")


class Book:
    """A record with calls that change."""

    def __init__(self) -> None:
        self.calls: list[AgentCall] = []
        self.asked = 0
        self.popped = 0
        self.away = False

    async def of_agent(self, org_id: str, agent_id: str) -> Sequence[AgentCall]:
        assert (org_id, agent_id) == ("acme", "u")
        self.asked += 1
        if self.away:
            raise Unavailable("The record is away.", slug="store-busy")
        return self.calls

    async def pop(self, call: Call, *, agent_id: str, sight: Sight) -> Pop:
        assert (agent_id, sight) == ("u", EVERYTHING)
        self.popped += 1
        return Pop(action=PopAction.MATCH, by=PopBy.NUMBER, open=VERA, matches=(VERA,))


class Organisations:
    """One organisation, in which ana has a telephone or has none."""

    def __init__(self, phone: Phone) -> None:
        base = small_organisation("acme")
        self._organisation = replace(base, agents={"ana": replace(next(iter(base.agents.values())), phone=phone)})

    def get(self, org_id: str) -> Organisation:
        assert org_id == "acme"
        return self._organisation


class Seat:
    """A running view with what it sent."""

    def __init__(self, phone: Phone) -> None:
        self.book = Book()
        self.frames: list[dict[str, Any]] = []
        self.view = CallsView(
            who=WHO,
            book=self.book,
            organisations=Organisations(phone),
            sight=lambda: EVERYTHING,
            send=lambda text: self.frames.append(json.loads(text)),
        )

    async def look(self) -> None:
        """Let it look once more."""
        before = self.book.asked
        self.view.wake()
        await eventually(lambda: self.book.asked > before)


async def running(seat: Seat, story: Any) -> None:
    task = asyncio.create_task(seat.view.run())
    try:
        await story()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio
async def test_calls_are_told_when_they_are_others_and_pop_once() -> None:
    seat = Seat(Phone(extension="201"))

    async def story() -> None:
        await eventually(lambda: seat.frames == [{"type": "calls", "calls": []}])
        seat.book.calls = [AgentCall(call=CALL, leg=LEG, ahead_ms=500, contact_name="Vera")]
        await seat.look()
        await eventually(lambda: len(seat.frames) == 2)
        (told,) = seat.frames[1]["calls"]
        assert (told["number"], told["contact_name"], told["leg_state"]) == ("+441632960001", "Vera", "ringing")
        assert (told["rang_at"], told["answered_at"]) == ("1970-01-01T00:00:01.500Z", None)
        assert told["pop"]["open"] == {"kind": "contact", "id": "v", "title": "Vera", "number": 0}
        await seat.look()
        talks = replace(LEG, state=LegState.TALKING, answered_ms=3_000, since_ms=3_000)
        seat.book.calls = [replace(seat.book.calls[0], leg=talks, call=replace(CALL, items={"201": "w"}))]
        await seat.look()
        await eventually(lambda: len(seat.frames) == 3)
        (told,) = seat.frames[2]["calls"]
        assert (told["leg_state"], told["item_id"], seat.book.popped) == ("talking", "w", 1)
        more = replace(CALL, picture=replace(PICTURE, given={"account": "K-7"}))
        seat.book.calls = [replace(seat.book.calls[0], call=more)]
        await seat.look()
        await eventually(lambda: len(seat.frames) == 4)
        assert seat.book.popped == 2
        seat.book.calls = []
        await seat.look()
        await eventually(lambda: seat.frames[-1]["calls"] == [])

    await running(seat, story)


@pytest.mark.asyncio
async def test_who_has_no_telephone_is_asked_for_by_nobody() -> None:
    seat = Seat(Phone())

    async def story() -> None:
        seat.view.wake()
        for _ in range(20):
            await asyncio.sleep(0)
        assert (seat.book.asked, seat.frames) == (0, [])

    await running(seat, story)


@pytest.mark.asyncio
async def test_a_record_that_is_away_is_asked_again() -> None:
    seat = Seat(Phone(extension="201"))
    seat.book.away = True

    async def story() -> None:
        await eventually(lambda: seat.book.asked == 1)
        seat.book.away = False
        seat.view.wake()
        await eventually(lambda: len(seat.frames) == 1)

    await running(seat, story)
