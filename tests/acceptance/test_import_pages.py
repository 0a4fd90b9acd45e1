"""A supervisor brings a file: checked first, its bad row told, then taken in for real."""

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent

FILE = 'Name;E-Mail;Shoe size\n"Ada; the first";ada@kettle.example;38\nGrace;no address;39\n'


def test_a_file_is_checked_and_then_taken_in(browser: Browser, start_engine: Callable[..., EngineProcess]) -> None:
    engine = start_engine()
    sue = Agent(browser, engine.url)
    sue.page.goto(f"{engine.url}/console#/imports")
    sue.at("login-name").fill("sue")
    sue.at("login-password").fill(engine.logins["sue"])
    sue.at("login-submit").click()
    expect(sue.at("imports-none")).to_be_visible(timeout=SLOW_MS)
    sue.at("import-file").set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    expect(sue.at("import-map-Name")).to_have_value("name", timeout=SLOW_MS)
    expect(sue.at("import-map-E-Mail")).to_have_value("email")
    expect(sue.at("import-map-Shoe size")).to_have_value("")
    sue.at("import-check").click()
    checked = sue.page.locator('[data-test="import-detail"][data-dry="true"][data-state="done"]')
    expect(checked).to_contain_text("1 created", timeout=SLOW_MS)
    expect(sue.at("import-failure")).to_contain_text("email", timeout=SLOW_MS)
    with ApiClient(engine, "sue") as api:
        assert api.get("/contacts")["items"] == []
    sue.at("import-begin").click()
    done = sue.page.locator('[data-test="import-detail"][data-dry="false"][data-state="done"]')
    expect(done).to_contain_text("1 created", timeout=SLOW_MS)
    expect(sue.at("import")).to_have_count(2, timeout=SLOW_MS)
    with sue.page.expect_download() as failures:
        sue.at("import-failures").click()
    assert "Grace" in failures.value.path().read_text()
    with sue.page.expect_download() as export:
        sue.at("export-save").click()
    assert "Ada; the first" in export.value.path().read_text()
    assert sue.errors == []
