"""The routing model a second time: agents come and go, rules change, and what time does."""

from collections.abc import Callable

from engine.model.organisation import OnAgentLost, Organisation, StatusKind
from tests.integration.router.model_state import Agent, Item
from tests.integration.router.reference import Reference


class Living(Reference):
    """The reference with agents who come and go, and with time that passes."""

    def tell_presence(self, agent: Agent) -> None:
        """Report where an agent stands."""
        self.told.append(("presence", "", agent.id, "", 0))

    # -- presence -----------------------------------------------------------------------------------------------

    def connect(self, agent: Agent, socket: str, *, reopen: bool) -> None:
        """A socket is there, or still there; one that was closed is opened by a new connection only."""
        known, was_there = agent.sockets.get(socket), agent.connected
        if known is False and not reopen:
            return
        self.timers[f"lease|{agent.id}|{socket}"] = self.running + self.organisation.lease_ms
        agent.sockets[socket] = True
        if not was_there:
            self.timers.pop(f"grace|{agent.id}", None)
            self.tell_presence(agent)
            self.settle(agent)

    def disconnect(self, agent: Agent, socket: str) -> None:
        """A socket is gone; with the last one his offers return."""
        was_there = agent.connected
        agent.sockets[socket] = False
        if was_there and not agent.connected:
            self.give_up_room(agent)
            self.tell_presence(agent)
            self.rescind(agent, frozenset())
            self.start_grace(agent)

    def rescind(self, agent: Agent, keeps: frozenset[str]) -> None:
        """Take back what is offered to him, but for kinds that he keeps."""
        for item in self.held_items(agent, "offered"):
            if item.kind not in keeps:
                self.take_back(item, agent.id, "rescinded")
                self.requeue(item)

    def ring(self, agent: Agent, leg: str, until: int) -> str:
        """His telephone rings: nothing is offered to him until then."""
        marks = self.ringing(agent)
        if until <= max(self.now, marks.get(leg, 0)):
            return "repeated"
        if not marks and agent.pace > self.now:
            marks[""] = agent.pace
        self.hold_back(agent, {**marks, leg: until})
        self.rescind(agent, frozenset())
        self.settle(agent)
        return "ok"

    def unring(self, agent: Agent, leg: str) -> str:
        """It rings no more."""
        marks = self.ringing(agent)
        if marks.pop(leg, 0) == 0:
            return "repeated"
        self.hold_back(agent, marks)
        self.settle(agent)
        return "ok"

    def ringing(self, agent: Agent) -> dict[str, int]:
        """Return what rings still."""
        return {leg: until for leg, until in agent.rings.items() if until > self.now}

    def hold_back(self, agent: Agent, marks: dict[str, int]) -> None:
        """Nothing is offered before the last of these is over."""
        agent.rings, agent.pace, agent.held_back = marks, max(marks.values(), default=0), True
        self.alarms.pop(f"pace|{agent.id}", None)
        if agent.pace:
            self.alarms[f"pace|{agent.id}"] = agent.pace

    def held_items(self, agent: Agent, state: str) -> list[Item]:
        """Return what he holds in a state, oldest first."""
        held = [self.items[held.item] for held in agent.held]
        return [item for item in held if item.state == state]

    def set_status(self, agent: Agent, status: str) -> None:
        """He chooses a status."""
        self.become(agent, status)
        self.rescind(agent, self.organisation.statuses[status].channels)
        self.start_grace(agent)
        self.settle(agent)

    def become(self, agent: Agent, status: str) -> None:
        """His status changes."""
        kinds = self.organisation.statuses
        was, now = kinds[agent.status].kind, kinds[status].kind
        if now is StatusKind.AVAILABLE and was is not StatusKind.AVAILABLE:
            agent.idle, agent.returning = self.now, True
        if was is StatusKind.OFFLINE:
            agent.handled = 0
        if now is StatusKind.OFFLINE and any(item.holder == agent.id for item in self.waiting()):
            self.alarms[f"free|{agent.id}"] = self.now
        agent.status, agent.misses = status, 0
        self.give_up_room(agent)
        self.tell_presence(agent)

    def waiting(self) -> list[Item]:
        """Return who waits, the best first."""
        queued = [item for item in self.items.values() if item.state == "queued"]
        return sorted(queued, key=lambda item: (item.rank, item.id))

    def sign_out(self, agent: Agent, *, ends: bool) -> None:
        """He goes: what he has ends, or returns, or stays his."""
        self.give_up_room(agent)
        if agent.status != "offline":
            self.become(agent, "offline")
        self.rescind(agent, frozenset())
        for item in self.held_items(agent, "active"):
            if item.state != "active":
                continue  # a consult, which has ended with its parent
            if ends:
                self.end_contact(item)
            elif self.organisation.kinds[item.kind].on_agent_lost is OnAgentLost.REQUEUE:
                self.tell("lost", item)
                self.release(item)
                self.requeue(item)
        for item in self.held_items(agent, "wrapup"):
            self.close(item)

    # -- rules change -------------------------------------------------------------------------------------------

    def configure(self, organisation: Organisation) -> None:
        """Put a changed organisation in force: every agent is settled under the new rules."""
        before, self.organisation = self.organisation, organisation
        for key, queue in organisation.queues.items():
            if (queue.skills, queue.relaxation) != (before.queues[key].skills, before.queues[key].relaxation):
                self.alarms[f"sign|{key}"] = self.now
        for agent in self.agents.values():
            old, agent.setup = agent.setup, organisation.agents[agent.id]
            if agent.setup != old:
                self.give_up_room(agent)
            self.settle(agent)

    # -- time ---------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Handle all that is due: timers and alarms in turn, each in the order of their moments and names."""
        self.ticked = self.now
        while self.run(self.timers, self.running) + self.run(self.alarms, self.now):
            pass

    def run(self, timers: dict[str, int], time: int) -> int:
        """Handle one batch; return how many were due."""
        due = sorted((moment, name) for name, moment in timers.items() if moment <= time)
        for _, name in due:
            if timers.get(name, time + 1) <= time:
                del timers[name]
                kind, *subjects = name.split("|")
                handler: Callable[..., None] = getattr(self, f"on_{kind}")
                handler(*subjects)
        return len(due)

    def on_offer(self, item_id: str, agent_id: str) -> None:
        """He let the offer pass."""
        item, agent = self.items[item_id], self.agents[agent_id]
        misses = agent.misses + 1
        self.take_back(item, agent_id, "missed")
        agent.misses, agent.idle = misses, self.now
        self.pass_over(item, agent)
        if misses >= self.organisation.missed_offers and agent.status != self.organisation.missed_status:
            self.become(agent, self.organisation.missed_status)
        self.requeue(item)
        self.settle(agent)

    def on_wrapup(self, item_id: str) -> None:
        """Its time is over."""
        self.finish_wrapup(self.items[item_id])

    def on_memory(self, item_id: str, agent_id: str) -> None:
        """He may be asked again."""
        self.items[item_id].passed.discard(agent_id)
        self.settle(self.agents[agent_id])

    def on_lease(self, agent_id: str, socket: str) -> None:
        """No sign of life."""
        agent = self.agents[agent_id]
        self.disconnect(agent, socket)
        del agent.sockets[socket]

    def on_grace(self, agent_id: str) -> None:
        """He has not come back."""
        self.sign_out(self.agents[agent_id], ends=False)

    def on_schedule(self, item_id: str) -> None:
        """It begins to wait."""
        item = self.items[item_id]
        item.state, item.waiting = "moving", self.now
        item.rank = self.ranked(item)
        self.catch_up(item)
        self.tell("enqueued", item)
        self.place(item)

    def on_pace(self, agent_id: str) -> None:
        """He may have the next."""
        self.settle(self.agents[agent_id])

    def on_room(self, number: str) -> None:
        """Somebody has waited for room for too long."""
        self.keep_rooms(int(number))

    def on_unhold(self, item_id: str) -> None:
        """It was kept for long enough."""
        item = self.items.get(item_id)
        if item and item.holder and item.until <= self.now:
            if item.state == "queued":
                self.set_free(item)
            else:
                self.unhold(item)

    def set_free(self, item: Item) -> None:
        """An item that was kept for one waits for all."""
        item.state = "moving"
        self.unhold(item)
        self.requeue(item)

    def on_free(self, agent_id: str) -> None:
        """What was kept for him, who has gone, is for everybody."""
        agent = self.agents[agent_id]
        for item in [item for item in self.waiting() if item.holder == agent_id]:
            if not item.required and not self.signed_in(agent):
                self.set_free(item)

    def on_relax(self, item_id: str) -> None:
        """It asks for less, while it waits or is offered."""
        item = self.items.get(item_id)
        if item is None or item.state not in ("queued", "offered"):
            return
        if self.stage_due(item) <= item.stage:
            self.watch_age(item)
            return
        waits, since = item.state == "queued", item.since
        self.catch_up(item)
        self.tell("relaxed", item)
        if not waits:
            self.watch_age(item)
            return
        self.place(item)
        item.since = since if item.state == "queued" else item.since

    def on_match(self, queue: str) -> None:
        """The queue is paused no more."""
        for item in self.line(queue):
            if item.state == "queued" and self.modes[queue] != "paused":
                item.state = "moving"
                if not self.offer(item):
                    item.state = "queued"

    def on_settle(self, _: str) -> None:
        """Everybody may find something."""
        for agent in self.agents.values():
            self.start_grace(agent)
            self.settle(agent)

    def on_sign(self, queue: str) -> None:
        """What the queue asks for has changed."""
        for item in self.line(queue):
            before = item.need
            if item.state != "queued":
                continue
            self.catch_up(item)
            if item.need == before:
                self.watch_age(item)
                continue
            item.state = "moving"
            self.release_room(item, None)
            self.place(item)
