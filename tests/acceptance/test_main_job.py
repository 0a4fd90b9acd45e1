"""A customer chats, the right agent answers, a case remains: two browsers and the whole program."""

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.acceptance.engine_process import ApiClient, EngineProcess
from tests.acceptance.pages import SLOW_MS, Agent, Supervisor, Visitor


def test_a_customer_chats_the_right_agent_answers_and_a_case_remains(
    browser: Browser, start_engine: Callable[..., EngineProcess]
) -> None:
    engine = start_engine(cold=True)
    sue = Supervisor(browser, engine.url)
    sue.sign_in("sue", engine.logins["sue"])
    sue.sees_in_queue("billing", waiting=0, active=0)
    vera = Visitor(browser, engine.url)
    ana, ben = Agent(browser, engine.url), Agent(browser, engine.url)
    ben.sign_in("ben", engine.logins["ben"])
    ana.sign_in("ana", engine.logins["ana"])
    vera.open_chat(name="Vera", email="vera@example.com", topic="invoice", first="My invoice is wrong")

    ana.accept()  # Ben waited longer, but he does not know billing
    ana.sees("My invoice is wrong")
    sue.sees_in_queue("billing", waiting=0, active=1)
    ana.say("Let me look at it")
    vera.sees("Let me look at it")
    vera.say("Thank you")
    ana.sees("Thank you")
    expect(ana.at("contact-name")).to_contain_text("Vera")
    number = ana.at("case-number").inner_text()
    ana.finish()
    sue.sees_in_queue("billing", active=0, wrapup=0)
    expect(ben.at("offer")).to_have_count(0)

    with ApiClient(engine, "sue") as api:
        (case,) = api.get("/cases")["items"]
        assert str(case["number"]) in number
        entries = transcript(api)
        assert [entry["body"] for entry in entries if entry["kind"] == "message"] == [
            "My invoice is wrong",
            "Let me look at it",
            "Thank you",
        ]
        assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [person.errors for person in (sue, vera, ana, ben)] == [[], [], [], []]


def transcript(api: ApiClient) -> list[dict[str, object]]:
    """Return the entries of the only conversation there is."""
    (case,) = api.get("/cases")["items"]
    timeline = api.get(f"/cases/{case['id']}")
    (conversation,) = timeline["conversations"]
    answer = api.get(f"/interactions/{conversation['interaction']['id']}/entries", after_seq="0")
    return list(answer["items"])


def test_the_page_speaks_chinese(browser: Browser, start_engine: Callable[..., EngineProcess]) -> None:
    engine = start_engine()
    vera = Visitor(browser, engine.url, locale="zh-CN")
    ana = Agent(browser, engine.url, locale="zh-CN")
    ana.sign_in("ana", engine.logins["ana"])
    vera.open_chat(name="王芳", first="我的发票有问题")
    ana.accept()
    ana.sees("我的发票有问题")
    ana.say("您好，我来看看。")
    vera.sees("您好，我来看看。")
    expect(vera.at("end")).to_be_visible(timeout=SLOW_MS)
    vera.at("end").click()
    vera.at("end-confirm").click()
    expect(ana.at("wrapup-done")).to_be_visible(timeout=SLOW_MS)
