"""Random commands for a router and the reference; each step is drawn from its own number."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from engine.model.work import Reply, Requirement, WorkItem
from tests.integration.router.model_history import Twins
from tests.integration.router.model_state import Agent, Item
from tests.integration.router.model_world import AGENTS, KINDS, QUEUES, WEIGHTS, draw_change, draw_skills

STATUSES = ("available", "available", "available", "mail", "break", "offline")
SOCKETS = ("desk", "desk", "phone")
MOST_WAITING = 10


@dataclass(frozen=True)
class Old:
    """An assignment that was in force once."""

    item: str
    agent: str
    number: int


class Deeds(Twins):
    """Twins who are given random commands."""

    def __init__(self, address: str, seed: int) -> None:
        super().__init__(address, seed)
        self.seed = seed
        self.step = 0
        self.old: list[Old] = []

    async def begin(self) -> None:
        """Meet every demand once, and let the agents come."""
        for kind in KINDS:
            for weight in sorted(set(WEIGHTS)):
                item = Item(id=f"first-{kind}-{weight}", kind=kind, queue="sales", weight=weight)
                if await self.give(item):
                    await self.conclude(item)
        await self.tick()
        for agent in self.model.agents.values():
            await self.come(agent, "desk")
            await self.set_status(agent, "available")

    async def act(self, number: int) -> None:
        """Do the step with this number."""
        self.step, self.rng = number, Random(f"{self.seed}/{number}")
        choices: tuple[tuple[int, Callable[[], Awaitable[object]]], ...] = (
            (22, self.enqueue),
            (26, self.answer),
            (18, self.work_on),
            (14, self.time_passes),
            (8, self.of_item),
            (9, self.of_presence),
            (3, self.of_queue),
            (4, self.stale),
            (2, self.assign),
            (4, self.of_phone),
            (3, self.configure),
        )
        await self.rng.choices([act for _, act in choices], [weight for weight, _ in choices])[0]()

    def some(self, *states: str) -> Item | None:
        """Return an item in one of the states."""
        found = [item for item in self.model.items.values() if item.state in states]
        return self.rng.choice(found) if found else None

    def somebody(self) -> Agent:
        """Return an agent."""
        return self.model.agents[self.rng.choice(AGENTS)]

    # -- arrivals -----------------------------------------------------------------------------------------------

    def draw_item(self) -> Item:
        rng = self.rng
        return Item(
            id=f"i{self.step:05}",
            kind=rng.choice(("chat", "chat", "email", "voice")),
            queue=rng.choice(QUEUES),
            skills=draw_skills(rng),
            preferred=rng.choice(({}, {}, {}, {"billing": 5}, {"english": 8})),
            weight=rng.choice(WEIGHTS),
            priority=rng.choice((0, 0, 1, 3)),
            due=self.scene.clock.ms + rng.randrange(9_000) if rng.random() < 0.3 else 0,
            wish=rng.choice(AGENTS) if rng.random() < 0.25 else "",
            required=rng.random() < 0.4,
        )

    def work(self, item: Item, **more: Any) -> WorkItem:
        return WorkItem(
            id=item.id,
            org_id=self.org,
            kind=item.kind,
            queue=item.queue,
            requirement=Requirement(skills=dict(item.skills)),
            preferred=dict(item.preferred),
            weight=item.weight,
            priority=item.priority,
            due_ms=item.due,
            preferred_agent=item.wish,
            preferred_required=item.required,
            **more,
        )

    async def give(self, item: Item, *, not_before: int = 0, parent: str = "", asked_by: str = "") -> bool:
        attributes = {"asked_by": asked_by} if asked_by else {}
        work = self.work(item, not_before_ms=not_before, parent_id=parent, attributes=attributes)
        return await self.do(
            lambda: self.model.enqueue(item, not_before=not_before, parent=parent, asked_by=asked_by),
            lambda: self.router.enqueue(work),
        )

    async def enqueue(self) -> None:
        if len(self.model.waiting()) > MOST_WAITING:
            await self.answer()
            return
        late = self.rng.random() < 0.1
        await self.give(self.draw_item(), not_before=self.scene.clock.ms + self.rng.randrange(5_000) if late else 0)

    async def assign(self) -> None:
        item, agent = self.draw_item(), self.somebody()
        work = self.work(item)
        item.wish, item.required = "", False
        await self.do(lambda: self.model.assign(item, agent), lambda: self.router.assign(work, agent.id))

    # -- agents at work -----------------------------------------------------------------------------------------

    async def answer(self) -> None:
        if (item := self.some("offered")) is None:
            return
        agent_id, number = self.rng.choice(item.offers)
        agent, ids = self.model.agents[agent_id], (self.org, item.id, agent_id, number)
        self.old.append(Old(item.id, agent_id, number))
        if self.rng.random() < 0.75:
            await self.do(lambda: self.model.accept(item, agent), lambda: self.router.accept(*ids))
        else:
            await self.do(lambda: self.model.decline(item, agent), lambda: self.router.decline(*ids))

    async def work_on(self) -> None:
        item = self.some("active", "active", "wrapup", "parked")
        if item is None:
            return
        if item.state == "parked":
            await self.do(lambda: self.model.resume(item), lambda: self.router.resume(self.org, item.id))
            return
        ids = (self.org, item.id, item.agent, item.number)
        self.old.append(Old(*ids[1:]))
        if item.state == "wrapup":
            if self.rng.random() < 0.5:
                self.scene.clock.ms += 1  # each extension counts: never given twice
                self.model.at(self.scene.clock.ms)
                outcome = self.model.extend_wrapup(item)
                reply = await self.router.extend_wrapup(*ids)
                self.compare(reply.events)
                assert reply.outcome.value == outcome
            else:
                await self.do(lambda: self.model.finish_wrapup(item), lambda: self.router.finish_wrapup(*ids))
            return
        await self.of_active(item, ids)

    async def of_active(self, item: Item, ids: tuple[str, str, str, int]) -> None:
        draw = self.rng.random()
        if draw < 0.45:
            await self.do(lambda: self.model.end(item), lambda: self.router.end(*ids))
        elif draw < 0.65:
            await self.do(lambda: self.model.park(item), lambda: self.router.park(*ids))
        elif draw < 0.75:
            await self.consult(item)
        else:
            await self.transfer(item, ids)

    async def consult(self, item: Item) -> None:
        child = self.draw_item()
        child.wish = ""
        await self.give(child, parent=item.id, asked_by=item.agent if self.rng.random() < 0.7 else "")

    async def transfer(self, item: Item, ids: tuple[str, str, str, int]) -> None:
        queue, skills = self.rng.choice(QUEUES), draw_skills(self.rng)
        others = [name for name in AGENTS if name != item.agent]
        to_agent = self.rng.choice(others) if self.rng.random() < 0.3 else ""
        move: dict[str, Any] = {"queue": queue, "requirement": Requirement(skills=skills), "to_agent": to_agent}
        await self.do(
            lambda: self.model.transfer(item, queue, skills, to_agent), lambda: self.router.transfer(*ids, **move)
        )

    # -- items --------------------------------------------------------------------------------------------------

    async def conclude(self, item: Item) -> None:
        await self.do(lambda: self.model.conclude(item), lambda: self.router.conclude(self.org, item.id, "visitor"))

    async def of_item(self) -> None:
        item = self.some("queued", "queued", "scheduled", "offered", "active", "wrapup", "parked")
        if item is None:
            return
        acts = (
            self.conclude_some,
            self.conclude_some,
            self.pick,
            self.pick,
            self.reprioritise,
            self.change,
            self.change,
        )
        await self.rng.choice(acts)(item)

    async def conclude_some(self, item: Item) -> None:
        if item.state != "wrapup":
            await self.conclude(item)

    async def pick(self, item: Item) -> None:
        agent, force, himself = self.somebody(), self.rng.random() < 0.3, self.rng.random() < 0.6
        by = "agent" if himself else "supervisor"
        await self.do(
            lambda: self.model.pick(item, agent, by_himself=himself, force=force),
            lambda: self.router.pick(self.org, item.id, agent.id, by=by, force=force),
        )

    async def reprioritise(self, item: Item) -> None:
        points = self.rng.randrange(-3, 9)
        if points != item.priority:
            await self.do(
                lambda: self.model.reprioritise(item, points),
                lambda: self.router.reprioritise(self.org, item.id, points),
            )

    async def change(self, item: Item) -> None:
        ways: Sequence[dict[str, Any]] = (
            {"queue": self.rng.choice(QUEUES)},
            {"skills": draw_skills(self.rng)},
            {"wish": self.rng.choice(AGENTS)},
            {"priority": self.rng.randrange(4), "due": self.scene.clock.ms + 3_000},
        )
        way = self.rng.choice(ways)
        given = {"preferred_agent" if key == "wish" else key: value for key, value in way.items()}
        await self.do(lambda: self.model.change(item, way), lambda: self.router.change(self.org, item.id, given))

    # -- presence, queues, rules, time --------------------------------------------------------------------------

    async def of_phone(self) -> None:
        """A telephone rings for a while, or rings no more."""
        agent, leg = self.somebody(), self.rng.choice(("desk", "mobile"))
        until = self.scene.clock.ms + self.rng.choice((-5, 800, 3_000, 9_000))
        if self.rng.random() < 0.6:
            await self.do(
                lambda: self.model.ring(agent, leg, until), lambda: self.router.ring(self.org, agent.id, leg, until)
            )
        else:
            await self.do(lambda: self.model.unring(agent, leg), lambda: self.router.unring(self.org, agent.id, leg))

    async def come(self, agent: Agent, socket: str) -> None:
        await self.do(
            lambda: self.model.connect(agent, socket, reopen=True),
            lambda: self.router.connect_agent(self.org, agent.id, socket),
            again=lambda: "ok",
        )

    async def set_status(self, agent: Agent, status: str) -> None:
        if agent.status != status:
            await self.do(
                lambda: self.model.set_status(agent, status),
                lambda: self.router.set_status(self.org, agent.id, status),
            )

    async def of_presence(self) -> None:
        agent, draw = self.somebody(), self.rng.random()
        if draw < 0.35:
            await self.come(agent, self.rng.choice(SOCKETS))
            if agent.status == "offline":
                await self.set_status(agent, "available")
        elif draw < 0.7:
            await self.set_status(agent, self.rng.choice(STATUSES))
        elif draw < 0.85:
            socket = self.rng.choice(SOCKETS)
            if agent.sockets.get(socket):
                await self.do(
                    lambda: self.model.disconnect(agent, socket),
                    lambda: self.router.disconnect_agent(self.org, agent.id, socket),
                )
        elif agent.status != "offline" or agent.held:
            await self.sign_out(agent, ends=self.rng.random() < 0.5)

    async def sign_out(self, agent: Agent, *, ends: bool) -> None:
        def both() -> None:
            self.model.sign_out(agent, ends=ends)
            self.model.settle(agent)

        how = "end" if ends else "requeue"
        router = lambda: self.router.sign_out(self.org, agent.id, how)  # noqa: E731 - a command, as elsewhere
        await self.do(both, router, again=lambda: "ok" if agent.held else "repeated")

    async def of_queue(self) -> None:
        queue, mode = self.rng.choice(QUEUES), self.rng.choice(("open", "open", "paused", "draining"))
        if self.model.modes[queue] != mode:
            await self.do(
                lambda: self.model.set_mode(queue, mode), lambda: self.router.set_queue(self.org, queue, mode=mode)
            )
            await self.tick()

    async def configure(self) -> None:
        organisation = draw_change(self.rng, self.model.organisation)
        users = {login: login for login in organisation.agents}
        await self.do(
            lambda: self.model.configure(organisation),
            lambda: self.router.configure(organisation, users),
            again=lambda: "ok",
        )
        await self.tick()

    async def time_passes(self) -> None:
        rng = self.rng
        if rng.random() < 0.05:  # a standstill: nothing ticks for a while
            self.scene.clock.ms += rng.choice((3_000, 31_000))
            await self.tick()
            return
        step, beats = rng.choice((100, 700, 1_700, 1_700)), rng.random() < 0.8
        for _ in range(rng.randint(1, 5)):
            self.scene.clock.ms += step
            if beats:
                await self.renew()
            await self.tick()

    async def renew(self) -> None:
        """Give a sign of life of every socket, those that were closed included."""
        leases = [(agent, socket) for agent in self.model.agents.values() for socket in agent.sockets]

        def both() -> None:
            for agent, socket in leases:
                self.model.connect(agent, socket, reopen=False)

        names = [(agent.id, socket) for agent, socket in leases]
        await self.do(both, lambda: self.router.renew(self.org, names), again=lambda: "ok")

    async def stale(self) -> None:
        """Send what was decided about an assignment that is over, or is another's: nothing happens."""
        gone = [old for old in self.old if not self.in_force(old)]
        again = [old for old in gone if old.agent == getattr(self.model.items.get(old.item), "agent", "")]
        old = self.rng.choice(again or gone or [Old("i00000", AGENTS[0], 1)])
        router = self.router
        command = self.rng.choice((router.accept, router.decline, router.end, router.finish_wrapup, router.park))
        await self.refused(command(self.org, old.item, old.agent, old.number))
        answer = await self.scene.board.ask_in(2, self.org, "accept_offer", old.item, old.agent, old.number)
        assert (answer.outcome.value, answer.events) == ("stale-epoch", ())
        if item := self.some("active", "wrapup"):
            other = self.rng.choice([name for name in AGENTS if name != item.agent])
            await self.refused(command(self.org, item.id, other, item.number))
        if self.model.closed:
            late = self.rng.choice(sorted(self.model.closed))
            await self.refused(router.enqueue(self.work(self.model.closed[late])))
            await self.refused(router.conclude(self.org, late, "visitor"))

    async def refused(self, command: Awaitable[Reply]) -> None:
        """Check that a command is refused and tells nothing."""
        reply = await command
        assert reply.events == ()
        assert reply.outcome.value in ("stale-assignment", "repeated", "not-yours", "unknown-item"), reply
        self.counts[reply.outcome.value] += 1

    def in_force(self, old: Old) -> bool:
        item = self.model.items.get(old.item)
        return item is not None and old.number in (item.number, *(number for _, number in item.offers))
