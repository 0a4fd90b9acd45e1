"""One whole conversation in two browsers, told so that the engine may die at any moment; and what is true after."""

from typing import cast

from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.pages import SLOW_MS, Agent, Visitor

SAID = ["My invoice is wrong", "Let me look at it", "Take your time", "It is mended", "Thank you"]


class Story:
    """Vera writes about an invoice; Ana answers."""

    def __init__(self, browser: Browser, engine: EngineProcess) -> None:
        self.engine = engine
        self.vera = Visitor(browser, engine.url)
        self.ana = Agent(browser, engine.url)

    def begin(self, *, topic: str = "invoice") -> None:
        """Bring both together: the chat is offered, accepted, and its first message read."""
        self.ana.sign_in("ana", self.engine.logins["ana"])
        self.vera.open_chat(name="Vera", email="vera@example.com", topic=topic, first=SAID[0])
        self.ana.accept()
        self.ana.sees(SAID[0])

    def talk(self) -> None:
        """Let both say the rest, in order."""
        self.ana.say(SAID[1])
        self.vera.sees(SAID[1])
        self.vera.say(SAID[2])
        self.ana.sees(SAID[2])
        self.ana.say(SAID[3])
        self.vera.sees(SAID[3])
        self.vera.say(SAID[4])
        self.ana.sees(SAID[4])

    def finish(self) -> None:
        """End the conversation and the wrap-up."""
        self.ana.finish()
        expect(self.ana.at("conversation-item")).to_have_count(0, timeout=SLOW_MS)

    def check(self) -> None:
        """Nothing is lost, nothing doubled, and the capacity is right."""
        with ApiClient(self.engine, "sue") as api:
            until(lambda: nobody_holds_work(api), what="capacity free again")
            cases = until(lambda: api.get("/cases")["items"], what="a case")
            assert len(cases) == 1
            check_transcript(entries_of(api, cases[0]["id"]), SAID)
        assert self.vera.errors == []
        assert self.ana.errors == []


def nobody_holds_work(api: ApiClient) -> bool:
    """Say whether every agent's units are free and no queue holds anything."""
    board = api.get("/board")
    agents_free = all(agent["used"] == 0 for agent in board["agents"])
    counts = ("waiting", "offered", "active", "wrapup")
    return agents_free and all(queue[name] == 0 for queue in board["queues"] for name in counts)


def entries_of(api: ApiClient, case_id: str) -> list[dict[str, object]]:
    """Return the transcript of the only conversation of the case."""
    (conversation,) = api.get(f"/cases/{case_id}")["conversations"]
    path = f"/interactions/{conversation['interaction']['id']}/entries"
    return cast("list[dict[str, object]]", api.get(path, after_seq="0")["items"])


def check_transcript(entries: list[dict[str, object]], said: list[str]) -> None:
    """Compare what was said with what is kept: each once, in order, numbered without gaps."""
    assert [entry["body"] for entry in entries if entry["kind"] == "message"] == said
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    kinds = [entry["kind"] for entry in entries]
    assert kinds.count("ended") == 1
    assert kinds.count("joined") >= 1
