"""Each event is written and told of once in a process, but never less than that."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.errors import Unavailable
from engine.model.record import Applied
from engine.model.work import EventKind, RoutingEvent
from engine.wiring.recorder import Recorder


def event(seq: int, kind: EventKind = EventKind.ACCEPTED) -> RoutingEvent:
    return RoutingEvent(org_id="acme", epoch=1, seq=seq, stream_id=f"{seq}-0", at_ms=1, kind=kind, item_id="w1")


class House:
    """The record and a follower that may fail."""

    def __init__(self, remembered: int = 100) -> None:
        self.written: list[int] = []
        self.told: list[int] = []
        self.fails = False
        self.recorder = Recorder(history=self, follow=[self.follow], remembered=remembered)

    async def apply(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        self.written += [one.seq for one in events]
        return [Applied(event=one, fresh=True) for one in events]

    async def follow(self, applied: Sequence[Applied]) -> None:
        if self.fails:
            raise Unavailable("away")
        self.told += [one.event.seq for one in applied]


async def test_what_a_command_wrote_is_not_written_and_told_again() -> None:
    house = House()
    await house.recorder.record([event(1), event(2)])
    await house.recorder.record([event(2), event(3)])
    await house.recorder.emit([Applied(event=event(one), fresh=False) for one in (1, 2, 3, 4)])
    assert house.written == [1, 2, 3]
    assert house.told == [1, 2, 3, 4], "the projector alone brought the last one"


async def test_what_could_not_be_told_is_told_by_the_next() -> None:
    house = House()
    house.fails = True
    with pytest.raises(Unavailable):
        await house.recorder.record([event(1)])
    house.fails = False
    await house.recorder.emit([Applied(event=event(1), fresh=False)])
    assert house.told == [1]


async def test_another_story_under_a_known_number_goes_to_the_record() -> None:
    house = House()
    await house.recorder.record([event(1)])
    await house.recorder.record([event(1, EventKind.ENDED)])
    await house.recorder.record([replace(event(1), epoch=2)])
    assert house.written == [1, 1, 1], "the record judges it"


async def test_memory_is_bounded() -> None:
    house = House(remembered=2)
    for seq in (1, 2, 3):
        await house.recorder.record([event(seq)])
    await house.recorder.record([event(1), event(3)])
    assert house.written == [1, 2, 3, 1]
