"""Each entry reaches the socket once and in order, whatever the hints do."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from engine.agents.shown import LAST_CHARACTERS, Shown, latest
from engine.errors import Forbidden, NotFound
from engine.model.board import HeldItem
from engine.model.case import Case
from engine.model.conversation import Author, Entry, EntryKind, Interaction
from engine.model.record import Overview
from engine.model.signal import Behind, EntryAppended, Receipt, Signal, Typing, VisitorOnline
from engine.model.work import WorkState
from tests.servers import eventually


def entry(seq: int, body: str = "") -> Entry:
    return Entry(
        id=f"e{seq}",
        interaction_id="i1",
        seq=seq,
        kind=EntryKind.MESSAGE,
        author=Author.VISITOR,
        body=body or f"line {seq}",
        at_ms=seq,
    )


def held(state: WorkState = WorkState.ACTIVE, item_id: str = "w1", kind: str = "chat") -> HeldItem:
    return HeldItem(
        item_id=item_id, interaction_id="i1", kind=kind, state=state, assignment=1, queue="sales", since_ms=1
    )


class Record:
    """A transcript that grows, and how often it is read."""

    def __init__(self, entries: int = 0) -> None:
        self.entries = [entry(seq) for seq in range(1, entries + 1)]
        self.case: Case | None = None
        self.reads = 0
        self.pause: asyncio.Event | None = None

    def grow(self) -> Entry:
        self.entries.append(entry(len(self.entries) + 1))
        return self.entries[-1]

    async def overview(self, org_id: str, interaction_id: str) -> Overview:
        interaction = Interaction(
            id=interaction_id,
            org_id=org_id,
            channel="web",
            kind="chat",
            conversation_key="k",
            contact_id="c",
            last_seq=len(self.entries),
        )
        return Overview(interaction=interaction, contact=None, case=self.case, item=None)

    async def shown(self, org_id: str, interaction_id: str, *, last: int) -> tuple[Overview, list[Entry]]:
        overview = await self.overview(org_id, interaction_id)
        after_seq = max(0, overview.interaction.last_seq - last)
        return overview, await self.since(org_id, interaction_id, after_seq=after_seq, limit=last)

    async def since(self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = 200) -> list[Entry]:
        self.reads += 1
        found = [one for one in self.entries if one.seq > after_seq][:limit]
        if self.pause is not None:
            await self.pause.wait()
        return found


class Inbox:
    """Signals as a test sends them."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Signal] = asyncio.Queue()
        self.followed: set[str] = set()

    def follow(self, interaction_id: str) -> None:
        self.followed.add(interaction_id)

    def unfollow(self, interaction_id: str) -> None:
        self.followed.discard(interaction_id)

    async def get(self) -> Signal:
        return await self.queue.get()

    def close(self) -> None:
        self.followed.clear()

    def hint(self, *entries: Entry) -> None:
        for one in entries:
            self.queue.put_nowait(EntryAppended(org_id="acme", entry=one))


class Stage:
    """What is shown, with everything around it."""

    def __init__(self, entries: int = 0) -> None:
        self.record, self.inbox = Record(entries), Inbox()
        self.frames: list[dict[str, object]] = []
        self.shown = Shown(
            org_id="acme",
            conversations=self.record,
            entries=self.record,
            inbox=self.inbox,
            send=lambda text: self.frames.append(json.loads(text)),
            visitor_online=self.online,
        )

    async def online(self, interaction: Interaction) -> bool:
        return True

    def of(self, kind: str) -> list[dict[str, object]]:
        return [one for one in self.frames if one["type"] == kind]

    def seqs(self) -> list[int]:
        """Return the numbers of all entries sent, in order."""
        seqs: list[int] = []
        for frame in self.frames:
            if frame["type"] == "conversation":
                seqs += [one["seq"] for one in frame["entries"]]  # type: ignore[attr-defined]
            if frame["type"] == "entry":
                seqs.append(frame["entry"]["seq"])  # type: ignore[index]
        return seqs

    async def settled(self) -> None:
        await eventually(self.inbox.queue.empty)
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage(entries=3)
    task = asyncio.create_task(stage.shown.run())
    yield stage
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_next_entry_is_forwarded_without_a_read(stage: Stage) -> None:
    await stage.shown.show([held()])
    reads = stage.record.reads
    for _ in range(10):
        stage.inbox.hint(stage.record.grow())
    await stage.settled()
    assert stage.seqs() == list(range(1, 14))
    assert stage.record.reads == reads


async def test_gaps_are_read_and_repeats_dropped(stage: Stage) -> None:
    await stage.shown.show([held()])
    lost = stage.record.grow()
    late = stage.record.grow()
    stage.inbox.hint(late, late, lost, late)
    await stage.settled()
    assert stage.seqs() == [1, 2, 3, 4, 5]


