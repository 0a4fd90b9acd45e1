"""The routing model a second time, as plainly as possible: its nouns, and what is true of them at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.organisation import AgentSetup, ChannelCapacity, Organisation, Queue, Ranking, RelaxationStep
from engine.router.setup import HUGE_STEP_MS

PARKED = "parked"
"""In place of a kind: parked work takes its units, and is in nobody's way else."""

Need = tuple[tuple[str, ...], str, int, tuple[tuple[str, int], ...]]
"""What an item asks for: queues (home first), kind, weight, skills. Items of the same need are alike to every agent."""


@dataclass
class Item:
    """A work item. ``moving`` is the state of one that has been taken from somewhere and is put nowhere yet."""

    id: str
    kind: str
    queue: str
    skills: Mapping[str, int] = field(default_factory=dict)
    preferred: Mapping[str, int] = field(default_factory=dict)
    weight: int = 0
    priority: int = 0
    due: int = 0
    state: str = "moving"
    rank: int = 0
    since: int = 0  # in this state since
    age: int = 0  # waited before `waiting`
    waiting: int = 0  # waits since; 0 = it does not
    segment: int = 0  # its age when the present segment began
    stage: int = 0  # steps of relaxation taken
    need: Need = ((), "", 0, ())
    offers: list[tuple[str, int]] = field(default_factory=list)  # (agent, number)
    agent: str = ""
    number: int = 0  # of the assignment
    deadline: int = 0  # of the wrap-up
    extensions: int = 0
    wish: str = ""  # the agent it asks for
    required: bool = False
    asks: bool = False  # the wish is in force
    until: int = 0  # the wish's end; 0 = not begun, or without end
    holder: str = ""  # for whom it is held now
    passed: set[str] = field(default_factory=set)
    keeper: str = ""  # whose room is kept for it
    children: list[str] = field(default_factory=list)


@dataclass
class Held:
    """What an agent has room taken for; the units are fixed when he takes it."""

    item: str
    kind: str
    units: int


@dataclass
class Agent:
    """An agent as he is now."""

    id: str
    setup: AgentSetup
    status: str = "offline"
    sockets: dict[str, bool] = field(default_factory=dict)  # open?
    idle: int = 0
    misses: int = 0
    handled: int = 0
    returning: bool = False
    pace: int = 0  # nothing is offered before
    rings: dict[str, int] = field(default_factory=dict)  # leg → when it is given up; "": the pace he had before
    held_back: bool = False  # and its end has not been noticed yet
    reserved: str = ""  # the item his room is kept for
    held: list[Held] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)

    @property
    def connected(self) -> bool:
        """Say whether a socket is open."""
        return any(self.sockets.values())


