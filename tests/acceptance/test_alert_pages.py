"""The bell: an agent is told of what concerns him while he is at his desk, and goes there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent


def test_a_reminder_rings_and_leads_to_its_case(browser: Browser, start_engine: Callable[..., EngineProcess]) -> None:
    engine = start_engine()
    ana = Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    expect(ana.at("alerts-open")).to_have_attribute("data-unread", "0")
    with ApiClient(engine, "ana") as api:
        case = api.post("/cases", {"subject": "The kettle leaks", "client_id": "1"})
        now = datetime.now(UTC)
        due = {"due_at": (now + timedelta(hours=1)).isoformat(), "remind_at": now.isoformat()}
        api.post("/activities", {"kind": "task", "subject": "Call her back", "case_id": case["id"], **due})
    expect(ana.at("alerts-open")).to_have_attribute("data-unread", "1", timeout=SLOW_MS)
    ana.page.keyboard.press("Alt+KeyB")
    expect(ana.at("alert")).to_contain_text("Call her back")
    ana.page.keyboard.press("ArrowDown")
    ana.page.keyboard.press("Enter")
    expect(ana.at("case-number")).to_have_text("#1", timeout=SLOW_MS)
    expect(ana.at("alerts-open")).to_have_attribute("data-unread", "0", timeout=SLOW_MS)
    expect(ana.at("alerts")).to_have_count(0)
    assert ana.errors == []
