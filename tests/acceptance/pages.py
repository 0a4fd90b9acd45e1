"""What a person does on the pages, in the words of the pages' ``data-test`` marks."""

import contextlib
from typing import ClassVar

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

SLOW_MS = 60_000
"""Longest wait for anything on a page: the engine may be restarting meanwhile."""
expect.set_options(timeout=SLOW_MS)  # where nothing is said; Playwright's own five seconds are few on a busy machine


def mark(name: str) -> str:
    """Return the selector of a ``data-test`` mark."""
    return f'[data-test="{name}"]'


class Person:
    """Somebody with a browser window of his own."""

    everybody: ClassVar[list["Person"]] = []
    """Who has a window open; emptied after each test."""

    def __init__(self, browser: Browser, url: str, *, locale: str = "en") -> None:
        self.context: BrowserContext = browser.new_context(locale=locale, viewport={"width": 1280, "height": 800})
        self.context.set_default_timeout(SLOW_MS)
        self.page: Page = self.context.new_page()
        self.url = url
        self.errors: list[str] = []
        self.everybody.append(self)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def at(self, name: str) -> Locator:
        """Return what carries the mark."""
        return self.page.locator(mark(name))

    def close(self) -> None:
        """Close the window."""
        self.context.close()


class Visitor(Person):
    """A customer on the shop's page."""

    def open_chat(self, *, name: str = "Vera", email: str = "", topic: str = "", first: str = "") -> None:
        """Fill the form and start a chat."""
        self.page.goto(f"{self.url}/demo")
        self.at("launcher").click()
        self.at("name").fill(name)
        if email:
            self.at("email").fill(email)
        if topic:
            self.at("topic").select_option(topic)
        if first:
            self.at("first-message").fill(first)
        self.at("start").click()

    def say(self, text: str) -> None:
        """Send a message."""
        composer = self.at("composer")
        composer.fill(text)
        composer.press("Enter")

    def sees(self, text: str) -> None:
        """Wait until the text stands in the transcript exactly once."""
        expect(self.at("entry").filter(has_text=text)).to_have_count(1, timeout=SLOW_MS)


class Agent(Person):
    """An agent at the console."""

    def sign_in(self, login: str, password: str, *, status: str = "available") -> None:
        """Sign in and choose a presence status."""
        self.page.goto(f"{self.url}/console")
        self.at("login-name").fill(login)
        self.at("login-password").fill(password)
        self.at("login-submit").click()
        self.choose_status(status)

    def open_case(self, login: str, password: str, case_id: str) -> None:
        """Sign in and open a case by its address."""
        self.page.goto(f"{self.url}/console#/cases/{case_id}")
        self.at("login-name").fill(login)
        self.at("login-password").fill(password)
        self.at("login-submit").click()
        expect(self.at("case-number")).to_be_visible(timeout=SLOW_MS)

    def choose_status(self, status: str) -> None:
        """Choose a presence status in the menu, and wait until it is in force."""
        self.at("status-menu").click()
        self.at(f"status-option-{status}").click()
        expect(self.at("status-menu")).to_have_attribute("data-status", status, timeout=SLOW_MS)

    def accept(self) -> None:
        """Accept the offer on the screen and wait for its conversation; when a crash swallowed it, accept again."""
        offered, accepted = self.at("offer-accept").first, self.at("conversation-item").first
        for _ in range(3):
            expect(offered.or_(accepted).first).to_be_visible(timeout=SLOW_MS)
            if offered.is_visible():
                offered.click()
            with contextlib.suppress(AssertionError):
                expect(accepted).to_be_visible(timeout=SLOW_MS / 2)
                break
        expect(self.at("conversation-item")).to_have_count(1, timeout=SLOW_MS)
        self.at("conversation-item").first.click()
        expect(self.at("transcript")).to_be_visible(timeout=SLOW_MS)

    def say(self, text: str) -> None:
        """Send a message."""
        composer = self.at("composer")
        composer.fill(text)
        composer.press("Enter")

    def sees(self, text: str) -> None:
        """Wait until the text stands in the transcript exactly once."""
        expect(self.at("entry").filter(has_text=text)).to_have_count(1, timeout=SLOW_MS)

    def finish(self, disposition: str = "solved") -> None:
        """End the conversation and its wrap-up."""
        self.at("end").click()
        self.at(f"disposition-{disposition}").click()
        self.at("wrapup-done").click()


class Supervisor(Person):
    """A supervisor at the wallboard."""

    def sign_in(self, login: str, password: str) -> None:
        """Sign in at the wallboard."""
        self.page.goto(f"{self.url}/wallboard")
        self.at("login-name").fill(login)
        self.at("login-password").fill(password)
        self.at("login-submit").click()

    def sees_in_queue(self, queue: str, **numbers: int) -> None:
        """Wait until the queue's row shows the numbers, e.g. ``waiting=1``."""
        row = self.at(f"queue-row-{queue}")
        for name, number in numbers.items():
            expect(row).to_have_attribute(f"data-{name}", str(number), timeout=SLOW_MS)
