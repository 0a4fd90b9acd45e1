"""What one process does to the board: random commands, each of which may be its last.

A command is a name and its arguments as JSON, so that it can be noted before it is done and repeated by whoever
comes after a kill, who does not know whether it had its effect.
"""

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import Conflict, CordboardError, InvalidInput, NotFound, Unavailable
from engine.failpoints import failpoint
from engine.model.record import NewWork
from engine.model.work import Outcome, Reply, Requirement, WorkItem
from engine.router.router import Router
from engine.store.store import Store
from engine.wiring.recorder import Recorder
from tests.integration.chaos.world import CHANNELS, ORG, SKILLS, queues, user_ids

Command = tuple[str, list[Any]]

ONCE = frozenset({"accept", "decline", "end", "finish_wrapup", "transfer", "park", "enqueue", "conclude"})
"""Commands that can have an effect only once, whatever others do meanwhile."""
BULK = 30
REFUSED = frozenset({Outcome.QUEUE_FULL, Outcome.QUEUE_CLOSED, Outcome.TOO_MANY_SIGNATURES, Outcome.UNKNOWN_QUEUE})


class Deeds:
    """Draw commands from ``rng`` and do them."""

    def __init__(self, *, name: str, router: Router, store: Store, recorder: Recorder, folder: Path, seed: int) -> None:
        self._name = name
        self._router = router
        self._store = store
        self._recorder = recorder
        self._rng = random.Random(seed)
        self._made = 0
        self._note = folder / f"{name}.last"
        self._told = folder / f"{name}.told"
        self._tally = folder / f"{name}.tally"
        self.known: deque[str] = deque(maxlen=150)
        self.connected: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []

    async def repeat_last(self) -> None:
        """Do again what the process before this one was doing when it was killed."""
        if self._note.exists() and (text := self._note.read_text()):
            name, arguments = json.loads(text)
            await self._try((name, arguments))

    async def sweep(self, item_id: str) -> None:
        """Enqueue an item that a kill left pending."""
        reply = await self._enqueue(item_id)
        await self._written("enqueue", [item_id], reply)

    async def act(self) -> None:
        """Do one random command."""
        try:
            command = await self._draw()
        except (Unavailable, NotFound):
            await asyncio.sleep(0.05)
            return
        if command is not None:
            await self._try(command)

    async def _try(self, command: Command) -> None:
        self._note.write_text(json.dumps(command))
        try:
            await self._do(command)
        except Unavailable:
            self.counts["unavailable"] += 1
            await asyncio.sleep(0.05)
        except Conflict:
            self.counts["overtaken"] += 1
        except (InvalidInput, NotFound):
            self.counts["refused"] += 1
        except CordboardError as error:  # a fault in the functions
            self.violations.append(f"{command}: {error}")
        self._note.write_text("")
        self._tally.write_text(json.dumps({"counts": self.counts, "violations": self.violations}))

    def report(self) -> dict[str, object]:
        """Return what was done and what was wrong since the last report; a kill leaves it in the tally."""
        report: dict[str, object] = {"counts": dict(self.counts), "violations": list(self.violations)}
        self.counts.clear()
        self.violations.clear()
        self._tally.unlink(missing_ok=True)
        return report

    async def _do(self, command: Command) -> None:
        name, arguments = command
        reply = await self._command(name, arguments)
        self.counts["commands"] += 1
        self.counts[f"{name}:{reply.outcome.value}"] += 1
        await self._written(name, arguments, reply)
        if self._rng.random() < 0.15:
            again = await self._command(name, arguments)
            self.counts["repeats"] += 1
            await self._recorder.record(again.events)
            same = not reply.events or not again.events or again.events[0].epoch == reply.events[0].epoch
            if {reply.outcome, again.outcome} == {Outcome.OK} and name in ONCE and same:
                self.violations.append(f"{command} had its effect twice: {reply} {again}")

    async def _written(self, name: str, arguments: list[Any], reply: Reply) -> None:
        if name == "accept":
            failpoint("offer.after-accept")
        elif name == "transfer":
            failpoint("transfer.after-board")
        elif name == "end":
            failpoint("end.after-board")
        await self._recorder.record(reply.events)
        if name == "accept":
            failpoint("offer.after-record")
        if name == "enqueue" and reply.outcome in REFUSED:
            await self._turn_away({arguments[0]: reply})

    async def _turn_away(self, answers: Mapping[str, Reply]) -> None:
        """Close what no queue took in, on the board first: a sweep may have found room meanwhile."""
        turned_away = await self._router.refuse(ORG, answers)
        failpoint("refusal.after-board")
        whys = {item_id: answers[item_id].outcome.value for item_id in turned_away}
        await self._store.work.refuse(ORG, whys, now_ms=int(time.time() * 1000))

    async def _command(self, name: str, arguments: list[Any]) -> Reply:
        special: Mapping[str, Callable[..., Awaitable[Reply]]] = {
            "enqueue": self._enqueue,
            "bulk": self._bulk,
            "assign": self._assign,
            "transfer": self._transfer,
            "set_queue": self._set_queue,
            "pick": self._pick,
        }
        if name == "accept":
            failpoint("offer.before-accept")
        if name in special:
            return await special[name](*arguments)
        command: Callable[..., Awaitable[Reply]] = getattr(self._router, name)
        return await command(ORG, *arguments)

    # -- commands that are more than their arguments ------------------------------------------------------------

    async def _enqueue(self, item_id: str) -> Reply:
        return await self._router.enqueue(await self._store.work.get(ORG, item_id))

    async def _assign(self, item_id: str, agent: str) -> Reply:
        return await self._router.assign(await self._store.work.get(ORG, item_id), agent)

    async def _bulk(self, item_ids: list[str]) -> Reply:
        items = [await self._store.work.get(ORG, item_id) for item_id in item_ids]
        replies = await self._router.enqueue_many(ORG, items)
        no = {item: reply for item, reply in zip(item_ids, replies, strict=True) if reply.outcome in REFUSED}
        if no:
            await self._turn_away(no)
        events = tuple(event for reply in replies for event in reply.events)
        return Reply(outcome=replies[-1].outcome, events=events)

    async def _transfer(self, item: str, agent: str, number: int, queue: str, more: dict[str, Any]) -> Reply:
        need = Requirement(skills=more["skills"])
        return await self._router.transfer(
            ORG, item, agent, number, queue=queue, requirement=need, to_agent=more["agent"]
        )

    async def _set_queue(self, queue: str, mode: str, closed: bool) -> Reply:
        return await self._router.set_queue(ORG, queue, mode=mode, closed=closed)

    async def _pick(self, item: str, agent: str, by: str, force: bool) -> Reply:
        return await self._router.pick(ORG, item, agent, by=by, force=force)

    # -- drawing ------------------------------------------------------------------------------------------------

    async def _draw(self) -> Command | None:
        choices: tuple[tuple[int, Callable[[], Awaitable[Command | None]]], ...] = (
            (26, self._new),
            (46, self._of_agent),
            (10, self._of_item),
            (8, self._of_presence),
            (1, self._of_queue),
        )
        weights = [weight for weight, _ in choices]
        return await self._rng.choices([draw for _, draw in choices], weights)[0]()

    def _agent(self) -> str:
        return self._rng.choice(sorted(user_ids()))

    def _queue(self) -> str:
        return self._rng.choice(sorted(queues()))

    def _item(self, **changes: object) -> WorkItem:
        """Make an item up; its id sorts by time and names its maker."""
        rng, now_ms = self._rng, int(time.time() * 1000)
        self._made += 1
        fields: dict[str, Any] = {
            "id": f"{now_ms:013d}-{self._name}-{self._made}",
            "org_id": ORG,
            "kind": rng.choices(CHANNELS, (6, 3, 2))[0],
            "queue": self._queue(),
            "requirement": Requirement(skills=rng.choice(SKILLS)),
            "preferred": {"billing": 5} if rng.random() < 0.1 else {},
            "weight": rng.choice((0, 0, 0, 0, 1, 3)),
            "priority": rng.choice((0, 0, 1, 3)),
            "preferred_agent": self._agent() if rng.random() < 0.2 else "",
            "preferred_required": rng.random() < 0.3,
            "due_ms": now_ms + rng.randrange(5_000) if rng.random() < 0.3 else 0,
            "not_before_ms": now_ms + rng.randrange(1_500) if rng.random() < 0.1 else 0,
            "created_ms": now_ms,
        }
        return WorkItem(**{**fields, **changes})

    async def _new(self) -> Command | None:
        rng = self._rng
        if len(self.known) > 40 and rng.random() < 0.3:
            return await self._of_item()
        if rng.random() < 0.03:
            items = [self._item(queue="support", kind="email") for _ in range(BULK)]
            await self._keep(items)
            return "bulk", [[item.id for item in items]]
        item = self._item()
        await self._keep([item])
        return ("assign", [item.id, self._agent()]) if rng.random() < 0.03 else ("enqueue", [item.id])

    async def _keep(self, items: list[WorkItem]) -> None:
        """Commit items as pending; note that they were acknowledged."""
        await self._store.work.add(ORG, [NewWork(item=item) for item in items])
        with self._told.open("a") as file:
            file.writelines(f"{item.id}\n" for item in items)
        self.known.extend(item.id for item in items)
        failpoint("intake.after-commit")

    async def _of_agent(self) -> Command | None:
        """Do what an agent would with one of his offers or items."""
        agent = self._agent()
        view = await self._router.agent_view(ORG, agent)
        held = [(offer.item_id, offer.assignment, "offered") for offer in view.offers]
        held += [(item.item_id, item.assignment, item.state.value) for item in view.items]
        if not held:
            return None
        item, number, state = self._rng.choice(held)
        fenced = [item, agent, number]
        if state == "offered":
            return ("decline", [*fenced, "busy"]) if self._rng.random() < 0.25 else ("accept", fenced)
        if state == "wrapup":
            return ("extend_wrapup" if self._rng.random() < 0.2 else "finish_wrapup"), fenced
        if state == "parked":
            return ("conclude", [item, "silence"]) if self._rng.random() < 0.2 else ("resume", [item])
        return await self._of_active(item, agent, number)

    async def _of_active(self, item: str, agent: str, number: int) -> Command:
        rng, fenced = self._rng, [item, agent, number]
        draw = rng.random()
        if draw < 0.6:
            return "end", fenced
        if draw < 0.75:
            return "park", [*fenced, "away"]
        if draw < 0.85:
            consult = self._item(parent_id=item, kind="chat", preferred_agent="", not_before_ms=0)
            await self._keep([consult])
            return "enqueue", [consult.id]
        to_agent = self._agent() if rng.random() < 0.2 else ""
        more = {"skills": rng.choice(SKILLS), "agent": to_agent}
        return "transfer", [*fenced, self._queue() if rng.random() < 0.7 else "", more]

    async def _of_item(self) -> Command | None:
        rng = self._rng
        if not self.known:
            return None
        item, draw = rng.choice(self.known), rng.random()
        if draw < 0.5:
            return "conclude", [item, "visitor"]
        if draw < 0.65:
            return "reprioritise", [item, rng.randrange(6)]
        if draw < 0.75:
            return "pick", [item, self._agent(), rng.choice(("agent", "supervisor")), rng.random() < 0.3]
        if draw < 0.8:
            return "resume", [item]
        changes: tuple[dict[str, object], ...] = (
            {"queue": self._queue()},
            {"skills": rng.choice(SKILLS)},
            {"priority": rng.randrange(4), "due": int(time.time() * 1000) + 1_000},
            {"preferred_agent": self._agent(), "required": rng.random() < 0.3},
        )
        return "change", [item, rng.choice(changes)]

    async def _of_presence(self) -> Command | None:
        agent, rng, socket = self._agent(), self._rng, self._name
        draw = rng.random()
        if draw < 0.5 or not self.connected:
            self.connected.add(agent)
            return "connect_agent", [agent, socket]
        if draw < 0.75:
            return "set_status", [agent, rng.choice(("available", "available", "available", "mail-only", "break"))]
        if draw < 0.82:
            return "sign_out", [agent, rng.choice(("requeue", "end"))]
        gone = rng.choice(sorted(self.connected))
        self.connected.discard(gone)
        return "disconnect_agent", [gone, socket]

    async def _of_queue(self) -> Command | None:
        mode = self._rng.choice(("open", "open", "open", "paused", "draining"))
        return "set_queue", [self._queue(), mode, self._rng.random() < 0.1]
