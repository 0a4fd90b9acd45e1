"""Presence, delivery, the floor and the outbox, each on its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from engine.agents.delivery import Delivery
from engine.agents.floor import Floor
from engine.agents.outbox import Outbox, WireClosed
from engine.agents.presence import Presence, heartbeat_ms
from engine.conversations.fanout import decode, encode
from engine.conversations.hub import Hub
from engine.errors import Unavailable
from engine.model.case import Case
from engine.model.job import ChosenCase, Job, JobKind
from engine.model.organisation import Organisation, Role
from engine.model.record import BoardMark
from engine.model.signal import AlertRaised, CallMoved, DeskSignal, JobMoved, Signal
from engine.model.user import Principal
from engine.model.work import EventKind, Outcome, Reply, RoutingEvent
from tests.organisations import small_organisation
from tests.servers import eventually


class Time:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms


class Book:
    """One organisation."""

    def get(self, org_id: str) -> Organisation:
        return small_organisation(org_id, lease_ms=20_000)


class Leases:
    """The board's leases: what was asked, and whether the board is there."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.away = False
        self.faults: dict[str, Exception] = {}  # by organisation, of renewals
        self.outcome = Outcome.OK

    async def connect_agent(self, *args: str) -> Reply:
        return self._answer("connect", *args)

    async def disconnect_agent(self, *args: str) -> Reply:
        return self._answer("disconnect", *args)

    async def renew(self, org_id: str, leases: Sequence[tuple[str, str]]) -> Reply:
        if org_id in self.faults:
            raise self.faults[org_id]
        return self._answer("renew", org_id, tuple(leases))

    async def record(self, events: Sequence[RoutingEvent]) -> None:
        return None

    def renewed(self) -> list[tuple[str, str]]:
        """Return the leases of the last renewal."""
        kind, _, leases = self.asked[-1]
        assert kind == "renew"
        return list(leases)

    def _answer(self, *asked: object) -> Reply:
        if self.away:
            raise Unavailable("away")
        self.asked.append(asked)
        return Reply(outcome=self.outcome)


class Watchman:
    """Presence with what it works on."""

    def __init__(self) -> None:
        self.board, self.clock = Leases(), Time()
        self.presence = Presence(board=self.board, recorder=self.board, organisations=Book(), clock=self.clock)


async def test_leases_are_renewed_together_while_hearts_beat() -> None:
    man = Watchman()
    await man.presence.open("acme", "ana", "s1")
    await man.presence.open("acme", "ben", "s2")
    assert await man.presence.step() == 0.25
    assert man.board.renewed() == [("ana", "s1"), ("ben", "s2")]
    man.clock.ms += 4_999
    await man.presence.step()
    assert [one[0] for one in man.board.asked].count("renew") == 1, "a quarter of the lease has not gone by"
    man.clock.ms += 15_002
    man.presence.beat("s2")
    await man.presence.step()
    assert man.board.renewed() == [("ben", "s2")], "a silent client's lease is left to lapse"
    await man.presence.close("s2")
    await man.presence.close("s2")
    assert [one[0] for one in man.board.asked].count("disconnect") == 1


async def test_the_first_socket_does_not_wait_for_a_renewal() -> None:
    man = Watchman()
    assert await man.presence.step() == 0.25, "a lease may be short"
    await man.presence.open("acme", "ana", "s1")
    await man.presence.step()
    assert man.board.renewed() == [("ana", "s1")]


async def test_a_silent_client_is_asked_for_a_sign_of_life_and_a_lively_one_is_not() -> None:
    man = Watchman()
    await man.presence.open("acme", "ana", "s1")
    await man.presence.open("acme", "ben", "s2")
    man.clock.ms += 7_501  # a heartbeat is due each five seconds
    man.presence.beat("s2")
    asked = asyncio.Event()
    lively = asyncio.create_task(man.presence.nudge("s2", lambda: pytest.fail("nobody was silent")))
    silent = asyncio.create_task(man.presence.nudge("s1", asked.set))
    async with asyncio.timeout(20):
        await asked.wait()
    for task in (lively, silent):
        task.cancel()
    assert [type(end) for end in await asyncio.gather(lively, silent, return_exceptions=True)] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
    ]


async def test_a_board_that_is_away_costs_nobody_the_socket() -> None:
    man = Watchman()
    man.board.away = True
    await man.presence.open("acme", "ana", "s1")
    assert await man.presence.step() == 0.25
    man.board.away = False
    man.clock.ms += 250
    await man.presence.step()
    assert man.board.asked == [("renew", "acme", (("ana", "s1"),))], "renewing takes the lease that could not be taken"
    man.board.away = True
    await man.presence.close("s1")