class State:
    """The whole board, and its truths. Nothing here changes anything."""

    def __init__(self, organisation: Organisation, now: int) -> None:
        self.organisation = organisation
        self.agents: dict[str, Agent] = {}
        self.items: dict[str, Item] = {}
        self.closed: dict[str, Item] = {}
        self.modes = dict.fromkeys(organisation.queues, "open")
        self.needs: list[Need] = []  # all there ever were, numbered from 1
        self.timers: dict[str, int] = {}  # name → running time
        self.alarms: dict[str, int] = {}  # name → real time
        self.now = now
        self.stopped = 0  # time that nobody's waiting counts
        self.ticked = now
        self.number = 0

    @property
    def running(self) -> int:
        """Running time leaves out standstills."""
        return self.now - self.stopped

    def queue(self, item: Item) -> Queue:
        """Return the rules of the item's queue."""
        return self.organisation.queues[item.queue]

    def line(self, queue: str) -> list[Item]:
        """Return who waits in a queue, the best first."""
        return sorted(
            (item for item in self.items.values() if item.state == "queued" and item.queue == queue),
            key=lambda item: (item.rank, item.id),
        )

    # -- clocks and ranks ---------------------------------------------------------------------------------------

    def waited(self, item: Item) -> int:
        """Return its age: how long it has waited for an agent in all."""
        return item.age + (self.now - item.waiting if item.waiting else 0)

    def waited_here(self, item: Item) -> int:
        """Return how long it has waited in this segment."""
        return self.waited(item) - item.segment

    def bonus(self, item: Item) -> int:
        """Return what its priority is worth."""
        queue = self.queue(item)
        step = HUGE_STEP_MS if queue.ranking is Ranking.PRIORITY_THEN_AGE else queue.priority_step_ms
        return (item.priority + queue.priority) * step

    def ranked(self, item: Item) -> int:
        """Return its rank, lower first."""
        queue = self.queue(item)
        target = 0 if queue.ranking is Ranking.PRIORITY_THEN_AGE else queue.target_ms
        base = self.now - self.waited(item) + target
        if queue.ranking is Ranking.DUE and item.due:
            base = item.due
        return base - self.bonus(item)

    # -- what an item asks for ----------------------------------------------------------------------------------

    def steps(self, item: Item) -> list[RelaxationStep | None]:
        """Return its steps by age; None drops what is only preferred."""
        steps: list[tuple[int, RelaxationStep | None]] = [(step.after_ms, step) for step in self.queue(item).relaxation]
        if item.preferred:
            steps.append((self.queue(item).preferred_skills_wait_ms, None))
        return [step for _, step in sorted(steps, key=lambda pair: pair[0])]

    def after(self, item: Item, step: RelaxationStep | None) -> int:
        """Return the age at which a step is taken."""
        return self.queue(item).preferred_skills_wait_ms if step is None else step.after_ms

    def stage_due(self, item: Item) -> int:
        """Return how many steps its age allows."""
        return sum(self.after(item, step) <= self.waited_here(item) for step in self.steps(item))

    def need_of(self, item: Item) -> Need:
        """Return what it asks for at its stage: all that is asked, less what the steps so far do without."""
        taken = self.steps(item)[: item.stage]
        asked = [self.queue(item).skills, item.skills, *([] if None in taken else [item.preferred])]
        skills: dict[str, int] = {}
        for part in asked:
            skills.update({skill: max(level, skills.get(skill, 0)) for skill, level in part.items()})
        queues = [item.queue]
        for step in taken:
            if step is not None:
                skills = {
                    skill: level - step.lower.get(skill, 0)
                    for skill, level in skills.items()
                    if skill not in step.drop and level > step.lower.get(skill, 0)
                }
                queues += step.widen
        return tuple(queues), item.kind, item.weight, tuple(sorted(skills.items()))

    # -- room ---------------------------------------------------------------------------------------------------

    def terms(self, agent: Agent, kind: str) -> ChannelCapacity | None:
        """Return how work of a kind uses the agent's room; None: not at all."""
        return self.organisation.profiles[agent.setup.profile].channels.get(kind)

    def units(self, agent: Agent, item: Item) -> int:
        """Return the units the item would hold."""
        terms = self.terms(agent, item.kind)
        return item.weight or (terms.weight if terms else 1)

    def used(self, agent: Agent) -> int:
        """Return the units in use."""
        return sum(held.units for held in agent.held)

    def has_room(self, agent: Agent, item: Item) -> bool:
        """Say whether there is room for one more such item."""
        terms = self.terms(agent, item.kind)
        if terms is None:
            return False
        others = [(held, self.terms(agent, held.kind)) for held in agent.held]
        if any(other and other.exclusive for _, other in others):
            return False
        in_the_way = [held for held, other in others if not (other and item.kind in other.interruptible_by)]
        if terms.needs_empty and any(held.kind != PARKED for held in in_the_way):
            return False
        room = self.organisation.profiles[agent.setup.profile].units - sum(held.units for held in in_the_way)
        alike = sum(held.kind == item.kind for held in agent.held)
        return room >= self.units(agent, item) and not (terms.maximum and alike >= terms.maximum)

    # -- who may have what --------------------------------------------------------------------------------------

    def signed_in(self, agent: Agent) -> bool:
        """Say whether he is there, free or not."""
        return agent.connected and self.organisation.statuses[agent.status].kind != "offline"

    def takes(self, agent: Agent, kind: str) -> bool:
        """Say whether he is there for such work."""
        return agent.connected and kind in self.organisation.statuses[agent.status].channels

    def fits(self, agent: Agent, need: Need) -> bool:
        """Say whether he is a member and qualified."""
        queues, _, _, skills = need
        member = any(queue in agent.setup.queues for queue in queues)
        return member and all(agent.setup.skills.get(skill, 0) >= level for skill, level in skills)

    def can_take(self, agent: Agent, item: Item) -> bool:
        """Say whether he could be offered the item now, were he the one it is for."""
        return (
            self.takes(agent, item.kind)
            and not any(agent.id == name for other in self.items.values() for name, _ in other.offers)
            and agent.pace <= self.now
            and agent.reserved in ("", item.id)
            and self.has_room(agent, item)
            and agent.id not in item.passed
        )

    def eligible(self, agent: Agent, item: Item) -> bool:
        """Say whether the item, which waits, must go to an agent like him."""
        meant = item.holder == agent.id if item.holder else self.fits(agent, item.need)
        return meant and self.modes[item.queue] != "paused" and self.can_take(agent, item)
