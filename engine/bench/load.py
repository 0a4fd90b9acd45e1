"""The load generator, a process of its own: a plan on stdin, reports on stdout, one JSON object a line.

One task walks through the schedule and does what is due; nothing it does waits for the engine. How late it was is
measured too: a late generator is a wrong measurement, and the report says so.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import sys
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field

import httpx
import msgspec

from engine.bench.histogram import Histogram, summarise
from engine.bench.parties import Agent, Offer, Visitor
from engine.bench.pauses import Calm, Sleepers
from engine.bench.plan import Failure, IdleResult, Note, Plan, Report, Step, StepResult
from engine.bench.schedule import arrivals, regular

NAMES = ("relay", "ack", "reply", "offer", "lateness")
_NOTE_EVERY_S = 0.5
_LAST_WORDS_S = 1.0  # nothing is said so shortly before the end: it would be refused, rightly
_encode = msgspec.json.Encoder().encode


def say(report: Report) -> None:
    """Write one line to the command that watches."""
    sys.stdout.buffer.write(_encode(report) + b"\n")
    sys.stdout.buffer.flush()


@dataclass
class Meter:
    """What is counted during one step."""

    latencies: dict[str, Histogram] = field(default_factory=lambda: {name: Histogram() for name in NAMES})
    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    errors: collections.Counter[str] = field(default_factory=collections.Counter)
    each: list[tuple[str, float, float]] = field(default_factory=list)  # what, due, seen

    def record(self, name: str, due: float, now: float) -> None:
        """Note one latency."""
        self.latencies[name].record(now - due)
        self.each.append((name, due, now))

    def calm(self, calm: Calm) -> dict[str, Histogram]:
        """Return the latencies that no pause of the machine disturbed."""
        found = {name: Histogram() for name in NAMES}
        for name, due, now in self.each:
            if not calm.disturbed(due, now):
                found[name].record(now - due)
        return found


@dataclass(eq=False)
class Chat:
    """A chat that goes on: who talks with whom."""

    visitor: Visitor
    interaction_id: str = ""
    agent: Agent | None = None


class Load:
    """Drive the simulated people through a plan."""

    def __init__(self, plan: Plan, http: httpx.AsyncClient) -> None:
        self._plan = plan
        self._http = http
        self._ws = plan.url.replace("http", "ws", 1)
        self._meter = Meter()
        self._agents: list[Agent] = []
        self._idle: list[Visitor] = []
        self._due: dict[str, tuple[float, Meter, bool]] = {}  # message id → (scheduled, meter, from a visitor)
        self._asked: dict[str, tuple[float, Meter]] = {}  # interaction id → when the chat was due
        self._early: dict[str, tuple[float, Agent]] = {}  # offers seen before the visitor's `opened`
        self._chats: dict[str, Chat] = {}
        self._talking: collections.deque[Chat] = collections.deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0
        self._sleepers = Sleepers()

    async def run(self) -> None:
        """Run the whole plan."""
        await self._sign_in()
        if self._plan.idle:
            await self._sit_idle()
        await self._sleepers.start()
        chats = asyncio.create_task(self._open_chats(), name="bench-chats")
        say(Note(phase="warm-up", total=self._plan.warmup_s))
        await asyncio.sleep(self._plan.warmup_s)
        try:
            for index, step in enumerate(self._plan.steps):
                result = await self._measure(index, step)
                say(result)
                if result.broken(self._plan):
                    break
        finally:
            chats.cancel()
            await asyncio.gather(chats, return_exceptions=True)
            await self._sleepers.stop()
            await self._go_home()

    async def _sign_in(self) -> None:
        tokens = [*self._plan.agents, *self._plan.keepers]
        for done, token in enumerate(tokens):
            say(Note(phase="sign-in", done=done, total=len(tokens)))
            keeper = done >= len(self._plan.agents)
            agent = await Agent(url=self._ws, token=token, ear=self).start()
            status = "away" if keeper else "available"
            answer = await self._http.post("/presence", json={"status": status}, headers=_bearer(token))
            answer.raise_for_status()
            self._agents.append(agent)

    async def _sit_idle(self) -> None:
        started = time.perf_counter()
        meter = self._meter
        for number, at in enumerate(regular(self._plan.idle_per_s, self._plan.idle)):
            await _until(started + at)
            if number % 50 == 0:
                say(Note(phase="idle-connect", done=number, total=self._plan.idle))
            self._spawn(self._open_idle())
        while self._tasks:
            await asyncio.wait(self._tasks)
        seconds = time.perf_counter() - started
        say(IdleResult(wanted=self._plan.idle, connected=len(self._idle), seconds=seconds, errors=dict(meter.errors)))
        self._meter = Meter()
        say(Note(phase="idle-settle", total=self._plan.idle_settle_s))
        await asyncio.sleep(self._plan.idle_settle_s)  # what follows a chat, such as the search index, is not silence
        say(Note(phase="idle-rest", total=self._plan.idle_rest_s))
        await asyncio.sleep(self._plan.idle_rest_s)
        say(Note(phase="idle-done"))

    async def _open_idle(self) -> None:
        visitor = self._visitor(self._plan.idle_channel)
        try:
            await visitor.start(topic="")
        except (OSError, TimeoutError) as error:
            self.failed(f"idle:{type(error).__name__}")
            return
        self._idle.append(visitor)

    async def _measure(self, index: int, step: Step) -> StepResult:
        meter = self._meter = Meter()
        say(Note(phase="step", step=index, total=step.seconds))
        cpu, began = time.process_time(), time.perf_counter()
        await self._send_all(index, step, meter, began)
        generator_cpu = (time.process_time() - cpu) / (time.perf_counter() - began)
        chats = meter.counts["chats"]
        await asyncio.sleep(self._plan.grace_s)
        self._due.clear()
        counts = meter.counts
        return StepResult(
            step=index,
            rate=step.rate,
            seconds=step.seconds,
            messages=counts["messages"],
            sent=counts["sent"],
            acknowledged=counts["acknowledged"],
            relayed=counts["relayed"],
            chats=chats,
            offers=counts["offers"],
            latencies=summarise(meter.latencies),
            calm=summarise(meter.calm(Calm(self._sleepers.pauses))),
            errors=dict(meter.errors),
            generator_cpu=generator_cpu,
        )

    async def _send_all(self, index: int, step: Step, meter: Meter, began: float) -> None:
        told = began
        for at in arrivals(step.rate, step.seconds, seed=self._plan.seed + index):
            due = began + at
            await _until(due)
            now = time.perf_counter()
            meter.record("lateness", due, now)
            meter.counts["messages"] += 1
            self._talk(due, meter)
            if now - told > _NOTE_EVERY_S:
                told = now
                say(Note(phase="step", step=index, done=now - began, total=step.seconds))
        await _until(began + step.seconds)

    def _talk(self, due: float, meter: Meter) -> None:
        """Let the next chat's visitor or agent say something; without a chat the message counts as lost."""
        if not self._talking:
            return
        self._talking.rotate(-1)
        chat = self._talking[0]
        self._number += 1
        message = f"m{self._number}"
        by_visitor = self._number % 2 == 0 or chat.agent is None
        self._due[message] = (due, meter, by_visitor)
        if by_visitor or chat.agent is None:
            chat.visitor.say(message)
        else:
            chat.agent.say(chat.interaction_id, message)
        meter.counts["sent"] += 1

    async def _open_chats(self) -> None:
        """Open chats for as long as the run lasts: one schedule after the other."""
        for at in self._chat_times():
            await _until(at)
            self._meter.counts["chats"] += 1
            self._spawn(self._one_chat(at, self._meter))

    def _chat_times(self) -> Iterator[float]:
        start, seed, block_s = time.perf_counter(), self._plan.seed + 1_000, 60.0
        while True:
            for at in arrivals(self._plan.chats_per_s, block_s, seed=seed):
                yield start + at
            start, seed = start + block_s, seed + 1

    async def _one_chat(self, due: float, meter: Meter) -> None:
        visitor = self._visitor(self._plan.channel)
        try:
            interaction_id = await visitor.start()
        except (OSError, TimeoutError) as error:
            meter.errors[f"open:{type(error).__name__}"] += 1
            return
        chat = self._chats[interaction_id] = Chat(visitor, interaction_id)
        self._asked[interaction_id] = (due, meter)
        early = self._early.pop(interaction_id, None)
        if early is not None:
            self._note_offer(interaction_id, *early)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, due + self._plan.chat_s - time.perf_counter())):
                await visitor.joined.wait()
        if visitor.joined.is_set():
            self._talking.append(chat)
            await _until(due + self._plan.chat_s - _LAST_WORDS_S)
            self._talking.remove(chat)
            await _until(due + self._plan.chat_s)
        visitor.end()
        self._asked.pop(interaction_id, None)
        self._chats.pop(interaction_id, None)

    def _visitor(self, channel: str) -> Visitor:
        self._number += 1
        return Visitor(
            url=f"{self._ws}/chat/{self._plan.org}/{channel}/socket",
            number=self._number,
            ear=self,
        )

    def relayed(self, message: str) -> None:
        """Measure a message that has reached the other side."""
        found = self._due.get(message)
        if found is None:
            return
        due, meter, by_visitor = found
        meter.record("relay" if by_visitor else "reply", due, time.perf_counter())
        meter.counts["relayed"] += 1

    def acknowledged(self, message: str) -> None:
        """Measure a message that is committed."""
        found = self._due.get(message)
        if found is None:
            return
        due, meter, by_visitor = found
        if by_visitor:
            meter.record("ack", due, time.perf_counter())
        meter.counts["acknowledged"] += 1

    def offered(self, agent: Agent, offer: Offer) -> None:
        """Measure an offer; accept it."""
        now, interaction_id = time.perf_counter(), offer.interaction.id
        agent.accept(offer)
        if interaction_id in self._asked:
            self._note_offer(interaction_id, now, agent)
        else:
            self._early[interaction_id] = (now, agent)

    def failed(self, why: str) -> None:
        """Count an error."""
        self._meter.errors[why] += 1

    def _note_offer(self, interaction_id: str, now: float, agent: Agent) -> None:
        due, meter = self._asked.pop(interaction_id)
        meter.record("offer", due, now)
        meter.counts["offers"] += 1
        self._chats[interaction_id].agent = agent

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_home(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for visitor in self._idle:
            visitor.leave()
        for agent in self._agents:
            await agent.stop()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _until(at: float) -> None:
    """Sleep until ``at``; give others a turn even when it is past."""
    await asyncio.sleep(max(0.0, at - time.perf_counter()))


async def _main() -> int:
    plan = msgspec.json.decode(await asyncio.to_thread(sys.stdin.buffer.readline), type=Plan)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=f"{plan.url}/api/v1", limits=limits, timeout=30) as http:
        try:
            await Load(plan, http).run()
        except (OSError, TimeoutError, httpx.HTTPError) as error:
            say(Failure(detail=f"{type(error).__name__}: {error}"))
            return 1
    return 0


if __name__ == "__main__":
    import uvloop

    sys.exit(uvloop.run(_main()))