@pytest.mark.parametrize("fault", [Unavailable("away"), ValueError("a mistake of ours")])
async def test_one_organisations_fault_is_its_own(fault: Exception) -> None:
    man = Watchman()
    for org_id in ("acme", "bolt", "core"):
        await man.presence.open(org_id, "ana", f"s-{org_id}")
    man.board.faults["bolt"] = fault
    with capture_logs() as logs:
        for _ in range(3):
            await man.presence.step()
            man.clock.ms += 250
    asked = [one[1] for one in man.board.asked if one[0] == "renew"]
    assert asked == ["acme", "core"], "the third is not held up by the second"
    assert [(one["org"], one["retry_in_ms"]) for one in logs] == [("bolt", 250), ("bolt", 500)]
    del man.board.faults["bolt"]
    man.clock.ms += 500
    await man.presence.step()
    assert man.board.asked[-1] == ("renew", "bolt", (("ana", "s-bolt"),))


async def test_a_user_who_is_no_agent_has_no_lease() -> None:
    man = Watchman()
    man.board.outcome = Outcome.UNKNOWN_AGENT
    await man.presence.open("acme", "sue", "s1")
    await man.presence.step()
    assert [one[0] for one in man.board.asked] == ["connect"]


@pytest.mark.parametrize(("lease_ms", "beat_ms"), [(20_000, 5_000), (60_000, 5_000), (1_000, 250), (10, 25)])
def test_several_heartbeats_fit_into_a_lease(lease_ms: int, beat_ms: int) -> None:
    assert heartbeat_ms(small_organisation(lease_ms=lease_ms)) == beat_ms


class Tab:
    """One socket as the floor sees it."""

    def __init__(self, user_id: str, role: Role = Role.AGENT, key: str = "k") -> None:
        self.who = Principal(org_id="acme", user_id=user_id, login=user_id, name=user_id, role=role, via="session")
        self.login_key = key
        self.sees_all = True
        self.heard: list[str] = []

    def wake(self) -> None:
        self.heard.append("wake")

    def wake_alerts(self) -> None:
        self.heard.append("alerts")

    def wake_calls(self) -> None:
        self.heard.append("calls")

    def tell(self, text: str) -> None:
        self.heard.append(text)

    def case_changed(self, case: Case | None, interaction_id: str) -> None:
        self.heard.append(f"case {case.id if case else interaction_id}")

    def stop(self, code: int, reason: str) -> None:
        self.heard.append(f"stop {code}")


def routing_event(kind: EventKind, seq: int = 1, **about: str) -> RoutingEvent:
    return RoutingEvent(org_id="acme", epoch=1, seq=seq, stream_id=f"{seq}-0", at_ms=1, kind=kind, **about)  # type: ignore[arg-type]


class Stream:
    """Events as a test gives them, and where reading began."""

    def __init__(self) -> None:
        self.batches: list[list[RoutingEvent] | Exception] = []
        self.read_after: list[str] = []
        self.mark = BoardMark(epoch=1, seq=5, stream_id="5-0")

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> list[RoutingEvent]:
        self.read_after.append(after_stream_id)
        batch = self.batches.pop(0) if self.batches else []
        if isinstance(batch, Exception):
            raise batch
        return batch

    async def cursor(self, org_id: str) -> BoardMark:
        return self.mark


async def test_an_event_wakes_whom_it_concerns() -> None:
    floor, stream = Floor(), Stream()
    ana, ben, sue = Tab("ana"), Tab("ben"), Tab("sue", Role.SUPERVISOR)
    for tab in (ana, ben, sue):
        floor.add(tab)
    floor.place_items(ben, (), {"w1"})
    delivery = Delivery(org_id="acme", stream=stream, cursor=stream, floor=floor)
    await delivery.step()
    for tab in (ana, ben, sue):
        assert tab.heard == ["wake"], "at first everybody looks"
        tab.heard.clear()
    stream.batches = [[routing_event(EventKind.ACCEPTED, 6, agent_id="ana", item_id="w1")]]
    await delivery.step()
    assert (ana.heard, ben.heard, sue.heard) == (["wake"], ["wake"], [])
    stream.batches = [[routing_event(EventKind.REPRIORITISED, 7, item_id="w2")]]
    await delivery.step()
    assert sue.heard == ["alerts"]
    await delivery.step()
    assert stream.read_after == ["5-0", "5-0", "6-0", "7-0"]


async def test_after_a_fault_everybody_looks_again() -> None:
    floor, stream = Floor(), Stream()
    ana = Tab("ana")
    floor.add(ana)
    delivery = Delivery(org_id="acme", stream=stream, cursor=stream, floor=floor)
    await delivery.step()
    stream.batches = [Unavailable("away")]
    with pytest.raises(Unavailable):
        await delivery.step()
    stream.mark = BoardMark(epoch=2, seq=0, stream_id="0-0")
    await delivery.step()
    assert ana.heard == ["wake", "wake"]
    assert stream.read_after[-1] == "0-0", "from where the record is now"


