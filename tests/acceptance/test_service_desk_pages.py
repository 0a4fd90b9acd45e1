"""The pages of cases: two colleagues at one case, its clocks, files and parts, and the list that leads there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent

CASES = """\
case_types:
  complaint: Complaint
fields:
  case:
    batch: { name: Batch, type: text }
    cause:
      name: Cause
      type: choice
      choices: { product: Product, delivery: Delivery }
"""
PLANS = """\
plans:
  standard:
    name: Standard service
    hours: always
    milestones: { first_response: 1h, resolution: 8h }
"""


@pytest.fixture
def engine(tmp_path: Path, start_engine: Callable[..., EngineProcess]) -> EngineProcess:
    """Return an engine whose cases have a type, two fields and promises."""
    config = tmp_path / "config"
    config.mkdir(parents=True)
    (config / "cases.yaml").write_text(CASES)
    (config / "plans.yaml").write_text(PLANS)
    return start_engine(hours="plan: standard")


def opened(engine: EngineProcess, subject: str, **more: object) -> str:
    with ApiClient(engine, "ana") as api:
        return str(api.post("/cases", {"subject": subject, "client_id": subject, "queue": "billing", **more})["id"])


def at_case(browser: Browser, engine: EngineProcess, login: str, case_id: str) -> Agent:
    """Sign in and open a case by its address."""
    agent = Agent(browser, engine.url)
    agent.open_case(login, engine.logins[login], case_id)
    return agent


def said(agent: Agent, text: str) -> None:
    """Wait until the timeline tells the text."""
    expect(agent.at("case-timeline")).to_contain_text(text, timeout=SLOW_MS)


def test_a_case_is_worked_on_and_everything_stands_in_its_timeline(browser: Browser, engine: EngineProcess) -> None:
    case_id = opened(engine, "The kettle leaks")
    ana = at_case(browser, engine, "ana", case_id)
    promised = ana.page.locator('[data-test="case-milestone"][data-key="first_response"]')
    expect(promised).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    ana.at("case-take-page").click()
    said(ana, "made you the owner")
    ana.at("case-type").select_option("complaint")
    said(ana, "set Type to Complaint")
    ana.at("case-field-cause").select_option("product")
    said(ana, "set Cause to Product")
    ana.at("case-tag-add").fill("warranty")
    ana.at("case-tag-add").press("Enter")
    expect(ana.at("case-tag")).to_contain_text(["warranty"], timeout=SLOW_MS)
    ana.at("case-comment").fill("A new lid is on its way.")
    ana.at("case-comment-public").click()
    ana.at("case-comment-save").click()
    said(ana, "A new lid is on its way.")
    ana.at("case-file-add").set_input_files({"name": "lid.txt", "mimeType": "text/plain", "buffer": b"leaks"})
    expect(ana.at("case-file")).to_contain_text(["lid.txt"], timeout=SLOW_MS)
    ana.at("case-follow").click()
    expect(ana.at("case-follower")).to_have_count(1, timeout=SLOW_MS)
    expect(promised).to_have_attribute("data-state", "met", timeout=SLOW_MS)
    ana.at("case-show-comments").click()
    expect(ana.at("case-timeline")).not_to_contain_text("set Type")
    assert ana.errors == []


def test_who_was_slower_sees_what_changed_and_keeps_what_he_wrote(browser: Browser, engine: EngineProcess) -> None:
    case_id = opened(engine, "The kettle leaks")
    ana = at_case(browser, engine, "ana", case_id)
    ben = at_case(browser, engine, "ben", case_id)
    expect(ben.at("case-viewer")).to_have_count(1, timeout=SLOW_MS)
    unheard = {"viewers": [], "lines": 0, "again_ms": 60_000}  # or his page would follow what she does
    ben.page.route("**/viewers", lambda route: route.fulfill(json=unheard))
    ana.at("case-status").select_option("waiting")
    said(ana, "to Waiting")
    ben.at("case-subject").fill("The lid leaks")
    ben.at("case-subject").press("Enter")
    expect(ben.at("case-stale")).to_contain_text("Waiting", timeout=SLOW_MS)
    expect(ben.at("case-stale-mine")).to_contain_text("The lid leaks")
    ben.at("case-insist").click()
    said(ben, "changed the subject")
    expect(ben.at("case-stale")).to_have_count(0)
    with ApiClient(engine, "sue") as api:
        case = api.get(f"/cases/{case_id}")["case"]
    assert (case["subject"], case["status"]) == ("The lid leaks", "waiting")


def test_the_list_is_narrowed_scrolled_and_found_again_as_it_was_left(browser: Browser, engine: EngineProcess) -> None:
    with ApiClient(engine, "ana") as api:
        for number in range(1, 71):
            tags = ["late"] if number % 2 else []
            body = {"subject": f"Parcel {number}", "client_id": str(number), "queue": "sales", "tags": tags}
            api.post("/cases", body)
    ana = Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    ana.at("nav-cases").click()
    expect(ana.at("case-row-70")).to_be_visible(timeout=SLOW_MS)
    expect(ana.at("case-row-1")).to_have_count(0)
    ana.at("case-row-21").scroll_into_view_if_needed()
    expect(ana.at("case-row-1")).to_have_count(1, timeout=SLOW_MS)
    ana.at("case-row-12").click()
    expect(ana.at("case-number")).to_have_text("#12", timeout=SLOW_MS)
    ana.page.go_back()
    expect(ana.at("case-row-12")).to_be_in_viewport(timeout=SLOW_MS)
    ana.at("case-filter-tag").fill("late")
    ana.at("case-filter-tag").press("Enter")
    expect(ana.at("case-row-70")).to_have_count(0, timeout=SLOW_MS)
    expect(ana.at("case-row-69")).to_be_visible()

    ana.at("case-new").click()
    ana.at("new-case-subject").fill("A case by hand")
    ana.at("new-case-save").click()
    expect(ana.at("case-number")).to_have_text("#71", timeout=SLOW_MS)
    ana.at("case-actions").click()
    ana.at("case-action-child").click()
    ana.at("new-case-subject").fill("A part of it")
    ana.at("new-case-save").click()
    expect(ana.at("case-parent")).to_contain_text("A case by hand", timeout=SLOW_MS)
    assert ana.errors == []
