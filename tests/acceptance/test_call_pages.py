"""A telephone rings: the agent's console opens who it is, from the answer to the wrap-up; the record is whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.pages import Agent
from tests.acceptance.test_call_crashes import send, telephone_engine

VERA = "+441632960001"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """Run an engine whose agent ana has a telephone."""
    engine = telephone_engine(tmp_path)
    engine.start()
    yield engine
    engine.close()


def tell(engine: EngineProcess, call: str, kind: str, second: int, party: str = "201", **more: object) -> str:
    """Report something that happened in a second of its own; return the call's id."""
    said = {"call": call, "kind": kind, "party": party, "from": VERA, "to": "600", **more}
    answer = send(engine, {**said, "at": f"2026-11-22T12:00:{second:02}Z"})
    return str(answer["reports"][0]["call_id"])


def test_a_call_from_its_ring_to_its_wrap_up(browser: Browser, engine: EngineProcess) -> None:
    ana = Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])

    call_id = tell(engine, "1", "ringing", 0, given={"order": "K-7"})  # nobody knows the number: who is it?
    expect(ana.at("call-state")).to_have_text("Rings")
    expect(ana.at("call-given")).to_contain_text("K-7")
    expect(ana.at("form-phone")).to_have_value(VERA)
    ana.at("form-name").fill("Vera Lind")
    ana.at("form-save").click()
    expect(ana.at("customer-name")).to_have_text("Vera Lind")
    expect(ana.at("call-contact")).to_have_text("Vera Lind")

    tell(engine, "1", "answered", 5)
    expect(ana.at("call-state")).to_have_text("Talking")
    ana.page.goto(f"{engine.url}/console#/")
    expect(ana.at("conversation-item")).to_have_count(1)
    tell(engine, "1", "ended", 50, party="", recording="https://pbx.example/1.wav")
    expect(ana.at("call-bar")).to_have_count(0)
    ana.at("disposition-solved").click()
    ana.at("wrapup-done").click()
    expect(ana.at("conversation-item")).to_have_count(0)

    tell(engine, "2", "ringing", 55)  # now she is known
    expect(ana.at("customer-name")).to_have_text("Vera Lind")
    expect(ana.at("customer-calls")).to_contain_text("rang 0:05 · talked 0:45")
    expect(ana.at("call-recording")).to_have_attribute("href", "https://pbx.example/1.wav")
    ana.page.reload()  # and whoever comes back has the call again
    expect(ana.at("call-state")).to_have_text("Rings")
    tell(engine, "2", "left", 58)
    expect(ana.at("call-bar")).to_have_count(0)
    assert ana.errors == []

    with ApiClient(engine, "sue") as api:
        call = api.get(f"/calls/{call_id}")
        assert (call["state"], call["ring_ms"], call["talk_ms"], call["given"]) == (
            "ended", 5_000, 45_000, {"order": "K-7"},
        )  # fmt: skip
        (leg,) = call["legs"]
        until(lambda: api.get(f"/work-items/{leg['item_id']}")["state"] == "closed", what="wrapped up")
        assert api.get(f"/contacts/{call['contact_id']}")["contact"]["name"] == "Vera Lind"


def test_who_is_writing_is_not_taken_from_it(browser: Browser, engine: EngineProcess) -> None:
    ana = Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    ana.page.goto(f"{engine.url}/console#/search")
    ana.at("search-words").fill("kettle")
    tell(engine, "3", "ringing", 0)
    expect(ana.at("call-name")).to_be_visible()
    expect(ana.at("form-name")).to_have_count(0)
    expect(ana.at("search-words")).to_have_value("kettle")
    ana.at("call-name").press("Enter")
    expect(ana.at("form-phone")).to_have_value(VERA)
    tell(engine, "3", "ended", 9, party="")
    expect(ana.at("call-bar")).to_have_count(0)
    expect(ana.at("form-name")).to_be_visible()  # what is being written stays when the caller hangs up
    ana.at("form-name").fill("Dora")
    ana.at("form-save").click()
    expect(ana.at("customer-name")).to_have_text("Dora")
    assert ana.errors == []