def test_the_floor_forgets_what_left() -> None:
    floor = Floor()
    one, two = Tab("ana", key="a"), Tab("ana", key="b")
    for tab in (one, two):
        floor.add(tab)
        floor.place_items(tab, (), {"w1", "w2"})
    assert len(floor) == 2
    floor.stop_user("acme", "ana", login_key="a", reason="signed out")
    assert (one.heard, two.heard) == (["stop 1008"], [])
    floor.place_items(one, {"w1", "w2"}, ())
    floor.remove(one)
    floor.remove(one)
    assert len(floor) == 1
    floor.wake("acme", item_id="w1")
    assert two.heard == ["wake"]
    floor.stop_all()
    assert two.heard[-1] == "stop 1012"
    floor.place_items(two, {"w1", "w2"}, ())
    floor.remove(two)
    assert floor._items == {}
    assert floor.of_organisation("acme") == []


class Pipe:
    """A wire that takes nothing until opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.sent: list[str] = []

    async def receive(self) -> str:
        raise WireClosed

    def send_at_once(self, text: str) -> bool:
        return False

    async def send(self, text: str) -> None:
        await self.open.wait()
        self.sent.append(text)

    async def close(self, code: int, reason: str) -> None:
        return None


async def test_an_outbox_takes_so_much_and_no_more() -> None:
    outbox, pipe = Outbox(max_frames=3), Pipe()
    task = asyncio.create_task(outbox.run(pipe))
    await asyncio.sleep(0)
    assert outbox.put("in the pipe")
    await asyncio.sleep(0)
    assert [outbox.put(str(number)) for number in range(5)] == [True, True, True, False, False]
    pipe.open.set()
    await outbox.drained()
    assert pipe.sent == ["in the pipe", "0", "1", "2"]
    assert outbox.put("again")
    await eventually(lambda: len(pipe.sent) == 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_an_outbox_bounds_what_lies_in_memory() -> None:
    outbox = Outbox(max_frames=1_000, max_characters=100)
    assert [outbox.put("x" * 60) for _ in range(3)] == [True, True, False]


class Door(Pipe):
    """A wire that takes frames at once while it is open."""

    def send_at_once(self, text: str) -> bool:
        if self.open.is_set():
            self.sent.append(text)
        return self.open.is_set()


async def test_frames_that_go_at_once_and_frames_that_wait_keep_their_order() -> None:
    outbox, door = Outbox(), Door()
    task = asyncio.create_task(outbox.run(door))
    await asyncio.sleep(0)
    door.open.set()
    assert outbox.put("0")
    assert door.sent == ["0"]  # without a turn of the task
    door.open.clear()
    for number in range(1, 4):
        assert outbox.put(str(number))
    await asyncio.sleep(0)
    door.open.set()  # "1" is on its way, "2" and "3" wait: nothing may overtake them
    assert outbox.put("4")
    await outbox.drained()
    await eventually(lambda: outbox.put("5"))
    await outbox.drained()
    assert door.sent == ["0", "1", "2", "3", "4", "5"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_alerts_and_jobs_are_told_to_whom_they_concern() -> None:
    floor, ana, sue, lim = Floor(), Tab("ana"), Tab("sue", Role.SUPERVISOR), Tab("lim", Role.SUPERVISOR)
    lim.sees_all = False
    for tab in (ana, sue, lim):
        floor.add(tab)
    floor.ring("acme", "ana")
    floor.ring("acme")
    floor.ring("other")
    assert [tab.heard for tab in (ana, sue, lim)] == [["alerts"], ["alerts"], ["alerts"]]
    job = Job(
        id="j", org_id="acme", kind=JobKind.MACRO, asked_by="ana", asked_ms=1, total=2,
        cases=[ChosenCase(id="a", version=1)],
    )  # fmt: skip
    floor.job_moved(job)
    assert [len(tab.heard) for tab in (ana, sue, lim)] == [2, 2, 1]
    assert '"total":2' in sue.heard[1]
    floor.job_moved(replace(job, asked_by="lim"))
    assert [len(tab.heard) for tab in (ana, sue, lim)] == [2, 3, 2]


def test_word_of_desks_goes_between_processes() -> None:
    job = Job(id="j", org_id="acme", kind=JobKind.BULK_EDIT, asked_by="u", asked_ms=1, cases=[])
    told: list[Signal | DeskSignal] = [
        AlertRaised(org_id="acme", user_id="u"), JobMoved(org_id="acme", job=job),
        CallMoved(org_id="acme", agent_id="u"),
    ]  # fmt: skip
    assert decode(encode("p", told)) == ("p", told)
    hub, here, there = Hub(), Tab("u"), Tab("u")
    elsewhere, floor = Hub(), Floor(publish=hub.publish)
    others = Floor(publish=elsewhere.publish)
    floor.add(here)
    others.add(there)
    hub.hear(floor.hear)
    elsewhere.hear(others.hear)
    hub.join(Wire(elsewhere))
    floor.ring("acme", "u")
    floor.call_moved("acme", "u")
    floor.call_moved("acme", "somebody else")
    assert (here.heard, there.heard) == (["alerts", "calls"], ["alerts", "calls"])


class Wire:
    """Carries what one hub relays to another."""

    def __init__(self, to: Hub) -> None:
        self._to = to

    def relay(self, signal: Signal | DeskSignal) -> None:
        for one in decode(encode("p", [signal]))[1]:
            self._to.deliver(one)
