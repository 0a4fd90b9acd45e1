"""A customer whom a full queue does not take in: told so in its words and his language; what he leaves is one case."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.acceptance.conftest import StartEngine
from tests.acceptance.engine_process import ApiClient, until
from tests.acceptance.pages import SLOW_MS, Agent, Supervisor, Visitor
from tests.acceptance.standing import rows

FULL = """    name: Sales
    limit_items: 1
    overflow: { full: message }
    overflow_texts: { full: { en: "All of us are talking.", zh-CN: "客服正忙。" } }
"""


def test_a_full_queue_says_so_and_takes_a_message(browser: Browser, start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine()
    engine.stop()
    queues = tmp_path / "config" / "queues.yaml"
    queues.write_text(queues.read_text().replace("    name: Sales\n", FULL), encoding="utf-8")
    engine.start()
    ben = Agent(browser, engine.url)
    ben.sign_in("ben", engine.logins["ben"], status="break")  # staffed, and yet nobody takes work
    first = Visitor(browser, engine.url)
    first.open_chat(name="Otto", first="I am first", topic="order")
    first.sees("I am first")
    sue = Supervisor(browser, engine.url)
    sue.sign_in("sue", engine.logins["sue"])
    sue.sees_in_queue("sales", waiting=1)
    expect(sue.at("queue-row-sales").locator('[data-test="expected-wait"]')).to_be_visible()

    lin = Visitor(browser, engine.url, locale="zh-CN")
    lin.open_chat(name="Lin", email="lin@example.org", first="我的订单在哪里？", topic="order")
    expect(lin.at("offline-form")).to_contain_text("客服正忙。", timeout=SLOW_MS)
    lin.at("start").click()
    expect(lin.at("offline-sent")).to_be_visible(timeout=SLOW_MS)

    with ApiClient(engine, "sue") as api:
        cases = until(lambda: api.get("/cases")["items"], what="cases")
    assert sorted(case["contact_name"] for case in cases) == ["Lin", "Otto"]  # and no second one of Lin's
    assert rows(engine, "SELECT outcome FROM work_items ORDER BY id") == [{"outcome": ""}, {"outcome": "refused"}]
    assert [person.errors for person in (ben, first, sue, lin)] == [[], [], [], []]
