"""Reception: commit first, then the board; a board that is away is no error to the visitor."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.errors import NotFound, Refused, Unavailable
from engine.intake.reception import Reception
from engine.intake.reroute import Rerouting
from engine.intake.sweep import Sweep
from engine.model.conversation import Arrival, Availability, EntryKind
from engine.model.hours import Hours, Period
from engine.model.organisation import Organisation
from engine.model.work import EventKind, Outcome, Requirement, WorkItem, WorkState
from tests.organisations import small_organisation
from tests.unit.intake.desk import Board, Record, Recorder, StillClock, Teller


class Place:
    """A reception with everything around it."""

    def __init__(self) -> None:
        self.record, self.board, self.recorder, self.teller = Record(), Board(), Recorder(), Teller()
        self.clock = StillClock()
        self.organisation = small_organisation()
        self.reception = Reception(
            record=self.record,
            router=self.board,
            organisations=self,
            recorder=self.recorder,
            transcript=self.teller,
            clock=self.clock,
        )
        self.rerouting = Rerouting(
            record=self.record,
            router=self.board,
            recorder=self.recorder,
            organisations=self,
            conclude=self.reception.conclude,
            clock=self.clock,
        )
        self.sweep = self.new_sweep()

    def new_sweep(self, limit: int = 500) -> Sweep:
        """Return a sweep as it is after a start."""
        return Sweep(
            arrivals=self.record,
            router=self.board,
            reroute=self.rerouting,
            turn_away=self.reception.turn_away,
            organisations=self,
            clock=self.clock,
            limit=limit,
        )

    def all(self) -> list[Organisation]:
        return [self.organisation]

    def get(self, org_id: str) -> Organisation:
        if org_id != self.organisation.id:
            raise NotFound("no such organisation", slug="unknown-organisation")
        return self.organisation


ARRIVAL = Arrival(org_id="acme", channel="web", conversation_key="k", token_hash="k", body="hello", client_id="c")


@pytest.fixture
def place() -> Place:
    return Place()


async def test_an_arrival_is_committed_told_and_enqueued_once(place: Place) -> None:
    first = await place.reception.open(ARRIVAL)
    again = await place.reception.open(ARRIVAL)
    assert (first.repeated, again.repeated) == (False, True)
    assert first.interaction == again.interaction
    assert place.board.items == {"w1": "queued"}
    assert [one.body for one in place.teller.told] == ["hello"]


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.NO_BOARD, Outcome.UNKNOWN_QUEUE])
async def test_a_board_that_is_away_or_unwilling_is_no_error_and_the_sweep_makes_it_good(
    place: Place, outcome: Outcome
) -> None:
    place.board.away, place.board.outcome = outcome is Outcome.OK, outcome
    assert (await place.reception.open(ARRIVAL)).item is not None
    assert place.board.items == {}
    place.board.away, place.board.outcome = False, Outcome.OK
    await place.sweep.step()
    assert place.board.items == {"w1": "queued"}


async def test_the_sweep_takes_everything_at_start_and_later_only_what_is_old(place: Place) -> None:
    place.board.away = True
    await place.reception.open(ARRIVAL)
    with pytest.raises(Unavailable):
        await place.sweep.step()
    place.board.away = False
    await place.sweep.step()
    assert place.board.items == {"w1": "queued"}
    await place.record.open_interaction(
        replace(ARRIVAL, conversation_key="k2"),
        kind="chat",
        plan=place.reception._classify(ARRIVAL)[0],
        case_policy=place.organisation.channels["web"].case_policy,
        now_ms=place.clock.now_ms(),
    )
    await place.sweep.step()
    assert "w2" not in place.board.items
    place.clock.at_ms += 2_001
    await place.sweep.step()
    assert place.board.items["w2"] == "queued"


async def test_one_organisations_board_that_is_away_holds_up_no_other(place: Place) -> None:
    plan, policy = place.reception._classify(ARRIVAL)[0], place.organisation.channels["web"].case_policy
    for org_id in ("other", ARRIVAL.org_id):
        await place.record.open_interaction(
            replace(ARRIVAL, org_id=org_id), kind="chat", plan=plan, case_policy=policy, now_ms=place.clock.now_ms()
        )
    place.board.rebuilding = {"other"}
    await place.sweep.step()
    assert place.board.items == {"w2": "queued"}
    place.board.rebuilding.clear()
    place.clock.at_ms += 2_001
    await place.sweep.step()
    assert place.board.items == {"w1": "queued", "w2": "queued"}


async def test_what_cannot_be_enqueued_is_in_nobodys_way(place: Place) -> None:
    plan, policy = place.reception._classify(ARRIVAL)[0], place.organisation.channels["web"].case_policy
    for number in range(7):
        org_id = "acme" if number == 6 else "not-served"
        arrival = replace(ARRIVAL, org_id=org_id, conversation_key=f"k{number}")
        await place.record.open_interaction(
            arrival, kind="chat", plan=plan, case_policy=policy, now_ms=place.clock.now_ms() + number
        )
    place.clock.at_ms += 10
    place.board.unknown = {"not-served": {"sales"}}
    sweep = place.new_sweep(limit=2)
    for _ in range(4):
        await sweep.step()
    assert place.board.items == {"w7": "queued"}
    place.board.unknown = {}
    place.clock.at_ms += 2_001
    for _ in range(4):
        await sweep.step()
    assert len(place.board.items) == 7, "from the beginning again"


async def test_pending_work_of_a_removed_queue_is_classified_again(place: Place) -> None:
    place.board.away = True
    await place.reception.open(ARRIVAL)
    place.board.away = False
    remove_sales(place)
    await place.sweep.step()
    assert place.board.items == {"w1": "queued"}
    assert place.board.queues == {"w1": "support"}


async def test_work_that_waits_in_a_removed_queue_is_moved(place: Place) -> None:
    await place.reception.open(ARRIVAL)
    remove_sales(place)
    await place.sweep.step()
    assert place.board.queues == {"w1": "support"}


@pytest.mark.parametrize("away", [True, False])
async def test_work_without_queue_and_channel_is_refused(place: Place, *, away: bool) -> None:
    place.board.away = away
    await place.reception.open(ARRIVAL)
    place.board.away = False
    remove_sales(place)
    place.organisation = replace(place.organisation, channels={}, version=3)
    await place.sweep.step()
    refused = (place.record.closed, place.board.reasons)
    assert refused == ([("i1", "refused")], {}) if away else ([], {"w1": "refused"})


async def test_a_board_that_knows_of_no_change_yet_decides_nothing(place: Place) -> None:
    place.board.unknown = {"acme": {"sales"}}
    await place.reception.open(ARRIVAL)
    await place.sweep.step()
    assert place.board.items == {}
    assert place.record.closed == []


def remove_sales(place: Place) -> None:
    """Take the queue that the channel named out of the configuration, on the board as well."""
    queues = {"support": place.organisation.queues["support"]}
    channels = {"web": replace(place.organisation.channels["web"], queue="support")}
    place.organisation = replace(place.organisation, queues=queues, channels=channels, version=2)
    place.board.unknown = {"acme": {"sales"}}


async def test_availability(place: Place) -> None:
    async def look() -> Availability:
        return (await place.reception.prospect("acme", "web")).state

    assert await look() is Availability.OPEN
    place.board.staff = 0
    assert await look() is Availability.UNSTAFFED
    place.board.away = True
    assert await look() is Availability.OPEN
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    place.clock.at_ms = int(sunday.timestamp() * 1000)
    monday = Hours(periods=(Period(weekday=0, start_minute=0, end_minute=1_440),))
    queues = {key: replace(queue, hours=monday) for key, queue in place.organisation.queues.items()}
    place.organisation = replace(place.organisation, queues=queues)
    assert await look() is Availability.CLOSED
    with pytest.raises(NotFound):
        await place.reception.prospect("acme", "fax")
    with pytest.raises(NotFound):
        await place.reception.prospect("nobody", "web")


async def test_who_listens_does_so_before_the_item_is_on_the_board(place: Place) -> None:
    heard: list[tuple[str, dict[str, str]]] = []
    for _ in range(2):  # a repeat is nothing new
        await place.reception.open(ARRIVAL, listen=lambda new: heard.append((new, dict(place.board.items))))
    assert heard == [("i1", {})]
    assert place.board.items == {"w1": "queued"}


async def test_a_message_left_has_no_work_item(place: Place) -> None:
    assert (await place.reception.leave_message(ARRIVAL)).item is None
    assert place.board.items == {}


async def test_concluding_takes_the_item_off_the_board_once(place: Place) -> None:
    await place.reception.open(ARRIVAL)
    await place.reception.conclude("acme", "i1", "visitor")
    await place.reception.conclude("acme", "i1", "visitor")
    assert place.board.items == {"w1": "closed"}
    assert [one.kind for one in place.recorder.events] == [EventKind.ABANDONED]


async def test_concluding_what_is_pending_goes_over_the_board(place: Place) -> None:
    place.board.away = True
    await place.reception.open(ARRIVAL)
    with pytest.raises(Unavailable):
        await place.reception.conclude("acme", "i1", "gone")
    place.board.away = False
    await place.reception.conclude("acme", "i1", "gone")
    assert [one.kind for one in place.recorder.events] == [EventKind.ENQUEUED, EventKind.ABANDONED]


async def test_concluding_a_known_item_asks_the_record_only_where_the_board_knows_it_not(place: Place) -> None:
    await place.reception.open(ARRIVAL)
    await place.reception.conclude("acme", "i1", "visitor", item_id="w0")
    assert place.board.items == {"w1": "closed"}
    await place.reception.conclude("acme", "unread", "visitor", item_id="w1")
    assert [one.kind for one in place.recorder.events] == [EventKind.ABANDONED]


@pytest.mark.parametrize(
    ("outcome", "error"),
    [(Outcome.NO_BOARD, Unavailable), (Outcome.STALE_EPOCH, Unavailable), (Outcome.INVALID, Refused)],
)
async def test_what_the_board_refuses_is_said(place: Place, outcome: Outcome, error: type[Exception]) -> None:
    await place.reception.open(ARRIVAL)
    place.board.outcome = outcome
    with pytest.raises(error):
        await place.reception.conclude("acme", "i1", "visitor")


async def test_concluding_without_a_work_item_closes_and_tells(place: Place) -> None:
    await place.reception.conclude("acme", "i9", "visitor")
    await place.reception.conclude("acme", "i9", "visitor")
    assert [one.kind for one in place.teller.told] == [EntryKind.ENDED]


async def test_other_systems_work_whose_queue_is_gone_is_taken_off(place: Place) -> None:
    work = WorkItem(id="w9", org_id="acme", kind="chat", queue="gone", requirement=Requirement(), created_ms=1)
    assert await place.rerouting.pending(work) is None
    assert place.record.refused == {"w9": "refused"}
    place.board.items["w9"] = "queued"
    assert await place.rerouting._plan(place.organisation, replace(work, state=WorkState.QUEUED)) is None
    assert place.board.reasons == {"w9": "refused"}
