"""What is known to be in the record, and marks that are written now and then."""

import asyncio

from engine.agents.ledger import Ledger
from engine.agents.reading import Reading
from engine.errors import Unavailable
from engine.model.board import HeldItem
from engine.model.record import Applied
from engine.model.work import EventKind, RoutingEvent, WorkState
from tests.servers import eventually


def held(assignment: int = 7, state: WorkState = WorkState.ACTIVE, item_id: str = "w1") -> HeldItem:
    return HeldItem(
        item_id=item_id, interaction_id="i1", kind="chat", state=state, assignment=assignment, queue="q", since_ms=1
    )


def committed(kind: EventKind, assignment: int = 7, item_id: str = "w1") -> Applied:
    event = RoutingEvent(
        org_id="acme", epoch=1, seq=1, stream_id="1-0", at_ms=1, kind=kind, item_id=item_id, assignment=assignment
    )
    return Applied(event=event, fresh=True)


async def test_a_commit_is_known_at_once_and_a_later_one_covers_earlier_states() -> None:
    ledger = Ledger()
    assert not ledger.shows("acme", held())
    await ledger.follow([committed(EventKind.OFFERED)])
    assert not ledger.shows("acme", held())
    await ledger.follow([committed(EventKind.ACCEPTED)])
    assert ledger.shows("acme", held())
    assert not ledger.shows("acme", held(state=WorkState.WRAPUP))
    assert not ledger.shows("acme", held(assignment=8))
    assert not ledger.shows("other", held())
    await ledger.follow([committed(EventKind.CLOSED)])
    await ledger.follow([committed(EventKind.ACCEPTED)])  # late news take nothing back
    assert ledger.shows("acme", held(state=WorkState.WRAPUP))
    assert ledger.shows("acme", held(assignment=6))


async def test_a_commit_under_way_is_waited_for() -> None:
    ledger = Ledger()
    waiting = asyncio.create_task(ledger.shows_soon("acme", held()))
    await asyncio.sleep(0)
    await ledger.follow([committed(EventKind.ACCEPTED, item_id="w2")])
    await ledger.follow([committed(EventKind.ACCEPTED)])
    assert await waiting
    assert not await ledger.shows_soon("acme", held(assignment=9)), "and not for ever"


async def test_the_ledger_stays_small() -> None:
    ledger = Ledger(remembered=3)
    for number in range(10):
        await ledger.follow([committed(EventKind.ACCEPTED, item_id=f"w{number}")])
    assert ledger.shows("acme", held(item_id="w9"))
    assert not ledger.shows("acme", held(item_id="w0")), "forgotten: the record is asked"


class Marks:
    """Marks as written."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int]] = []
        self.away = False

    async def agent_mark(self, org_id: str, interaction_id: str, *, read_seq: int) -> None:
        if self.away:
            raise Unavailable("away")
        self.written.append((interaction_id, read_seq))


async def test_many_marks_cost_few_writes() -> None:
    marks = Marks()
    reading = Reading(org_id="acme", marks=marks, interval_s=60)
    task = asyncio.create_task(reading.run())
    reading.note("i1", 1)
    await eventually(lambda: marks.written == [("i1", 1)])
    for seq in range(2, 50):
        reading.note("i1", seq)
    reading.note("i1", 3)
    reading.note("i2", 9)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await reading.flush()
    assert marks.written == [("i1", 1), ("i1", 49), ("i2", 9)]
    marks.away = True
    reading.note("i1", 50)
    await reading.flush()
