"""The engine, Valkey or a browser dies in mid-chat: both sides go on, nothing is lost or doubled, capacity is right."""

import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.pages import SLOW_MS, Agent, Visitor
from tests.acceptance.standing import check_entries, check_nothing_held, check_standing, rows
from tests.acceptance.story import SAID, Story, check_transcript, entries_of, nobody_holds_work

StartEngine = Callable[..., EngineProcess]

ON_THE_WAY = (
    "intake.before-commit",
    "intake.after-commit",
    "intake.after-enqueue",
    "transcript.before-commit",
    "transcript.after-commit",
    "transcript.after-publish",
    "offer.before-accept",
    "offer.after-accept",
    "offer.after-record",
    "end.after-board",
    "wrapup.after-board",
    "projector.before-commit@5",  # by then the chat is under way
    "projector.after-commit@5",
    "config.after-snapshot",
)


@pytest.mark.parametrize("place", ON_THE_WAY)
def test_the_engine_is_killed_between_two_systems(browser: Browser, start_engine: StartEngine, place: str) -> None:
    name, _, count = place.partition("@")
    engine = start_engine(failpoints=f"{name}=kill@{count or 1}", kept=True)
    story = Story(browser, engine)
    story.begin()
    story.talk()
    story.finish()
    story.check()
    assert engine.deaths == 1


@pytest.mark.parametrize("place", ["case.before-commit", "case.after-commit"])
def test_the_engine_is_killed_while_a_case_is_opened(browser: Browser, start_engine: StartEngine, place: str) -> None:
    engine = start_engine(failpoints=f"{place}=kill", kept=True, case_policy="end")
    story = Story(browser, engine)
    story.begin()
    story.talk()
    story.finish()
    story.check()
    assert engine.deaths == 1


