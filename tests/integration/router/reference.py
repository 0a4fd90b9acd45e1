"""The routing model a second time, as plainly as possible: lists and loops instead of indexes.

It looks at all items and all agents at every turn; the router must come to the same decisions.
"""

from dataclasses import dataclass, field

OFFER_MS, WRAPUP_MS, MEMORY_MS, GRACE_MS, LEASE_MS = 6_000, 5_000, 4_000, 8_000, 7_000
MISSED_OFFERS = 2


@dataclass
class Item:
    id: str
    channel: str
    queue: str
    skills: dict[str, int]
    rank: int
    state: str = "queued"
    agent: str = ""
    assignment: int = 0
    deadline: int = 0
    passed: dict[str, int] = field(default_factory=dict)  # agent → until
    age: int = 0
    since: int = 0  # waits since


@dataclass
class Agent:
    id: str
    skills: dict[str, int]
    queues: tuple[str, ...]
    units: int
    weights: dict[str, int]
    status: str = "offline"
    connected: bool = False
    idle: int = 0
    misses: int = 0
    lease: int = 0
    grace: int = 0  # until; 0 = none


Told = list[tuple[str, str, str]]
"""(kind, item, agent)."""


class Reference:
    """The board as it should be."""

    def __init__(self, agents: list[Agent], queues: dict[str, tuple[int, int, int]]) -> None:
        self.agents = {agent.id: agent for agent in agents}
        self.queues = queues  # key → (target, step, wrapup)
        self.items: dict[str, Item] = {}
        self.told: Told = []
        self.now = 0

    # -- what is true -------------------------------------------------------------------------------------------

    def held(self, agent: Agent) -> list[Item]:
        return [item for item in self.items.values() if item.agent == agent.id and item.state != "closed"]

    def used(self, agent: Agent) -> int:
        return sum(agent.weights[item.channel] for item in self.held(agent))

    def ready(self, agent: Agent, item: Item) -> bool:
        return (
            agent.connected
            and agent.status == "available"
            and item.queue in agent.queues
            and all(agent.skills.get(skill, 0) >= level for skill, level in item.skills.items())
            and not any(held.state == "offered" for held in self.held(agent))
            and agent.units - self.used(agent) >= agent.weights[item.channel]
            and agent.id not in item.passed
        )

    # -- matching -----------------------------------------------------------------------------------------------

    def place(self, item: Item) -> None:
        ready = [agent for agent in self.agents.values() if self.ready(agent, item)]
        if ready:
            self.offer(item, min(ready, key=lambda agent: (item.queue != agent.queues[0], agent.idle, agent.id)))

    def settle(self, agent: Agent) -> None:
        fit = [item for item in self.items.values() if item.state == "queued" and self.ready(agent, item)]
        if fit:
            self.offer(min(fit, key=lambda item: (item.rank, item.id)), agent)

    def offer(self, item: Item, agent: Agent) -> None:
        item.state, item.agent, item.deadline = "offered", agent.id, self.now + OFFER_MS
        self.tell("offered", item)

    def tell(self, kind: str, item: Item) -> None:
        self.told.append((kind, item.id, item.agent))

    def tell_presence(self, agent: Agent) -> None:
        self.told.append(("presence", "", agent.id))

    def release(self, item: Item, state: str) -> Agent:
        agent = self.agents[item.agent]
        item.state, item.agent, item.assignment = state, "", 0
        return agent

    # -- commands -----------------------------------------------------------------------------------------------

    def enqueue(self, item: Item, priority: int) -> None:
        target, step, _ = self.queues[item.queue]
        item.rank, item.since = self.now + target - priority * step, self.now
        self.items[item.id] = item
        self.tell("enqueued", item)
        self.place(item)

    def accept(self, item: Item) -> None:
        item.state = "active"
        item.age += self.now - item.since
        self.tell("accepted", item)
        agent = self.agents[item.agent]
        agent.idle, agent.misses = self.now, 0
        self.settle(agent)

    def decline(self, item: Item) -> None:
        self.tell("declined", item)
        agent = self.release(item, "queued")
        agent.idle, agent.misses = self.now, 0
        self.give_back(item, agent)

    def give_back(self, item: Item, agent: Agent) -> None:
        item.passed[agent.id] = self.now + MEMORY_MS
        self.place(item)
        self.settle(agent)

    def end(self, item: Item) -> None:
        self.tell("ended", item)
        wrapup = self.queues[item.queue][2]
        item.state, item.deadline = "wrapup", self.now + wrapup
        if not wrapup:
            self.finish(item)

    def finish(self, item: Item) -> None:
        self.settle(self.close(item))

    def close(self, item: Item) -> Agent:
        self.tell("closed", item)
        agent = self.release(item, "closed")
        agent.idle = self.now
        return agent

    def conclude(self, item: Item) -> None:
        if item.state == "active":
            self.end(item)
            return
        self.tell("abandoned", item)
        if item.state == "offered":
            self.settle(self.release(item, "closed"))
        item.state = "closed"

    def transfer(self, item: Item, queue: str, skills: dict[str, int], priority: int) -> None:
        self.tell("transferred", item)
        agent = self.release(item, "queued")
        agent.idle = self.now
        target, step, _ = self.queues[queue]
        item.queue, item.skills, item.since = queue, skills, self.now
        item.rank = self.now - item.age + target - priority * step
        self.give_back(item, agent)

    def connect(self, agent: Agent) -> None:
        agent.lease = self.now + LEASE_MS
        if not agent.connected:
            agent.connected, agent.grace = True, 0
            self.tell_presence(agent)
            self.settle(agent)

    def disconnect(self, agent: Agent) -> None:
        agent.connected = False
        self.tell_presence(agent)
        self.rescind(agent)
        if agent.status != "offline" or self.held(agent):
            agent.grace = agent.grace or self.now + GRACE_MS

    def rescind(self, agent: Agent) -> None:
        for item in [item for item in self.held(agent) if item.state == "offered"]:
            self.tell("rescinded", item)
            self.release(item, "queued")
            self.place(item)

    def set_status(self, agent: Agent, status: str) -> None:
        self.become(agent, status)
        if status != "available":
            self.rescind(agent)
        if not agent.connected and (status != "offline" or self.held(agent)):
            agent.grace = agent.grace or self.now + GRACE_MS
        self.settle(agent)

    def become(self, agent: Agent, status: str) -> None:
        if status == "available":
            agent.idle = self.now
        agent.status, agent.misses = status, 0
        self.tell_presence(agent)

    # -- time ---------------------------------------------------------------------------------------------------

    def due(self) -> list[tuple[int, str]]:
        """Return what is due by now, in the router's order: by deadline, then by the timer's name."""
        timers: list[tuple[int, str]] = []
        for item in self.items.values():
            if item.state == "offered":
                timers.append((item.deadline, f"offer|{item.id}|{item.agent}"))
            if item.state == "wrapup":
                timers.append((item.deadline, f"wrapup|{item.id}"))
            if item.state != "closed":
                timers += [(until, f"memory|{item.id}|{agent}") for agent, until in item.passed.items()]
        for agent in self.agents.values():
            if agent.connected:
                timers.append((agent.lease, f"lease|{agent.id}|socket"))
            elif agent.grace:
                timers.append((agent.grace, f"grace|{agent.id}"))
        return sorted(timer for timer in timers if timer[0] <= self.now)

    def tick(self) -> None:
        while due := self.due():
            kind, subject, *more = due[0][1].split("|")
            if kind == "offer":
                self.miss(self.items[subject])
            elif kind == "wrapup":
                self.finish(self.items[subject])
            elif kind == "memory":
                del self.items[subject].passed[more[0]]
                self.settle(self.agents[more[0]])
            elif kind == "lease":
                self.disconnect(self.agents[subject])
            else:
                self.lose(self.agents[subject])

    def miss(self, item: Item) -> None:
        self.tell("missed", item)
        agent = self.release(item, "queued")
        agent.idle, agent.misses = self.now, agent.misses + 1
        if agent.misses >= MISSED_OFFERS and agent.status != "break":
            self.become(agent, "break")
        self.give_back(item, agent)

    def lose(self, agent: Agent) -> None:
        agent.grace = 0
        if agent.status != "offline":
            self.become(agent, "offline")
        for item in [item for item in self.held(agent) if item.state == "active"]:
            self.tell("lost", item)
            self.release(item, "queued")
            item.since = self.now
            self.place(item)
        for item in [item for item in self.held(agent) if item.state == "wrapup"]:
            self.close(item)
