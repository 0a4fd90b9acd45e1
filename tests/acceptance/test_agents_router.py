"""Real pages: work accepted by itself, parked, handed to a colleague, asked about; a supervisor steers. And a kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.agent import Agent as Desk
from tests.acceptance.agent import SignedIn
from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import EngineProcess, until
from tests.acceptance.pages import SLOW_MS, Agent, Supervisor, Visitor
from tests.acceptance.visitor import Visitor as Caller

QUICK = "    name: Sales\n    accept: automatic\n    wrapup_extensions: 1\n    wrapup_extend: 45s\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """Return an engine, not started yet, whose sales queue accepts for its agents."""
    config = write_configuration(tmp_path / "config", units="1")
    for file, old, new in (
        ("queues.yaml", "    name: Sales\n", QUICK),
        ("profiles.yaml", "chat: { weight: 1 }", "chat: { weight: 1, parked_maximum: 3 }"),
    ):
        path = config / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
    process = EngineProcess(tmp_path / "data", config=config)
    yield process
    process.close()


def test_agents_and_a_supervisor_use_the_whole_router(browser: Browser, engine: EngineProcess) -> None:
    engine.start()
    ana, ben = Agent(browser, engine.url), Agent(browser, engine.url, locale="zh-CN")
    ana.sign_in("ana", engine.logins["ana"])
    vera = Visitor(browser, engine.url)
    vera.open_chat(name="Vera", first="Where is my order?")

    ana.sees("Where is my order?")  # nobody accepted anything
    expect(ana.at("offer")).to_have_count(0)
    vera.sees("Ana Silva")

    ana.at("park").click()
    expect(ana.at("parked-item")).to_have_count(1, timeout=SLOW_MS)
    expect(ana.at("conversation-item")).to_have_count(0)
    ana.at("resume").click()
    expect(ana.at("parked-item")).to_have_count(0, timeout=SLOW_MS)
    ana.sees("Where is my order?")

    ben.sign_in("ben", engine.logins["ben"])
    ask(ana, "Ben Vogel", "Is it on its way?")
    expect(ben.at("consult-badge")).to_contain_text("Ana Silva", timeout=SLOW_MS)
    ben.sees("Is it on its way?")
    ben.say("It is")
    ana.sees("It is")
    ana.at("consult-end").click()
    expect(ben.at("conversation-item")).to_have_count(0, timeout=SLOW_MS)

    hand_over(ana, "Ben Vogel")
    ben.sees("Where is my order?")
    expect(ana.at("conversation-item")).to_have_count(0, timeout=SLOW_MS)
    ben.at("end").click()
    ben.at("wrapup-extend").click()
    expect(ben.at("wrapup-extend")).to_have_count(0, timeout=SLOW_MS)
    ben.at("disposition-solved").click()
    ben.at("wrapup-done").click()
    expect(ben.at("wrapup")).to_have_count(0, timeout=SLOW_MS)

    steered(browser, engine, ben)
    assert [person.errors for person in (ana, ben, vera)] == [[], [], []]


def ask(agent: Agent, colleague: str, question: str) -> None:
    """Ask a colleague about the conversation on the screen."""
    agent.at("ask-open").click()
    agent.page.locator(f'[data-test^="transfer-agent-"][data-name="{colleague}"]').click()
    agent.at("transfer-note").fill(question)
    agent.at("transfer-confirm").click()
    expect(agent.at("consult")).to_have_attribute("data-state", "active", timeout=SLOW_MS)


def hand_over(agent: Agent, colleague: str) -> None:
    """Hand the conversation on the screen to a colleague."""
    agent.at("transfer-open").click()
    agent.at("transfer-to-agent").click()
    agent.page.locator(f'[data-test^="transfer-agent-"][data-name="{colleague}"]').click()
    agent.at("transfer-confirm").click()
    expect(agent.at("transfer-confirm")).to_have_count(0, timeout=SLOW_MS)


def steered(browser: Browser, engine: EngineProcess, ben: Agent) -> None:
    """Pause a queue, give what waits in it to an agent, take it back, and let the queue go on."""
    sue = Supervisor(browser, engine.url)
    sue.sign_in("sue", engine.logins["sue"])
    steer(sue, "pause")
    expect(sue.at("queue-row-sales")).to_have_attribute("data-mode", "paused", timeout=SLOW_MS)
    wim = Visitor(browser, engine.url)
    wim.open_chat(name="Wim", first="Anybody there?")
    sue.sees_in_queue("sales", waiting=1)
    sue.at("queue-work-sales").click()
    sue.at("priority-raise").click()
    expect(sue.at("priority")).to_have_text("1", timeout=SLOW_MS)
    sue.at("give-to").select_option(label="Ben Vogel (0/1)")
    sue.at("give").click()
    ben.sees("Anybody there?")
    sue.at("requeue").click()
    expect(ben.at("conversation-item")).to_have_count(0, timeout=SLOW_MS)
    sue.page.keyboard.press("Escape")
    ben.at("waiting-toggle").click()
    expect(ben.at("waiting-item")).to_have_count(1, timeout=SLOW_MS)
    ben.at("pick").click()
    ben.sees("Anybody there?")
    steer(sue, "resume")
    expect(sue.at("queue-row-sales")).to_have_attribute("data-mode", "open", timeout=SLOW_MS)
    assert [person.errors for person in (sue, wim)] == [[], []]


def steer(sue: Supervisor, word: str) -> None:
    """Use the queue's menu."""
    sue.at("queue-steer-sales").click()
    sue.at(f"queue-sales-{word}").click()


@pytest.mark.parametrize("place", ["intake.after-commit", "intake.after-enqueue", "projector.before-commit@2"])
def test_work_accepted_by_itself_survives_a_kill(engine: EngineProcess, place: str) -> None:
    name, _, count = place.partition("@")
    engine.start_kept(f"{name}=kill@{count or 1}")
    ana = Desk(SignedIn.by_password(engine.url, "ana", engine.logins["ana"]))
    vera = Caller(engine.url)
    try:
        until(lambda: bool(ana.open()), what="a socket")
        until(lambda: ana.person.ask("/presence", {"status": "available"}).status_code == 204, what="available")
        until(
            lambda: enter(vera),
            within_s=40,
            what="a conversation",
        )
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=40, what="killed once")
        again(ana)
        item = ana.holds(vera.interaction_id)
        vera.read_all()
        if not vera.connected:
            until(vera.come_back, what="the visitor is back")
        vera.sees_kind("joined")
        entries = ana.person.get(f"/interactions/{vera.interaction_id}/entries", after_seq="0")["items"]
        assert [one["kind"] for one in entries].count("joined") == 1
        events = ana.person.get(f"/work-items/{item['item_id']}/events")["items"]
        assert [one["kind"] for one in events].count("accepted") == 1
        assert ana.state["load"]["used"] == 1
    finally:
        vera.close()
        ana.close()
        ana.person.close()


def enter(vera: Caller) -> bool:
    """Open a conversation, or take it up again after a crash."""
    if not vera.connected:
        vera.enter()
    if not vera.interaction_id:
        vera.open("Hello")
    return bool(vera.interaction_id)


def again(ana: Desk) -> None:
    """Open the agent's window again where the crash has closed it."""
    ana.read_all()
    if not ana.connected:
        until(lambda: bool(ana.open()), what="a socket again")