def test_the_engine_is_killed_while_it_escalates(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine(failpoints="escalation.after-commit=kill", kept=True, escalate_after="500ms")
    vera, ben = Visitor(browser, engine.url), Agent(browser, engine.url)
    ben.sign_in("ben", engine.logins["ben"], status="break")
    vera.open_chat(first="Is anybody there?", topic="order")
    until(lambda: engine.deaths == 1 and engine.ready(), within_s=40, what="killed and back")
    with ApiClient(engine, "sue") as api:
        (alert,) = until(lambda: api.get("/alerts")["items"], what="the alert")
        assert alert["kind"] == "escalation"
        (item,) = api.get("/work-items")["items"]
        until(lambda: raised(api, item["id"]), what="the board knows")
    check_standing(engine, state="queued", queue="sales")
    check_entries(engine, ["Is anybody there?"], ["message"])
    ben.choose_status("available")
    ben.accept()
    ben.say("I am here")
    vera.sees("I am here")
    vera.say("At last")
    ben.sees("At last")
    check_standing(engine, state="active", queue="sales", agent="ben")
    ben.finish()
    said = ["Is anybody there?", "I am here", "At last"]
    check_end(engine, said, ["message", "joined", "message", "message", "ended"])
    with ApiClient(engine, "sue") as api:
        assert len(raised(api, item["id"])) == 1
        assert len(api.get("/alerts")["items"]) == 1
    assert rows(engine, "SELECT priority FROM work_items") == [{"priority": 5}]
    assert (vera.errors, ben.errors, engine.deaths) == ([], [], 1)


def raised(api: ApiClient, item_id: str) -> list[dict[str, Any]]:
    """Return the events that raised the item's priority."""
    return [one for one in api.get(f"/work-items/{item_id}/events")["items"] if one["kind"] == "reprioritised"]


def check_end(engine: EngineProcess, said: list[str], kinds: list[str]) -> None:
    """Nobody holds anything, there is one case, and the transcript is whole, over the API and in SQL."""
    with ApiClient(engine, "sue") as api:
        until(lambda: nobody_holds_work(api), what="capacity free again")
        (case,) = until(lambda: api.get("/cases")["items"], what="a case")
        check_transcript(entries_of(api, case["id"]), said)
    check_nothing_held(engine)
    check_entries(engine, said, kinds)


def test_the_engine_is_killed_while_work_is_transferred(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine(failpoints="transfer.after-board=kill", kept=True)
    story = Story(browser, engine)
    story.begin()
    story.talk()
    ben = Agent(browser, engine.url)
    ben.sign_in("ben", engine.logins["ben"])
    story.ana.at("transfer-open").click()
    story.ana.at("transfer-queue-sales").click()
    story.ana.at("transfer-confirm").click()
    ben.accept()
    for text in SAID:
        ben.sees(text)
    expect(story.ana.at("conversation-item")).to_have_count(0, timeout=SLOW_MS)
    ben.say("Ben here")
    story.vera.sees("Ben here")
    check_standing(engine, state="active", queue="sales", agent="ben")
    ends = rows(engine, "SELECT end_reason FROM assignments ORDER BY epoch, number")
    assert [one["end_reason"] for one in ends] == ["transferred", ""]
    ben.finish()
    kinds = ["message", "joined", *["message"] * 4, "left", "transferred", "joined", "message", "ended"]
    check_end(engine, [*SAID, "Ben here"], kinds)
    assert (story.vera.errors, story.ana.errors, ben.errors, engine.deaths) == ([], [], [], 1)


@pytest.mark.parametrize("place", ["reconcile.after-open", "reconcile.after-assignments"])
def test_the_board_is_lost_and_its_rebuilding_is_killed(
    browser: Browser, start_engine: StartEngine, place: str
) -> None:
    engine = start_engine()
    story = Story(browser, engine)
    story.begin()
    engine.kill()
    engine.lose_board()
    engine.start_kept(f"{place}=kill")
    story.talk()
    story.finish()
    story.check()
    assert engine.deaths == 1


def test_the_boards_files_vanish_under_live_chats(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine()
    story = Story(browser, engine)
    story.begin()
    ben, otto = Agent(browser, engine.url), Visitor(browser, engine.url)
    ben.sign_in("ben", engine.logins["ben"])
    story.ana.choose_status("break")
    otto.open_chat(name="Otto", topic="order", first="Do you have boots?")
    ben.accept()
    shutil.rmtree(engine.data / "valkey")
    engine.kill_valkey()
    story.talk()
    ben.say("We do")
    otto.sees("We do")
    with ApiClient(engine, "sue") as api:
        agents = {agent["name"]: agent["used"] for agent in api.get("/board")["agents"]}
        assert (agents["Ana Silva"], agents["Ben Vogel"]) == (1, 1)
    story.finish()


def test_valkey_is_killed_in_mid_chat(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine()
    story = Story(browser, engine)
    story.begin()
    engine.kill_valkey()
    story.talk()
    story.finish()
    story.check()


def test_downtime_counts_against_nobody(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine(offer_timeout="4s")
    vera, ana = Visitor(browser, engine.url), Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    vera.open_chat(first="Hello", topic="order")
    expect(ana.at("offer")).to_have_count(1, timeout=SLOW_MS)
    engine.kill()
    down_since = time.monotonic()
    until(lambda: time.monotonic() - down_since > 5, what="longer than the offer's time-out")
    engine.start()
    ana.accept()
    ana.say("Here I am")
    vera.sees("Here I am")
    with ApiClient(engine, "sue") as api:
        (item,) = api.get("/work-items")["items"]
        kinds = [event["kind"] for event in api.get(f"/work-items/{item['id']}/events")["items"]]
        assert "missed" not in kinds
        assert kinds.count("offered") == 1


def test_the_agents_browser_dies_during_an_offer(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine()
    vera, ana, ben = Visitor(browser, engine.url), Agent(browser, engine.url), Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    vera.open_chat(first="Hello", topic="order")
    expect(ana.at("offer")).to_have_count(1, timeout=SLOW_MS)
    ben.sign_in("ben", engine.logins["ben"])
    ana.close()
    ben.accept()
    ben.say("Ben here")
    vera.sees("Ben here")
    with ApiClient(engine, "sue") as api:
        used = {agent["name"]: agent["used"] for agent in api.get("/board")["agents"]}
        assert (used["Ana Silva"], used["Ben Vogel"]) == (0, 1)


def test_a_lost_agents_chat_goes_to_somebody_else(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine(lost_agent_grace="1s")
    story = Story(browser, engine)
    story.begin(topic="order")
    ben = Agent(browser, engine.url)
    ben.sign_in("ben", engine.logins["ben"])
    story.ana.close()
    ben.accept()
    ben.sees("My invoice is wrong")
    ben.say("Ben here")
    story.vera.sees("Ben here")


def test_an_agent_who_reloads_keeps_his_conversation(browser: Browser, start_engine: StartEngine) -> None:
    engine = start_engine()
    story = Story(browser, engine)
    story.begin()
    story.ana.page.reload()
    story.ana.at("conversation-item").first.click()
    story.ana.sees("My invoice is wrong")
    story.vera.page.reload()
    story.vera.sees("My invoice is wrong")
    story.talk()
    story.finish()
    story.check()
