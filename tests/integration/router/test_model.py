"""Random histories on a real board against the plain reference: the router's guarantees 1 to 6.

After each step: same events in the same order (4, 5), every item in one state and place (1), nobody above his room
(2), no waiting item with an eligible agent (3), repeated and stale commands without effect (6).
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from engine.model.organisation import AgentSetup, CapacityProfile, ChannelCapacity, Organisation, Queue, Role
from engine.model.work import EventKind, Outcome, Reply, Requirement, RoutingEvent, WorkItem
from tests.integration.router import reference as model
from tests.integration.router.scene import Scene, channels_status, organisation

T = TypeVar("T")

WEIGHTS = {"chat": 1, "mail": 2}
AGENTS = {
    "ana": ({"english": 5}, ("sales", "support")),
    "ben": ({"english": 8, "billing": 3}, ("support",)),
    "chen": ({}, ("sales",)),
    "dora": ({"billing": 9}, ("support", "sales")),
}
UNITS = 3
QUEUES = {"sales": (20_000, 10_000, model.WRAPUP_MS), "support": (5_000, 60_000, 0)}  # target, step, wrap-up

ELSEWHERE = {
    EventKind.RESTORED,
    EventKind.SCHEDULED,
    EventKind.PARKED,
    EventKind.RESUMED,
    EventKind.CHANGED,
    EventKind.RELAXED,
    EventKind.QUEUE,
}
"""Events of rules that have tests of their own."""

agents = st.sampled_from(sorted(AGENTS))
needs = st.sampled_from([{}, {"english": 5}, {"billing": 3}, {"english": 6, "billing": 1}])
picks = st.integers(0, 1_000)


def small(org_id: str) -> Organisation:
    return organisation(
        org_id,
        agents={},
        queues={
            key: Queue(
                key=key,
                name=key,
                target_ms=target,
                priority_step_ms=step,
                wrapup_ms=wrapup,
                offer_timeout_ms=model.OFFER_MS,
                decline_memory_ms=model.MEMORY_MS,
            )
            for key, (target, step, wrapup) in QUEUES.items()
        },
        profiles={
            "standard": CapacityProfile(
                key="standard",
                units=UNITS,
                channels={kind: ChannelCapacity(weight=weight) for kind, weight in WEIGHTS.items()},
            )
        },
        statuses=channels_status(*WEIGHTS),
        missed_offers=model.MISSED_OFFERS,
        missed_status="break",
        lease_ms=model.LEASE_MS,
        lost_agent_grace_ms=model.GRACE_MS,
    )


class Histories(RuleBasedStateMachine):
    """Play one history on both."""

    address = ""
    counts: ClassVar[Counter[EventKind]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.scene = Scene(self.address, f"t-{uuid.uuid4().hex[:16]}")
        setups = {
            name: AgentSetup(login=name, name=name, role=Role.AGENT, profile="standard", skills=skills, queues=queues)
            for name, (skills, queues) in AGENTS.items()
        }
        self.wait(self.scene.open(replace(small(self.scene.org_id), agents=setups)))
        self.model = model.Reference(
            [
                model.Agent(id=name, skills=skills, queues=queues, units=UNITS, weights=WEIGHTS, idle=self.now)
                for name, (skills, queues) in AGENTS.items()
            ],
            QUEUES,
        )
        self.priorities: dict[str, int] = {}
        self.assignments: dict[str, list[tuple[str, int]]] = {}
        self.seq = 1  # the board's own "restored"
        self.count = 0
        for name in AGENTS:
            self.presence(name, "come")

    def teardown(self) -> None:
        self.wait(self.scene.close())
        self.loop.close()

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    @property
    def now(self) -> int:
        return self.scene.clock.ms

    def compare(self, events: tuple[RoutingEvent, ...] | list[RoutingEvent]) -> None:
        """Check that both told the same; learn the numbers of assignments."""
        told = [(event.kind.value, event.item_id, event.agent_id) for event in events]
        assert told == self.model.told, (told, self.model.told)
        self.model.told = []
        for event in events:
            self.counts[event.kind] += 1
            self.seq += 1
            assert event.seq == self.seq
            if event.kind == "offered":
                self.model.items[event.item_id].assignment = event.assignment
                self.assignments.setdefault(event.item_id, []).append((event.agent_id, event.assignment))

    def did(self, reply: Reply) -> None:
        assert reply.outcome is Outcome.OK, reply
        self.compare(reply.events)

    def any(self, *states: str) -> bool:
        return any(item.state in states for item in self.model.items.values())

    def pick(self, number: int, *states: str) -> model.Item:
        found = [item for item in self.model.items.values() if item.state in states]
        return found[number % len(found)]

    def step_time(self) -> None:
        self.scene.clock.ms += 1
        self.model.now = self.now

    @rule(queue=st.sampled_from(sorted(QUEUES)), kind=st.sampled_from(sorted(WEIGHTS)), skills=needs, points=picks)
    def enqueue(self, queue: str, kind: str, skills: dict[str, int], points: int) -> None:
        self.step_time()
        self.count += 1
        name, priority = f"i{self.count:04}", points % 4
        self.priorities[name] = priority
        self.model.enqueue(model.Item(id=name, channel=kind, queue=queue, skills=skills, rank=0), priority)
        item = WorkItem(
            id=name,
            org_id=self.scene.org_id,
            kind=kind,
            queue=queue,
            requirement=Requirement(skills=skills),
            priority=priority,
        )
        self.did(self.wait(self.scene.router.enqueue(item)))
        assert self.wait(self.scene.router.enqueue(item)) == Reply(outcome=Outcome.REPEATED)

    @precondition(lambda self: self.any("offered"))
    @rule(number=picks, how=st.sampled_from(["accept", "accept", "accept", "decline"]))
    def answer(self, number: int, how: str) -> None:
        item = self.pick(number, "offered")
        self.step_time()
        ids = (self.scene.org_id, item.id, item.agent, item.assignment)
        getattr(self.model, how)(item)
        command = getattr(self.scene.router, how)
        self.did(self.wait(command(*ids)))
        assert self.wait(command(*ids)) == Reply(outcome=Outcome.REPEATED)

    @precondition(lambda self: self.any("offered"))
    @rule(number=picks)
    def answer_too(self, number: int) -> None:
        self.answer(number, "accept")

    @precondition(lambda self: self.any("active"))
    @rule(number=picks)
    def end(self, number: int) -> None:
        item = self.pick(number, "active")
        self.step_time()
        ids = (self.scene.org_id, item.id, item.agent, item.assignment)
        self.model.end(item)
        self.did(self.wait(self.scene.router.end(*ids)))
        assert self.wait(self.scene.router.end(*ids)) == Reply(outcome=Outcome.REPEATED)

    @precondition(lambda self: self.any("wrapup"))
    @rule(number=picks)
    def finish(self, number: int) -> None:
        item = self.pick(number, "wrapup")
        self.step_time()
        ids = (self.scene.org_id, item.id, item.agent, item.assignment)
        self.model.finish(item)
        self.did(self.wait(self.scene.router.finish_wrapup(*ids)))
        assert self.wait(self.scene.router.finish_wrapup(*ids)) == Reply(outcome=Outcome.REPEATED)

    @precondition(lambda self: self.any("queued", "offered", "active"))
    @rule(number=picks)
    def conclude(self, number: int) -> None:
        item = self.pick(number, "queued", "offered", "active")
        self.step_time()
        self.model.conclude(item)
        self.did(self.wait(self.scene.router.conclude(self.scene.org_id, item.id, "visitor")))
        again = self.wait(self.scene.router.conclude(self.scene.org_id, item.id, "visitor"))
        assert again == Reply(outcome=Outcome.REPEATED)

    @precondition(lambda self: self.any("active"))
    @rule(number=picks, queue=st.sampled_from(sorted(QUEUES)), skills=needs)
    def transfer(self, number: int, queue: str, skills: dict[str, int]) -> None:
        item = self.pick(number, "active")
        self.step_time()
        ids = (self.scene.org_id, item.id, item.agent, item.assignment)
        self.model.transfer(item, queue, skills, self.priorities[item.id])
        move = {"queue": queue, "requirement": Requirement(skills=skills)}
        self.did(self.wait(self.scene.router.transfer(*ids, **move)))  # type: ignore[arg-type]
        again = self.wait(self.scene.router.transfer(*ids, **move))  # type: ignore[arg-type]
        assert again == Reply(outcome=Outcome.REPEATED)

    @precondition(lambda self: self.any("queued", "offered", "active", "wrapup"))
    @rule(number=picks, points=st.integers(-3, 9))
    def reprioritise(self, number: int, points: int) -> None:
        item = self.pick(number, "queued", "offered", "active", "wrapup")
        if self.priorities[item.id] == points:
            return
        self.step_time()
        item.rank -= (points - self.priorities[item.id]) * QUEUES[item.queue][1]
        self.priorities[item.id] = points
        self.model.tell("reprioritised", item)
        self.did(self.wait(self.scene.router.reprioritise(self.scene.org_id, item.id, points)))

    @rule(name=agents, what=st.sampled_from(["come", "come", "come", "go", "available", "break", "offline"]))
    def presence(self, name: str, what: str) -> None:
        self.step_time()
        if what == "come":
            self.come(name)
            self.choose(name, "available")
        elif what == "go":
            self.go(name)
        else:
            self.choose(name, what)

    def come(self, name: str) -> None:
        self.model.connect(self.model.agents[name])
        self.did(self.wait(self.scene.router.connect_agent(self.scene.org_id, name, "socket")))

    def go(self, name: str) -> None:
        if self.model.agents[name].connected:
            self.model.disconnect(self.model.agents[name])
            self.did(self.wait(self.scene.router.disconnect_agent(self.scene.org_id, name, "socket")))

    def choose(self, name: str, status: str) -> None:
        if self.model.agents[name].status != status:
            self.model.set_status(self.model.agents[name], status)
            self.did(self.wait(self.scene.router.set_status(self.scene.org_id, name, status)))

    @rule(
        ms=st.sampled_from([100, 1_700, 1_700]),
        times=st.integers(1, 6),
        beats=st.sampled_from([True, True, True, False]),
    )
    def time_passes(self, ms: int, times: int, beats: bool) -> None:
        for _ in range(times):
            self.scene.clock.ms += ms
            self.model.now = self.now
            if beats:
                here = [agent for agent in self.model.agents.values() if agent.connected]
                for agent in here:
                    self.model.connect(agent)
                leases = [(agent.id, "socket") for agent in here]
                self.did(self.wait(self.scene.router.renew(self.scene.org_id, leases)))
            self.model.tick()
            events: list[RoutingEvent] = []
            while True:
                tick = self.wait(self.scene.router.tick(self.scene.org_id))
                events += tick.events
                if not tick.events:
                    break
            self.compare(events)

    @rule(number=picks, command=st.sampled_from(["accept", "decline", "end", "finish_wrapup"]))
    def stale_command(self, number: int, command: str) -> None:
        """A number that is not in force any more never has an effect."""
        old = [
            (item, agent, assignment)
            for item, given in self.assignments.items()
            for agent, assignment in given
            if self.model.items[item].assignment != assignment
        ]
        if old:
            item, agent, assignment = old[number % len(old)]
            reply = self.wait(getattr(self.scene.router, command)(self.scene.org_id, item, agent, assignment))
            assert reply.outcome in (Outcome.STALE_ASSIGNMENT, Outcome.REPEATED)
            assert reply.events == ()

    @invariant()
    def same_board(self) -> None:
        view = self.wait(self.scene.router.board_view(self.scene.org_id))
        for key in QUEUES:
            of_queue = [item.state for item in self.model.items.values() if item.queue == key]
            queue = view.queues[key]
            counts = {"queued": queue.waiting, "offered": queue.offered, "active": queue.active}
            counts["wrapup"] = queue.wrapup
            assert counts == {state: of_queue.count(state) for state in counts}
        for line in view.agents:
            agent = self.model.agents[line.agent_id]
            assert (line.status, line.connected) == (agent.status, agent.connected)
            assert line.used == self.model.used(agent) <= line.units
            assert line.items == len(self.model.held(agent))

    @invariant()
    def work_conserving(self) -> None:
        for item in self.model.items.values():
            if item.state == "queued":
                assert not any(self.model.ready(agent, item) for agent in self.model.agents.values())
                reasons = self.wait(self.scene.router.explain(self.scene.org_id, item.id))["agents"]
                assert all(reasons.values()), reasons
                break  # one explanation per step is enough: the histories choose another each time

    @invariant()
    def stream_without_gaps(self) -> None:
        tick = self.wait(self.scene.board.ask(self.scene.org_id, "show_mark"))
        assert tick.last_seq == self.seq


def play(address: str, examples: int, steps: int, *phases: Phase) -> None:
    """Play histories, report how often each thing happened, and check that each did."""
    Histories.address = address
    Histories.counts.clear()
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate, *phases),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(dict(sorted(Histories.counts.items())))  # noqa: T201 - the proof's counts
    assert set(Histories.counts) == set(EventKind) - ELSEWHERE


def test_random_histories(valkey_address: str) -> None:
    play(valkey_address, 110, 50)


@pytest.mark.long
def test_many_random_histories(valkey_address: str) -> None:
    play(valkey_address, 3_000, 120, Phase.shrink)
