"""How items and agents find each other: look at all of them at every turn, and take the best."""

from engine.model.organisation import RANK, Accept, AgentOrder
from tests.integration.router.model_state import Agent, Held, Item, State

AGAIN_MS = 1_000
MOST_LOAD, MOST_HANDLED = 2_000, 4_000

Told = tuple[str, str, str, str, int]
"""(kind, item, agent, queue, assignment)."""


class Matching(State):
    """Offers, holds and rooms."""

    told: list[Told]

    def tell(self, kind: str, item: Item) -> None:
        """Report a transition of an item as it is now."""
        self.told.append((kind, item.id, item.agent, item.queue, item.number))

    # -- the two ways to match ----------------------------------------------------------------------------------

    def place(self, item: Item) -> None:
        """Let an item wait, or offer it at once to whoever is the best of those who may have it."""
        item.state, item.since = "moving", self.now
        self.choose_holder(item)
        if self.modes[item.queue] == "paused" or not self.offer(item):
            item.state = "queued"
        self.watch_age(item)
        self.watch_room(item)

    def offer(self, item: Item) -> bool:
        """Offer the item to as many agents as its queue says; return whether there was one."""
        if item.holder:
            holder = self.agents[item.holder]
            if self.can_take(holder, item):
                self.give(item, holder)
            return bool(item.agent)
        given = 0
        while given < self.queue(item).offer_to and (not given or item.state == "offered"):
            found = [
                agent
                for agent in self.agents.values()
                if self.fits(agent, item.need) and self.can_take(agent, item)
                if not agent.held_back
                and not agent.reserved  # who keeps his room gets what it is for when he is settled
            ]
            if not found:
                break
            self.give(item, min(found, key=lambda agent: self.agent_order(agent, item)))
            given += 1
        return given > 0

    def settle(self, agent: Agent) -> None:
        """Give an agent whose room or status has changed his best items, one after the other."""
        if agent.pace <= self.now:
            agent.held_back = False
        given = 0
        while item := self.best_item(agent):
            self.give(item, agent)
            given += 1
        if not given and agent.pace <= self.now:
            agent.returning = False

    def best_item(self, agent: Agent) -> Item | None:
        """Return what he gets next: what his room is kept for, what is held for him, what is ranked best."""
        if kept := self.kept(agent):
            return kept
        able = [item for item in self.items.values() if item.state == "queued" and self.eligible(agent, item)]
        return min(able, key=lambda item: self.item_order(agent, item), default=None)

    def item_order(self, agent: Agent, item: Item) -> tuple[bool, int, int, str]:
        """Return how an item ranks for an agent, lower first."""
        if item.holder:
            return False, 0, item.rank, item.id
        queue = next(queue for queue in item.need[0] if queue in agent.setup.queues)
        return True, agent.setup.ranks.get(queue, RANK), item.rank, item.id

    def agent_order(self, agent: Agent, item: Item) -> tuple[int, bool, int, int, str]:
        """Return how an agent ranks for an item, lower first."""
        place, queue = next((i, queue) for i, queue in enumerate(item.need[0]) if queue in agent.setup.queues)
        order, score = self.queue(item).order, 0
        if order is AgentOrder.LEAST_LOADED:
            units = self.organisation.profiles[agent.setup.profile].units
            score = min(1_000 * self.used(agent) // units, MOST_LOAD)
        elif order is AgentOrder.FEWEST_HANDLED:
            score = min(agent.handled, MOST_HANDLED)
        elif order is AgentOrder.MOST_SKILLED:
            score = -sum(agent.setup.skills[skill] for skill, _ in item.need[3])
        return place, queue != agent.setup.queues[0], score, agent.idle, agent.id

    # -- offers -------------------------------------------------------------------------------------------------

    def give(self, item: Item, agent: Agent) -> None:
        """Offer the item to one more agent; where offers are accepted automatically he has it."""
        queue = self.queue(item)
        self.number += 1
        if item.state != "offered":
            item.state, item.since = "offered", self.now
        item.offers.append((agent.id, self.number))
        item.agent, item.number = item.offers[-1]
        self.hold(agent, item)
        if agent.returning and (pace := self.organisation.fill_pace_ms):
            agent.pace, agent.held_back = self.now + pace, True
            self.alarms[f"pace|{agent.id}"] = agent.pace
        self.release_room(item, agent)
        self.tell("offered", item)
        if queue.accept is Accept.AUTOMATIC:
            self.begin(item, agent, item.number)
        else:
            self.timers[f"offer|{item.id}|{agent.id}"] = self.running + queue.offer_timeout_ms

    def hold(self, agent: Agent, item: Item) -> None:
        """Take the agent's room."""
        agent.held.append(Held(item.id, item.kind, self.units(agent, item)))

    def drop(self, agent: Agent, item: Item) -> None:
        """Give his room back."""
        agent.held = [held for held in agent.held if held.item != item.id]

    def begin(self, item: Item, agent: Agent, number: int) -> None:
        """Let the agent have the item, whose other offers are over."""
        self.timers.pop(f"offer|{item.id}|{agent.id}", None)
        item.age, item.waiting = self.waited(item), 0
        item.state, item.since, item.offers = "active", self.now, []
        item.agent, item.number = agent.id, number
        agent.misses, agent.idle = 0, self.now
        agent.handled += 1
        self.tell("accepted", item)

    def take_back(self, item: Item, agent_id: str, kind: str) -> Agent:
        """Take one agent's offer away; the item is moving when it was the last."""
        agent = self.agents[agent_id]
        self.told.append((kind, item.id, agent_id, item.queue, dict(item.offers)[agent_id]))
        item.offers = [offer for offer in item.offers if offer[0] != agent_id]
        self.drop(agent, item)
        self.timers.pop(f"offer|{item.id}|{agent_id}", None)
        item.agent, item.number = item.offers[-1] if item.offers else ("", 0)
        if not item.offers:
            item.state = "moving"
        return agent

    # -- holds: items kept for an agent -------------------------------------------------------------------------

    def wish(self, item: Item, agent_id: str, required: bool) -> None:
        """Ask for an agent from now on."""
        item.wish, item.required, item.asks = agent_id, required, bool(agent_id)
        item.until, item.holder = 0, ""

    def choose_holder(self, item: Item) -> None:
        """Decide whether the item, which is about to wait, is held for the agent it asks for."""
        if not item.asks:
            return
        queue, agent = self.queue(item), self.agents.get(item.wish)
        bound = queue.required_wait_ms if item.required else queue.preferred_wait_ms
        bounded = not item.required or bound > 0
        if bounded and not item.until:
            item.until = self.now + bound
        over = bounded and self.now >= item.until
        if agent and (item.required or self.signed_in(agent)) and (not over or self.can_take(agent, item)):
            item.holder = agent.id
            if bounded:
                self.alarms[f"unhold|{item.id}"] = item.until
        else:
            self.unhold(item)

    def unhold(self, item: Item) -> None:
        """The item is for everybody."""
        item.asks, item.holder = False, ""

    def pass_over(self, item: Item, agent: Agent) -> None:
        """Do not offer the item to the agent for a while."""
        item.passed.add(agent.id)
        memory = max(self.queue(item).decline_memory_ms, 100)
        self.timers[f"memory|{item.id}|{agent.id}"] = self.running + memory
        if item.asks and agent.id == item.wish:
            self.unhold(item)

    # -- rooms: room kept for an item that is too big to find any -------------------------------------------------

    def watch_room(self, item: Item) -> None:
        """See to it that room is kept for it when it has waited for too long."""
        after = self.queue(item).hold_room_after_ms
        if after and item.state == "queued" and not item.holder and not item.keeper:
            name = f"room|{self.needs.index(item.need) + 1}"
            moment = self.now + max(after - self.waited_here(item), 0)
            self.alarms[name] = min(moment, self.alarms.get(name, moment))

    def keep_rooms(self, number: int) -> None:
        """Keep room for those who ask for the same and have waited for too long; look again later."""
        need = self.needs[number - 1]
        alike = [item for item in self.items.values() if item.state == "queued" and item.need == need]
        again: list[int] = []
        for item in sorted(alike, key=lambda item: (item.rank, item.id)):
            after = self.queue(item).hold_room_after_ms
            missing = after - self.waited_here(item)
            if not after or item.keeper or item.holder:
                continue
            if missing > 0:
                again.append(missing)
                continue
            found = [agent for agent in self.agents.values() if self.could_take(agent, item)]
            if self.modes[item.queue] == "paused" or not found:
                again = [AGAIN_MS]
                break
            keeper = min(found, key=lambda agent: (self.used(agent), agent.idle, agent.id))
            keeper.reserved, item.keeper = item.id, keeper.id
            self.settle(keeper)
        if again:
            name, moment = f"room|{number}", self.now + min(again)
            self.alarms[name] = min(moment, self.alarms.get(name, moment))

    def could_take(self, agent: Agent, item: Item) -> bool:
        """Say whether he could take the item if he had nothing else to do."""
        return (
            self.fits(agent, item.need)
            and self.takes(agent, item.kind)
            and self.terms(agent, item.kind) is not None
            and not agent.reserved
            and self.organisation.profiles[agent.setup.profile].units >= self.units(agent, item)
            and agent.id not in item.passed
        )

    def kept(self, agent: Agent) -> Item | None:
        """Return the item his room is kept for if he can take it now."""
        item = self.items.get(agent.reserved)
        if item is None or item.state != "queued":
            agent.reserved = ""
            return None
        return item if self.modes[item.queue] != "paused" and self.can_take(agent, item) else None

    def release_room(self, item: Item, agent: Agent | None) -> None:
        """The item is given to the agent, or leaves: whoever kept room for it need not any more."""
        keeper = self.agents.get(item.keeper)
        item.keeper = ""
        if keeper and keeper.reserved == item.id:
            keeper.reserved = ""
            if keeper is not agent:
                self.settle(keeper)

    def give_up_room(self, agent: Agent) -> None:
        """He can keep his room no longer: another will be found."""
        item = self.items.get(agent.reserved)
        agent.reserved = ""
        if item and item.state == "queued":
            item.keeper = ""
            self.watch_room(item)

    # -- ages ---------------------------------------------------------------------------------------------------

    def sign(self, item: Item) -> None:
        """Note what the item asks for now."""
        item.need = self.need_of(item)
        if item.need not in self.needs:
            self.needs.append(item.need)

    def catch_up(self, item: Item) -> None:
        """Let the item ask for what its age allows by now."""
        item.stage = self.stage_due(item)
        self.sign(item)

    def watch_age(self, item: Item) -> None:
        """See to its next step of relaxation."""
        if left := self.steps(item)[item.stage :]:
            missing = self.after(item, left[0]) - self.waited_here(item)
            self.alarms[f"relax|{item.id}"] = self.now + max(missing, 0)
