"""The web form in a real browser: without scripts, with them, in a page of somebody else; English and Chinese."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.forms import form_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """Run an engine that has a form."""
    engine = form_engine(tmp_path)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """Return a file to send along."""
    path = tmp_path / "note.txt"
    path.write_text("It drips. " * 1_000)
    return path


def fill(page: Page, *, email: str = "vera@example.com") -> None:
    page.locator("#field-name").fill("Vera")
    page.locator("#field-email").fill(email)
    page.locator("#field-topic").select_option("order")
    page.locator("#field-subject").fill("My kettle")
    page.locator("#field-description").fill("It drips.\nWhy?")
    page.locator("#field-consent").check()


def test_without_scripts(browser: Browser, engine: EngineProcess, note: Path) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{engine.url}/forms/demo/contact")
    expect(page.get_by_label("您的姓名")).to_be_visible()
    page.locator("form").evaluate("form => (form.noValidate = true)")  # what the browser checks by itself
    fill(page, email="nobody")
    page.locator("#field-files").set_input_files(note)
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_role("alert")).to_contain_text("这不是电子邮箱地址")
    expect(page.locator("#field-description")).to_have_value("It drips.\nWhy?")
    expect(page.locator("#field-topic")).to_have_value("order")
    expect(page.locator("#field-consent")).to_be_checked()
    expect(page.get_by_text("请重新选择附件")).to_be_visible()
    page.locator("#field-email").fill("vera@example.com")
    page.locator("#field-files").set_input_files(note)
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_role("heading", name="谢谢您")).to_be_visible()
    expect(page.get_by_text("工单编号为 1")).to_be_visible()
    with ApiClient(engine, "sue") as api:
        (case,) = api.get("/cases")["items"]
        assert [file["name"] for file in api.get(f"/cases/{case['id']}/attachments")["items"]] == ["note.txt"]
    context.close()


def test_with_a_script(browser: Browser, engine: EngineProcess, note: Path) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{engine.url}/forms/demo/contact")
    fill(page, email="nobody")
    page.locator("#field-email").blur()
    expect(page.locator("#field-email-fault")).to_have_text("This is no e-mail address, such as name@example.org.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#field-email")).to_be_focused()
    page.locator("#field-email").fill("vera@example.com")
    expect(page.locator("#field-email-fault")).to_have_text("")
    page.locator("#field-files").set_input_files(note)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your case has the number 1.")).to_be_visible()
    expect(page.locator("[data-thanks]")).to_be_focused()
    assert faults == [], "neither the script nor the page's policy has anything to complain of"
    with ApiClient(engine, "sue") as api:
        assert api.get("/submissions")["items"] == [], "the work was done"
    context.close()


def test_in_a_page_of_somebody_else(browser: Browser, engine: EngineProcess) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    held = '<main><script src="/form.js" data-org="demo" data-channel="contact" data-locale="zh-CN"></script></main>'
    page.route("**/shop.html", lambda route: route.fulfill(content_type="text/html", body=held))
    page.goto(f"{engine.url}/shop.html")
    form = page.locator("cordboard-form")
    expect(form.get_by_label("您的姓名")).to_be_visible()
    page.evaluate("addEventListener('cordboard-form-sent', (event) => (window.told = event.detail.number))")
    fill(page)
    form.get_by_role("button", name="发送").click()
    expect(form.get_by_text("工单编号为 1")).to_be_visible()
    assert page.evaluate("window.told") == 1
    form.get_by_role("link", name="再写一条留言").click()
    expect(form.get_by_label("您的姓名")).to_be_empty()
    context.close()
