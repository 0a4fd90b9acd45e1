"""The pages' policy in a real browser: sockets go to the own host and nowhere else."""

from collections.abc import Callable

from playwright.sync_api import Browser

from tests.acceptance.engine_process import EngineProcess
from tests.acceptance.pages import Agent

CONNECT = """address => new Promise(resolve => {
  document.addEventListener("securitypolicyviolation", () => resolve("refused by policy"), {once: true})
  try {
    const socket = new WebSocket(address)
    socket.onopen = () => resolve("open")
    socket.onerror = () => setTimeout(() => resolve("failed"), 500)
  } catch (error) { resolve("refused by policy") }
})"""


def test_a_page_talks_to_its_own_host_only(browser: Browser, start_engine: Callable[..., EngineProcess]) -> None:
    engine = start_engine()
    ana = Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    own = engine.url.replace("http:", "ws:")
    assert ana.page.evaluate(CONNECT, f"{own}/api/v1/agent/socket") == "open"
    for address in ("ws://127.0.0.1:9/", "wss://evil.example/", own.replace("127.0.0.1", "localhost")):
        assert ana.page.evaluate(CONNECT, address) == "refused by policy"
    assert ana.errors == []
