"""Commands beside a running engine: a work item explained, queues paused, drained and resumed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli import run as run_command
from engine.model.organisation import RelaxationStep
from engine.model.record import NewWork
from engine.model.work import EventKind, Requirement, RoutingEvent, WorkItem
from engine.router.explanation import past_of, reason_words
from tests.integration.chat.house import House, running_house


@pytest.fixture
async def house(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(org, valkey_address, tmp_path, serve=False) as running:
        yield running


class Console:
    """Run commands against the house."""

    def __init__(
        self, address: str, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self._capsys = capsys
        patch.setenv("CORDBOARD_DATA", str(folder))
        patch.setenv("CORDBOARD_DATABASE_URL", f"sqlite:///{folder / 'record.db'}")
        patch.setenv("CORDBOARD_VALKEY_URL", address)

    async def run(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = await asyncio.to_thread(run_command, words)
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def console(
    valkey_address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Console:
    return Console(valkey_address, tmp_path, capsys, monkeypatch)


async def waiting(house: House, item_id: str = "i1", **changes: object) -> WorkItem:
    """Let an item wait that asks for more than anybody has."""
    item = WorkItem(
        id=item_id, org_id=house.org_id, kind="chat", queue="sales", requirement=Requirement(skills={"english": 9}),
        created_ms=house.clock.now_ms(),
    )  # fmt: skip
    item = replace(item, **changes)  # type: ignore[arg-type] # a test's keywords
    await house.store.work.add(house.org_id, [NewWork(item=item)])
    reply = await house.router.enqueue(item)
    assert reply.ok
    await house.recorder.record(reply.events)
    return item


async def test_what_waits_is_explained(house: House, console: Console) -> None:
    sales = replace(
        house.organisation.queues["sales"], relaxation=(RelaxationStep(after_ms=60_000, lower={"english": 4}),)
    )
    house.organisation = replace(house.organisation, queues={**house.organisation.queues, "sales": sales})
    assert (await house.router.configure(house.organisation, house.users)).ok
    await house.staff("ana")
    await waiting(house)
    code, out, err = await console.run("explain", "i1")
    assert (code, err) == (0, "")
    assert "chat in the queue sales: queued" in out
    assert "asks for            english 9 in sales" in out
    assert "0 of 1 steps taken, the next at 20" in out
    assert "ana, ben  lacks english at the level that is asked for" in out
    assert "entered the queue sales, priority 0" in out


async def test_as_json(house: House, console: Console) -> None:
    await house.staff("ana")
    await waiting(house, requirement=Requirement())
    code, out, _ = await console.run("explain", "i1", "--json")
    told = json.loads(out)
    assert (code, told["state"], told["queue"], told["kind"]) == (0, "offered", "sales", "chat")
    offered = told["history"][-1]
    assert offered["words"].startswith("offered to ana: the best-ranked of 1 agents")
    assert offered["data"]["candidates"] == 1


async def test_the_past_needs_no_engine(house: House, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.staff("ana")
    await waiting(house, requirement=Requirement())
    (offer,) = (await house.router.agent_view(house.org_id, house.users["ana"])).offers
    reply = await house.router.decline(house.org_id, "i1", house.users["ana"], offer.assignment, "busy")
    await house.recorder.record(reply.events)
    monkeypatch.setenv("CORDBOARD_VALKEY_URL", "unix:///nowhere.sock")
    code, out, _ = await console.run("explain", "i1")
    assert code == 0
    assert "No engine runs here" in out
    assert "declined by ana (busy)" in out
    assert "offers 1, declined 1" in out


async def test_an_unknown_item(house: House, console: Console) -> None:
    code, out, err = await console.run("explain", "nothing")
    assert (code, out) == (1, "")
    assert "there is no work item nothing" in err


async def test_queues_are_paused_drained_and_resumed(house: House, console: Console) -> None:
    for word, mode in (("pause", "paused"), ("drain", "draining"), ("resume", "open")):
        code, _, err = await console.run("queue", word, "sales")
        assert (code, err) == (0, "")
        _, out, _ = await console.run("queue", "list", "--json")
        assert {one["queue"]: one["mode"] for one in json.loads(out)} == {"sales": mode, "support": "open"}
    code, out, _ = await console.run("queue", "list")
    assert out.splitlines()[1].split()[:4] == ["sales", "open", "open", "0"]
    code, _, err = await console.run("queue", "pause", "nowhere")
    assert (code, "there is no queue 'nowhere'" in err) == (1, True)


async def test_without_an_engine_queues_are_unknown(
    house: House, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORDBOARD_VALKEY_URL", "unix:///nowhere.sock")
    code, _, err = await console.run("queue", "list")
    assert (code, "no engine is running here" in err) == (3, True)


def story(*kinds: tuple[EventKind, int]) -> list[RoutingEvent]:
    return [
        RoutingEvent(
            org_id="acme", epoch=1, seq=seq, stream_id="", at_ms=at_ms, kind=kind, item_id="i", agent_id="ana",
            queue="sales", data={"from_queue": "sales", "to_queue": "support", "reason": "x", "skills": {"german": 2}},
        )
        for seq, (kind, at_ms) in enumerate(kinds)
    ]  # fmt: skip


async def test_each_kind_of_event_has_words() -> None:
    for kind in set(EventKind) - {EventKind.PRESENCE, EventKind.QUEUE}:
        (step,) = past_of(story((kind, 0)), str.title).steps
        assert " " in step.words or step.words.startswith("closed"), kind


async def test_all_waits_are_added_up() -> None:
    past = past_of(
        story(
            (EventKind.ENQUEUED, 0), (EventKind.OFFERED, 10), (EventKind.DECLINED, 20), (EventKind.OFFERED, 30),
            (EventKind.ACCEPTED, 40), (EventKind.TRANSFERRED, 100), (EventKind.ACCEPTED, 105),
        ),
        str,
    )  # fmt: skip
    assert (past.waited_ms, past.offers, past.declines, past.transfers) == (45, 2, 1, 1)


async def test_a_reason_that_is_not_known_is_shown_as_it_is() -> None:
    assert reason_words("moon-phase") == "moon-phase"
    assert reason_words("skill:german") == "lacks german at the level that is asked for"
