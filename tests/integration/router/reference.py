"""The routing model a second time: what each command and each timer does, by the rules and in their order.

It looks at all items and all agents at every turn; the router must come to the same decisions, told in the same order.
"""

from typing import Any

from engine.model.organisation import Organisation, Overflow, OverflowTo, Pressure, Ranking, StatusKind, WrapupMode
from tests.integration.router.model_matching import Matching
from tests.integration.router.model_state import PARKED, Agent, Held, Item

STANDSTILL_MS = 2_000
MOST_HOPS = 5
FIRST_NUMBER = 10**11
"""Assignments of the first epoch are numbered from here."""
TURNED_AWAY = {
    Pressure.FULL: Overflow.REFUSE,
    Pressure.CLOSED: Overflow.REFUSE,
    Pressure.UNSTAFFED: Overflow.WAIT,
}


class Reference(Matching):
    """The board as it should be."""

    def __init__(self, organisation: Organisation, now: int) -> None:
        super().__init__(organisation, now)
        self.told = []
        self.number = FIRST_NUMBER
        self.agents = {
            name: Agent(id=name, setup=setup, idle=now) for name, setup in sorted(organisation.agents.items())
        }

    def at(self, now: int) -> None:
        """Let it be so late; a standstill counts against nobody."""
        self.now = now
        if now - self.ticked > STANDSTILL_MS:
            self.stopped += now - self.ticked
            self.ticked = now

    # -- arrival ------------------------------------------------------------------------------------------------

    def admit(self, key: str, item: Item) -> tuple[str, str]:
        """Return the queue that takes an arrival, or "" and the outcome."""
        rule = self.organisation.kinds[item.kind]
        first = key
        for _ in range(MOST_HOPS):
            why = self.obstacle(key, item)
            way = why and self.organisation.queues[key].overflow.get(why, OverflowTo(do=TURNED_AWAY[why]))
            if why and way and way.to and way.to != first:
                key = way.to
            elif not why or not way or way.do is Overflow.WAIT or way.to or not rule.refusable:
                return key, "ok"
            else:
                return "", "queue-full" if why is Pressure.FULL else "queue-closed"
        return key, "ok"

    def obstacle(self, key: str, item: Item) -> Pressure | None:
        """Return why the queue takes no arrivals now."""
        queue = self.organisation.queues[key]
        if self.modes[key] == "draining":
            return Pressure.CLOSED
        if queue.limit_items and len(self.line(key)) >= queue.limit_items:
            return Pressure.FULL
        if Pressure.UNSTAFFED in queue.overflow:
            levels = [*queue.skills.items(), *item.skills.items()]
            there = [
                agent
                for agent in self.agents.values()
                if self.organisation.statuses[agent.status].kind is not StatusKind.OFFLINE
                and key in agent.setup.queues
                and all(agent.setup.skills.get(skill, 0) >= level for skill, level in levels)
            ]
            return None if there else Pressure.UNSTAFFED
        return None

    def create(self, item: Item) -> None:
        """Put an item on the board that waits from now on."""
        item.state, item.since, item.waiting = "moving", self.now, self.now
        item.rank = self.ranked(item)
        self.sign(item)
        self.items[item.id] = item

    def adopt(self, item: Item, parent: str, asked_by: str) -> None:
        """A consult hangs on the item it is asked for, and is not for who asks."""
        if asked_by:
            self.pass_over(item, self.agents[asked_by])
            del self.timers[f"memory|{item.id}|{asked_by}"]
        if parent in self.items:
            self.items[parent].children.append(item.id)

    def enqueue(self, item: Item, *, not_before: int = 0, parent: str = "", asked_by: str = "") -> str:
        """Let an item wait, now or from a moment on; return the outcome."""
        queue, outcome = self.admit(item.queue, item)
        if not queue:
            return outcome
        item.queue = queue
        self.create(item)
        if item.wish:
            self.wish(item, item.wish, item.required)
        self.adopt(item, parent, asked_by)
        if not_before > self.now:
            item.state, item.waiting = "scheduled", 0
            self.alarms[f"schedule|{item.id}"] = not_before
            self.tell("scheduled", item)
        else:
            self.tell("enqueued", item)
            self.place(item)
        return "ok"

    def assign(self, item: Item, agent: Agent) -> None:
        """A new item is with the agent already, room or not."""
        self.create(item)
        self.tell("enqueued", item)
        self.hand_over(item, agent)
        self.start_grace(agent)
        self.settle(agent)

    # -- what an agent does -------------------------------------------------------------------------------------

    def accept(self, item: Item, agent: Agent) -> None:
        """He takes it; the others who were offered it lose it."""
        number = dict(item.offers)[agent.id]
        for other in [name for name, _ in item.offers if name != agent.id]:
            self.settle(self.take_back(item, other, "rescinded"))
        self.begin(item, agent, number)
        self.settle(agent)

    def decline(self, item: Item, agent: Agent) -> None:
        """He will not."""
        self.take_back(item, agent.id, "declined")
        agent.misses, agent.idle = 0, self.now
        self.pass_over(item, agent)
        self.requeue(item)
        self.settle(agent)

    def requeue(self, item: Item) -> None:
        """Let a moving item wait again, its clocks going on; one that is still offered to others stays there."""
        if item.state == "moving":
            item.waiting = item.waiting or self.now
            self.catch_up(item)
            self.place(item)

    def release(self, item: Item) -> Agent:
        """Take the item from its agent."""
        agent = self.agents[item.agent]
        self.drop(agent, item)
        self.timers.pop(f"wrapup|{item.id}", None)
        item.state, item.agent, item.number, item.deadline = "moving", "", 0, 0
        return agent

    def end(self, item: Item) -> None:
        """The contact is over; where there is no wrap-up, the item is."""
        agent = self.agents[item.agent]
        if self.end_contact(item):
            self.settle(agent)

    def end_contact(self, item: Item) -> bool:
        """Return whether the item is closed."""
        self.conclude_children(item)
        self.tell("ended", item)
        queue = self.queue(item)
        if queue.wrapup is WrapupMode.NONE:
            self.close(item)
            return True
        item.state, item.since = "wrapup", self.now
        if queue.wrapup is WrapupMode.TIMED:
            item.deadline = self.running + queue.wrapup_ms
            self.timers[f"wrapup|{item.id}"] = item.deadline
        return False

    def extend_wrapup(self, item: Item) -> str:
        """He needs more time."""
        queue = self.queue(item)
        if not item.deadline or not queue.wrapup_extend_ms or item.extensions >= queue.wrapup_extensions:
            return "refused"
        item.extensions += 1
        item.deadline += queue.wrapup_extend_ms
        self.timers[f"wrapup|{item.id}"] = item.deadline
        self.tell("wrapup_extended", item)
        return "ok"

    def finish_wrapup(self, item: Item) -> None:
        """The wrap-up is over."""
        self.settle(self.close(item))

    def close(self, item: Item) -> Agent:
        """Close an item that an agent has."""
        self.tell("closed", item)
        agent = self.release(item)
        agent.idle = self.now
        self.bury(item)
        return agent

    def bury(self, item: Item) -> None:
        """Nothing is left of it."""
        for name in item.passed:
            self.timers.pop(f"memory|{item.id}|{name}", None)
        item.state = "closed"
        self.closed[item.id] = self.items.pop(item.id)
        self.release_room(item, None)

    def park(self, item: Item) -> str:
        """He puts the item aside."""
        agent = self.agents[item.agent]
        terms = self.terms(agent, item.kind)
        if terms and terms.parked_maximum and len(agent.parked) >= terms.parked_maximum:
            return "no-room"
        self.tell("parked", item)
        self.drop(agent, item)
        if terms and terms.parked_weight:
            agent.held.append(Held(item.id, PARKED, terms.parked_weight))
        agent.parked.append(item.id)
        item.state, item.since, item.number = "parked", self.now, 0
        agent.idle = self.now
        self.settle(agent)
        return "ok"

    def unpark(self, item: Item) -> Agent:
        """Take the item out of what he has parked."""
        agent = self.agents[item.agent]
        self.drop(agent, item)
        agent.parked.remove(item.id)
        item.state, item.agent = "moving", ""
        return agent

    def resume(self, item: Item) -> None:
        """The customer is back; who had the item is preferred."""
        self.tell("resumed", item)
        agent = self.unpark(item)
        item.waiting = self.now
        self.begin_segment(item)
        self.wish(item, agent.id, required=False)
        item.rank = self.ranked(item)
        self.requeue(item)
        self.settle(agent)

    def begin_segment(self, item: Item) -> None:
        """Relaxation counts anew."""
        item.segment, item.stage = self.waited(item), 0

    def transfer(self, item: Item, queue: str, skills: dict[str, int], to_agent: str) -> str:
        """He hands the item on, with its age."""
        agent, asked = self.agents[item.agent], Item(id="", kind=item.kind, queue=queue, skills=skills)
        key, outcome = (queue, "ok") if to_agent else self.admit(queue, asked)
        if not key:
            return outcome
        self.tell("transferred", item)
        self.release(item)
        agent.idle = self.now
        item.queue, item.skills, item.preferred = key, skills, {}
        self.begin_segment(item)
        self.wish(item, to_agent, bool(to_agent))
        item.waiting = self.now
        item.rank = self.ranked(item)
        self.pass_over(item, agent)
        self.requeue(item)
        self.settle(agent)
        return "ok"

    def pick(self, item: Item, agent: Agent, *, by_himself: bool, force: bool) -> str:
        """He takes a waiting item himself, or is given it; return the outcome."""
        if item.state in ("active", "wrapup", "parked"):
            return "repeated" if item.agent == agent.id and item.state != "parked" else "wrong-state"
        queues, _, _, skills = self.need_of(item)
        if by_himself and not any(queue in agent.setup.queues for queue in queues):
            return "not-a-member"
        if by_himself and any(agent.setup.skills.get(skill, 0) < level for skill, level in skills):
            return "not-qualified"
        if not force and agent.id not in dict(item.offers) and not self.has_room(agent, item):
            return "no-room"
        losers = [self.take_back(item, name, "rescinded") for name, _ in list(item.offers)]
        self.alarms.pop(f"schedule|{item.id}", None)
        self.hand_over(item, agent)
        for loser in losers:
            self.settle(loser)
        self.start_grace(agent)
        self.settle(agent)
        return "ok"

    def hand_over(self, item: Item, agent: Agent) -> None:
        """Put a moving item with the agent."""
        self.number = number = self.number + 1
        item.state = "moving"
        self.hold(agent, item)
        self.release_room(item, agent)
        self.begin(item, agent, number)

    # -- what others do with an item ----------------------------------------------------------------------------

    def conclude(self, item: Item) -> None:
        """The customer's side is over."""
        if item.state == "active":
            self.end(item)
        elif item.state != "wrapup":
            self.abandon(item)

    def conclude_children(self, item: Item) -> None:
        """A consult ends with the item that asked for it."""
        children, item.children = item.children, []
        for child in children:
            if child in self.items:
                self.conclude(self.items[child])

    def abandon(self, item: Item) -> None:
        """It waits no more; whoever was offered it is free."""
        self.conclude_children(item)
        held = [self.unpark(item)] if item.state == "parked" else []
        self.alarms.pop(f"schedule|{item.id}", None)
        for name, _ in item.offers[:-1]:
            held.append(self.take_back(item, name, "rescinded"))
        self.tell("abandoned", item)
        if item.offers:
            self.timers.pop(f"offer|{item.id}|{item.agent}")
            held.append(self.release(item))
            item.offers = []
        item.state = "moving"
        self.bury(item)
        for agent in held:
            self.settle(agent)

    def reprioritise(self, item: Item, priority: int) -> None:
        """Its place follows its priority."""
        before = self.bonus(item)
        item.priority = priority
        item.rank += before - self.bonus(item)
        self.tell("reprioritised", item)

    def reduced(self, item: Item, wanted: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return what of a change differs, and "repeated" or why it is refused where it cannot be made."""
        left = {name: value for name, value in wanted.items() if value != getattr(item, name)}
        if "wish" in wanted and item.required:
            left["wish"] = wanted["wish"]
        if left and not left.keys() <= {"priority", "due"} and item.state not in ("queued", "scheduled"):
            return left, "wrong-state"
        if "queue" in left:
            asked = Item("", item.kind, left["queue"], left.get("skills", item.skills))
            left["queue"], outcome = self.admit(left["queue"], asked)
            if outcome != "ok":
                return left, outcome
            if left["queue"] == item.queue:
                del left["queue"]
        return left, "ok" if left else "repeated"

    def change(self, item: Item, wanted: dict[str, Any]) -> str:
        """A waiting item asks for something else, in those of its fields that are named; return the outcome."""
        wanted, outcome = self.reduced(item, wanted)
        if outcome != "ok":
            return outcome
        waits, since, bonus = item.state == "queued", item.since, self.bonus(item)
        if waits:
            item.state = "moving"
            self.release_room(item, None)
        vars(item).update(wanted)
        if "queue" in wanted:
            self.begin_segment(item)
        if "wish" in wanted:
            self.wish(item, item.wish, required=False)
        anew = item.waiting or ("due" in wanted and self.queue(item).ranking is Ranking.DUE)
        item.rank = self.ranked(item) if anew else item.rank + bonus - self.bonus(item)
        self.tell("changed", item)
        if waits:
            self.requeue(item)
            item.since = since if item.state == "queued" else item.since
        return "ok"

    def set_mode(self, queue: str, mode: str) -> None:
        """Pause, drain or open a queue."""
        before, self.modes[queue] = self.modes[queue], mode
        self.told.append(("queue", "", "", queue, 0))
        if before == "paused":
            self.alarms[f"match|{queue}"] = self.alarms["settle|all"] = self.now

    def start_grace(self, agent: Agent) -> None:
        """If he is away and there is anything to lose, he may come back for a while."""
        owned = any(item.holder == agent.id and item.state == "queued" for item in self.items.values())
        if not agent.connected and (agent.status != "offline" or agent.held or owned):
            grace = self.running + self.organisation.lost_agent_grace_ms
            self.timers.setdefault(f"grace|{agent.id}", grace)
