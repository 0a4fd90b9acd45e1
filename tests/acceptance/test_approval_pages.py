"""Approvals on the pages: a change that needs a yes is asked for where it was made, and made with the answer."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent

APPROVALS = """\
approvals:
  urgent:
    name: Very urgent
    changes: { priority: { at_least: 50 } }
    steps:
      - by: [sue]
"""


def test_a_change_is_asked_for_and_made_with_the_answer(
    browser: Browser, tmp_path: Path, start_engine: Callable[..., EngineProcess]
) -> None:
    config = tmp_path / "config"
    config.mkdir(parents=True)
    (config / "approvals.yaml").write_text(APPROVALS)
    engine = start_engine()
    with ApiClient(engine, "ana") as api:
        case_id = str(api.post("/cases", {"subject": "The kettle leaks", "client_id": "1"})["id"])
    sue = Agent(browser, engine.url)
    sue.open_case("sue", engine.logins["sue"], case_id)
    ana = Agent(browser, engine.url)
    ana.open_case("ana", engine.logins["ana"], case_id)
    ana.at("case-priority-input").fill("60")
    ana.at("case-priority-input").press("Enter")
    expect(ana.at("approval-wanted")).to_contain_text("60", timeout=SLOW_MS)
    ana.at("approval-reason").fill("A hospital waits for it")
    ana.at("approval-send").click()
    expect(ana.at("approval-turn")).to_contain_text("has not answered", timeout=SLOW_MS)
    expect(ana.at("case-priority-input")).to_have_value("0", timeout=SLOW_MS)

    expect(sue.at("nav-approvals")).to_have_attribute("data-waiting", "1", timeout=SLOW_MS)
    sue.at("nav-approvals").click()
    expect(sue.at("approval")).to_contain_text("A hospital waits for it", timeout=SLOW_MS)
    sue.at("approval-approve").click()
    sue.at("approval-note").fill("Go on")
    sue.at("approval-save").click()
    expect(sue.page.locator('[data-test="approval"][data-state="approved"]')).to_be_visible(timeout=SLOW_MS)
    sue.at("approval-case").click()
    expect(sue.at("case-priority-input")).to_have_value("60", timeout=SLOW_MS)
    assert ana.errors == sue.errors == []
