"""Many cases at once: a supervisor ticks them, changes them, and sees what could not be done and why."""

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent


def test_ticked_cases_are_changed_and_failures_are_told(
    browser: Browser, start_engine: Callable[..., EngineProcess]
) -> None:
    engine = start_engine()
    with ApiClient(engine, "sue") as api:
        made = [api.post("/cases", {"subject": f"Parcel {one}", "client_id": str(one)}) for one in range(1, 9)]
        api.patch(f"/cases/{made[-1]['id']}", {"version": made[-1]["version"], "status": "closed"})
    sue = Agent(browser, engine.url)
    sue.page.goto(f"{engine.url}/console#/cases")
    sue.at("login-name").fill("sue")
    sue.at("login-password").fill(engine.logins["sue"])
    sue.at("login-submit").click()
    sue.at("case-choose-3").click()
    sue.at("case-choose-6").click(modifiers=["Shift"])
    expect(sue.at("bulk-count")).to_have_text("4 cases chosen", timeout=SLOW_MS)
    sue.at("case-choose-8").press("Space")
    sue.at("bulk-edit").click()
    sue.at("bulk-add").select_option("status")
    sue.at("bulk-value-status").select_option("waiting")
    sue.at("bulk-why").fill("The carrier is on strike")
    sue.at("bulk-begin").click()
    over = sue.page.locator('[data-test="job-progress"][data-state="done"]')
    expect(over).to_contain_text("4 of 5 done", timeout=SLOW_MS)
    expect(sue.page.locator("tr.chosen")).to_have_count(0)
    sue.at("job-open").click()
    expect(sue.at("job-failure")).to_contain_text("#8", timeout=SLOW_MS)
    sue.page.go_back()
    sue.at("case-row-3").click()
    expect(sue.at("case-timeline")).to_contain_text("The carrier is on strike", timeout=SLOW_MS)
    assert sue.errors == []
    with ApiClient(engine, "sue") as api:
        changed = {one["number"] for one in api.get("/cases", status="waiting")["items"]}
    assert changed == {3, 4, 5, 6}
