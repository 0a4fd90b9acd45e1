"""A history: the same commands for the router, on a real board in virtual time, and for the reference."""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from random import Random

from engine.model.work import Outcome, Reply, RoutingEvent
from tests.integration.chaos.audit import audit
from tests.integration.chaos.picture import take
from tests.integration.router.model_presence import Living
from tests.integration.router.model_state import Item
from tests.integration.router.model_world import QUEUES, draw_agents, draw_organisation
from tests.integration.router.scene import Scene

REPEATS = 0.3
"""How many of the commands are given twice."""
STATES = ("queued", "scheduled", "offered", "active", "wrapup", "parked")


class Twins:
    """A router and the reference, who must do the same."""

    def __init__(self, address: str, seed: int) -> None:
        self.scene = Scene(address, f"t-{uuid.uuid4().hex[:16]}")
        self.org = self.scene.org_id
        self.router = self.scene.router
        self.rng = Random(f"{seed}")
        self.counts: Counter[str] = Counter()
        self.seq = 0
        organisation = replace(draw_organisation(self.rng, self.org), agents=draw_agents(self.rng))
        self.model = Living(organisation, self.scene.clock.ms)

    async def open(self) -> None:
        """Build the board."""
        await self.scene.open(self.model.organisation)
        self.seq = len(await self.scene.stream())

    async def close(self) -> None:
        """Hang up."""
        await self.scene.close()

    async def do(
        self,
        model: Callable[[], str | None],
        router: Callable[[], Awaitable[Reply]],
        again: Callable[[], str] = lambda: "repeated",
    ) -> bool:
        """Let both do a command and compare; some commands are given twice, which must have the effect of one.

        ``model`` returns the outcome (None: ok), ``again`` that of a repeat. Return whether it had an effect.
        """
        self.scene.clock.ms += 1
        self.model.at(self.scene.clock.ms)
        expected = model() or "ok"
        reply = await router()
        self.counts[reply.outcome.value] += 1
        self.compare(reply.events)
        assert reply.outcome.value == expected, (reply.outcome, expected)
        if self.rng.random() < REPEATS:
            repeat = await router()
            assert repeat.events == (), repeat
            assert repeat.outcome.value == (again() if expected == "ok" else expected), repeat
        return expected == "ok"

    def compare(self, events: Sequence[RoutingEvent]) -> None:
        """Check that both told the same, in the same order, in gapless numbers."""
        told = [(event.kind.value, event.item_id, event.agent_id, event.queue, event.assignment) for event in events]
        assert told == self.model.told, f"\nrouter:    {told}\nreference: {self.model.told}"
        assert [event.seq for event in events] == list(range(self.seq + 1, self.seq + 1 + len(events)))
        self.seq += len(events)
        self.counts.update(kind for kind, *_ in told)
        self.model.told = []

    async def tick(self) -> None:
        """Let both handle what is due."""
        self.model.at(self.scene.clock.ms)
        self.model.tick()
        events: list[RoutingEvent] = []
        more = True
        while more:
            tick = await self.router.tick(self.org)
            assert tick.outcome is Outcome.OK
            events += tick.events
            more = tick.more
        self.compare(events)

    # -- the guarantees -----------------------------------------------------------------------------------------

    async def check(self) -> None:
        """Compare states, places, rooms; no waiting item has an eligible agent."""
        view = await self.router.board_view(self.org)
        for key in QUEUES:
            states = Counter(item.state for item in self.model.items.values() if item.queue == key)
            queue = view.queues[key]
            numbers = (queue.waiting, queue.scheduled, queue.offered, queue.active, queue.wrapup, queue.parked)
            assert numbers == tuple(states[state] for state in STATES), (key, numbers, states)
            assert queue.mode == self.model.modes[key]
        for line in view.agents:
            agent = self.model.agents[line.agent_id]
            assert (line.status, line.connected) == (agent.status, agent.connected)
            assert (line.used, line.items) == (self.model.used(agent), len(agent.held)), agent
        waiting = self.model.waiting()
        lines = {queue: self.model.line(queue) for queue in QUEUES}
        places = await self.router.places(self.org, [item.id for item in waiting])
        assert places == {item.id: (lines[item.queue].index(item) + 1, item.queue) for item in waiting}
        if waiting:
            await self.check_item(self.rng.choice(waiting))

    async def check_item(self, item: Item) -> None:
        """Compare all that is told of a waiting item."""
        assert not [agent.id for agent in self.model.agents.values() if self.model.eligible(agent, item)], item
        shown = await self.router.explain(self.org, item.id)
        assert all(shown["agents"].values()), (item, shown)
        told = shown["item"]
        ours = (item.rank, item.stage, dict(item.need[3]), list(item.need[0]), item.holder, item.keeper)
        skills = told["requires"] or {}
        theirs = (told["rank"], told["stage"], skills, told["queues"], told["held_for"], told["room_held_of"])
        assert theirs == ours, f"\nrouter:    {theirs}\nreference: {ours}"

    async def check_all(self) -> None:
        """Look at every key of the board, and at the whole stream."""
        for item in self.model.waiting():
            await self.check_item(item)
        faults = audit(await take(self.scene.valkey, self.org))
        assert faults == [], faults
        stream = await self.scene.stream()
        assert [event.seq for event in stream] == list(range(1, self.seq + 1))
