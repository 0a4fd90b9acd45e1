"""What the spam guard held, on the supervisor's page: found, read, thrown away or made a case of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import EngineProcess
from tests.acceptance.forms import Sender, form_engine
from tests.acceptance.pages import SLOW_MS, Agent


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """Run an engine whose form is always sent too fast."""
    engine = form_engine(tmp_path, least_fill="1h")
    engine.start()
    yield engine
    engine.close()


def test_held_submissions_are_decided_on(browser: Browser, engine: EngineProcess) -> None:
    for _ in range(2):
        Sender(engine).send()
    sue = Agent(browser, engine.url)
    sue.page.goto(f"{engine.url}/console#/submissions")
    sue.at("login-name").fill("sue")
    sue.at("login-password").fill(engine.logins["sue"])
    sue.at("login-submit").click()
    expect(sue.at("submission")).to_have_count(2, timeout=SLOW_MS)
    expect(sue.at("nav-manage").locator('[data-held="2"]')).to_be_visible(timeout=SLOW_MS)

    sue.at("submission-open").first.press("Enter")
    expect(sue.at("submission-body")).to_contain_text("It drips.", timeout=SLOW_MS)
    expect(sue.at("submission-file")).to_contain_text("note.txt")
    expect(sue.page.locator('[data-reason="too-fast"]')).to_be_visible()
    sue.at("submission-delete").press("Enter")
    sue.page.keyboard.press("Escape")
    expect(sue.at("submission-delete-sure")).to_have_count(0)
    sue.at("submission-delete").press("Enter")
    sue.at("submission-delete-sure").press("Enter")

    expect(sue.at("submission")).to_have_count(1, timeout=SLOW_MS)
    sue.at("submission-open").click()
    sue.at("submission-release").click()
    expect(sue.at("case-number")).to_be_visible(timeout=SLOW_MS)
    expect(sue.at("case-file")).to_contain_text("note.txt", timeout=SLOW_MS)
    expect(sue.at("held-count")).to_have_count(0, timeout=SLOW_MS)
    assert sue.errors == []
