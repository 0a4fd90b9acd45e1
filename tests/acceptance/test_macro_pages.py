"""Macros and quick texts on the page of a case."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent

MACROS = """\
teams:
  pool: { name: Pool, lead: sue }
quick_texts:
  sorry: { name: Sorry, text: { en: "Dear customer, your case is number {case.number}." } }
macros:
  make-good:
    name: Make good
    actions:
      - reply: sorry
      - set_status: waiting
      - assign: { to: team_lead }
"""


@pytest.fixture
def engine(tmp_path: Path, start_engine: Callable[..., EngineProcess]) -> EngineProcess:
    """Return an engine with a macro and a quick text."""
    config = tmp_path / "config"
    config.mkdir(parents=True)
    (config / "macros.yaml").write_text(MACROS)
    return start_engine()


def test_a_macro_is_looked_at_and_run_by_keyboard(browser: Browser, engine: EngineProcess) -> None:
    with ApiClient(engine, "ana") as api:
        case_id = str(api.post("/cases", {"subject": "The kettle leaks", "client_id": "1"})["id"])
    ana = Agent(browser, engine.url)
    ana.open_case("ana", engine.logins["ana"], case_id)

    ana.at("case-comment").press("/")
    expect(ana.at("quick-text-sorry")).to_be_visible(timeout=SLOW_MS)
    ana.at("case-comment").press("Enter")
    expect(ana.at("case-comment")).to_have_value("Dear customer, your case is number 1.")

    ana.page.keyboard.press("Alt+KeyM")
    offer = ana.at("macro-make-good")
    expect(offer).to_contain_text("Dear customer, your case is number 1.", timeout=SLOW_MS)
    expect(offer).to_contain_text("is passed over")
    with ApiClient(engine, "sue") as api:
        version = api.get(f"/cases/{case_id}")["case"]["version"]
        api.patch(f"/cases/{case_id}", {"version": version, "priority": 4})
    ana.at("macro-find").press("Enter")
    expect(ana.at("macro-moved").or_(ana.at("case-timeline").get_by_text("Make good"))).to_be_visible(timeout=SLOW_MS)
    if ana.at("macro-find").is_visible():  # he was shown what it is now, and nothing was done
        ana.at("macro-find").press("Enter")
    expect(ana.at("macro-find")).to_have_count(0, timeout=SLOW_MS)
    expect(ana.at("case-status")).to_have_value("waiting", timeout=SLOW_MS)
    expect(ana.at("case-timeline")).to_contain_text("ran the macro “Make good”")
    expect(ana.at("case-comment")).to_have_value("Dear customer, your case is number 1.")
    assert ana.errors == []
