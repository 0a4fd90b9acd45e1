"""Views of the list of cases: one is kept, shared, found by a colleague, and changed."""

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent


def at_list(browser: Browser, engine: EngineProcess, login: str) -> Agent:
    """Sign in at the list of cases."""
    agent = Agent(browser, engine.url)
    agent.page.goto(f"{engine.url}/console#/cases")
    agent.at("login-name").fill(login)
    agent.at("login-password").fill(engine.logins[login])
    agent.at("login-submit").click()
    expect(agent.at("view-my_open")).to_be_visible(timeout=SLOW_MS)
    return agent


def test_a_view_is_kept_shared_and_found(browser: Browser, start_engine: Callable[..., EngineProcess]) -> None:
    engine = start_engine()
    with ApiClient(engine, "ana") as api:
        for number in range(1, 7):
            tags = ["late"] if number % 2 else []
            api.post("/cases", {"subject": f"Parcel {number}", "client_id": str(number), "tags": tags})
    ana = at_list(browser, engine, "ana")
    ana.at("view-unassigned").click()
    expect(ana.page.locator("tbody tr")).to_have_count(6, timeout=SLOW_MS)
    ana.at("case-filter-tag").fill("late")
    ana.at("case-filter-tag").press("Enter")
    expect(ana.page.locator("tbody tr")).to_have_count(3, timeout=SLOW_MS)
    ana.at("view-new").click()
    ana.at("view-name").fill("Late parcels")
    ana.at("view-shared").select_option("everybody")
    ana.at("view-column-owner_name").uncheck()
    ana.at("view-keep").click()
    mine = ana.page.locator('[data-name="Late parcels"]')
    expect(mine).to_have_attribute("aria-pressed", "true", timeout=SLOW_MS)
    expect(mine).to_contain_text("3", timeout=SLOW_MS)
    expect(ana.page.locator("th.owner_name")).to_have_count(0)

    ben = at_list(browser, engine, "ben")
    ben.page.locator('[data-name="Late parcels"]').click()
    expect(ben.page.locator("tbody tr")).to_have_count(3, timeout=SLOW_MS)
    expect(ben.page.locator("th.owner_name")).to_have_count(0)
    expect(ben.at("view-edit")).to_have_count(0)
    assert ana.errors == ben.errors == []