async def test_hints_in_any_order_show_each_entry_once_in_order(stage: Stage) -> None:
    chance = random.Random(7)
    await stage.shown.show([held()])
    for _ in range(50):
        fresh = [stage.record.grow() for _ in range(chance.randint(1, 5))]
        hints = [one for one in fresh * 2 if chance.random() < 0.6]
        chance.shuffle(hints)
        stage.inbox.hint(*hints)
        if chance.random() < 0.5:
            stage.inbox.queue.put_nowait(Behind(interaction_id="i1"))
        await stage.settled()
    stage.inbox.queue.put_nowait(Behind(interaction_id="i1"))
    await stage.settled()
    assert stage.seqs() == list(range(1, len(stage.record.entries) + 1))


async def test_an_entry_that_comes_while_the_conversation_opens_is_not_lost(stage: Stage) -> None:
    stage.record.pause = asyncio.Event()
    opening = asyncio.create_task(stage.shown.show([held()]))
    await eventually(lambda: stage.record.reads == 1)
    stage.inbox.hint(stage.record.grow())
    await stage.settled()
    assert stage.frames == []
    stage.record.pause.set()
    await opening
    assert stage.seqs() == [1, 2, 3, 4]


async def test_a_long_conversation_is_shown_from_its_last_page() -> None:
    stage = Stage(entries=450)
    await stage.shown.show([held()])
    assert stage.seqs() == list(range(251, 451))
    await stage.shown.sync("i1", 0)
    assert [one["entry"]["seq"] for one in stage.of("entry")] == list(range(1, 451))  # type: ignore[index]


def test_a_conversation_of_long_texts_is_cut_to_size() -> None:
    entries = [entry(seq, body="x" * 10_000) for seq in range(1, 101)]
    kept = latest(entries)
    assert kept[-1].seq == 100
    assert sum(len(one.body) for one in kept) <= LAST_CHARACTERS
    assert len(latest([entry(1, body="x" * 300_000)])) == 1
    assert latest([]) == []


async def test_only_what_is_held_is_shown(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        await stage.shown.sync("i1", 0)
    await stage.shown.show([held()])
    await stage.shown.show([held()])
    assert len(stage.of("conversation")) == 1
    assert stage.inbox.followed == {"i1"}
    await stage.shown.show([])
    assert stage.inbox.followed == set()
    stage.inbox.hint(stage.record.grow())
    await stage.settled()
    assert stage.of("entry") == []
    await stage.shown.show([held(item_id="w2")])
    assert len(stage.of("conversation")) == 2, "back again: shown anew"


@pytest.mark.parametrize("kind", ["email", "voice"])
async def test_what_is_not_talked_about_here_is_held_all_the_same(stage: Stage, kind: str) -> None:
    await stage.shown.show([held(kind=kind)])
    stage.shown.require("i1")
    await stage.shown.sync("i1", 2)
    assert len(stage.of("entry")) == 1
    assert stage.shown.holds("i1")
    assert not stage.shown.talks("i1")


async def test_hints_of_the_visitor_are_passed_on_and_the_agent_s_own_are_not(stage: Stage) -> None:
    await stage.shown.show([held()])
    for who in (Author.AGENT, Author.VISITOR):
        stage.inbox.queue.put_nowait(Typing(interaction_id="i1", who=who, name="N", on=True))
        stage.inbox.queue.put_nowait(Receipt(interaction_id="i1", who=who, received_seq=2, read_seq=1))
    stage.inbox.queue.put_nowait(VisitorOnline(interaction_id="i1", online=False))
    await stage.settled()
    assert [one["type"] for one in stage.frames[1:]] == ["typing", "receipt", "visitor"]


async def test_a_case_is_told_when_it_is_news(stage: Stage) -> None:
    case = Case(id="k1", org_id="acme", number=1, subject="S", contact_id="c", version=1)
    await stage.shown.show([held()])
    stage.record.case = case
    await stage.shown.show([held(WorkState.WRAPUP)])
    await stage.shown.look_at_case("i1")
    assert len(stage.of("case")) == 1
    stage.shown.tell_case("i1", replace(case, version=2))
    stage.shown.tell_case("i1", replace(case, version=1))
    assert len(stage.of("case")) == 2
    assert stage.shown.interactions_of("k1") == ["i1"]


async def test_a_conversation_the_record_does_not_know_is_left_out(stage: Stage) -> None:
    async def unknown(org_id: str, interaction_id: str) -> Overview:
        raise NotFound("gone")

    stage.record.overview = unknown  # type: ignore[method-assign]
    await stage.shown.show([held()])
    assert stage.frames == []
