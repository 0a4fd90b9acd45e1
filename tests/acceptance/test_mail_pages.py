"""A mail goes the whole circle: in, answered by an agent on his page, back in its thread, answered again."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import Browser, expect

from engine.bench.ports import free_port
from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.mails import Courier, mail_engine
from tests.acceptance.pages import SLOW_MS, Agent

WIDE = SMTP_POLICY.clone(max_line_length=900)
"""As mail programs write: the library would fold long ids into encoded words."""
HTML = (
    '<p onclick="x()">It <b>drips</b>.</p><script>document.title = "run"</script><img src="https://spy.example/1.png">'
)


class Mailbox:
    """The customer's mail server: it takes whatever comes."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, policy=SMTP_POLICY))
        return "250 OK"

    def close(self) -> None:
        self._controller.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Run the customer's mail server."""
    box = Mailbox()
    yield box
    box.close()


@pytest.fixture
def courier() -> Iterator[Courier]:
    """Return who hands over what the customer writes."""
    one = Courier()
    yield one
    one.close()


@pytest.fixture
def engine(tmp_path: Path, mailbox: Mailbox, courier: Courier) -> Iterator[EngineProcess]:
    """Run an engine that takes mail from the courier, and sends it to the customer's server."""
    engine = mail_engine(tmp_path, smtp=courier.port, relay=mailbox.port)
    engine.start()
    yield engine
    engine.close()


def mail(message_id: str, text: str, **headers: str) -> EmailMessage:
    """Return a mail of the customer's."""
    message = EmailMessage()
    written = {"From": "Vera <vera@example.com>", "To": "support@kettle.example", "Subject": "My kettle", **headers}
    for name, value in {**written, "Message-ID": f"<{message_id}@example.com>"}.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def test_a_mail_is_answered_and_answered_again(
    browser: Browser, engine: EngineProcess, mailbox: Mailbox, courier: Courier
) -> None:
    first = mail("one", "It drips.\n\n-- \nVera\n")
    first.add_alternative(HTML, subtype="html")
    first.add_attachment(b"note", maintype="text", subtype="plain", filename="note.txt")
    courier.hand_over(first.as_bytes(policy=WIDE))
    ana = Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    ana.accept()

    expect(ana.at("mail-subject")).to_have_text("My kettle", timeout=SLOW_MS)
    expect(ana.at("mail-body")).to_have_text("It drips.")
    expect(ana.at("mail-file")).to_contain_text("note.txt", timeout=SLOW_MS)
    ana.at("mail-as-written").click()
    frame = ana.page.frame_locator('[data-test="mail-frame"]')
    expect(frame.locator("b")).to_have_text("drips", timeout=SLOW_MS)
    expect(frame.locator("script")).to_have_count(0)
    expect(ana.at("mail-images")).to_be_visible(timeout=SLOW_MS)
    assert ana.page.title() != "run"

    ana.at("compose-reply").click()
    expect(ana.at("compose-to-chip")).to_contain_text("vera@example.com", timeout=SLOW_MS)
    ana.at("compose-words").fill("A new gasket comes.")
    ana.at("compose-send").click()
    expect(ana.at("sent-mail")).to_contain_text("A new gasket comes.", timeout=SLOW_MS)
    expect(ana.at("sent-state")).to_have_attribute("data-state", "sent", timeout=60_000)
    until(lambda: mailbox.taken, within_s=30, what="the answer arrived")
    (answer,) = mailbox.taken
    assert answer["In-Reply-To"] == "<one@example.com>"
    assert "My kettle" in answer["Subject"]

    back = mail("two", "Thank you!", In_Reply_To=str(answer["Message-ID"]), Subject="Re: My kettle")
    courier.hand_over(back.as_bytes(policy=WIDE))
    expect(ana.at("mail-body").filter(has_text="Thank you!")).to_be_visible(timeout=SLOW_MS)
    with ApiClient(engine, "sue") as api:
        (case,) = api.get("/cases")["items"]
        assert len(api.get(f"/cases/{case['id']}/mails")["items"]) == 2
    assert ana.errors == []


def test_a_mail_is_taken_back_and_its_words_are_there_again(
    browser: Browser, engine: EngineProcess, mailbox: Mailbox, courier: Courier
) -> None:
    courier.hand_over(mail("one", "It drips.").as_bytes(policy=WIDE))
    ana = Agent(browser, engine.url)
    ana.sign_in("ana", engine.logins["ana"])
    ana.accept()
    ana.at("mail-reply").click()
    expect(ana.at("compose-to-chip")).to_be_visible(timeout=SLOW_MS)
    ana.at("compose-words").fill("Too early.")
    ana.at("compose-words").press("Control+Enter")
    ana.at("toast-offer").click()
    expect(ana.at("compose-words")).to_have_value("Too early.", timeout=SLOW_MS)
    expect(ana.page.locator('[data-event="mail-cancelled"]')).to_be_visible(timeout=SLOW_MS)
    assert mailbox.taken == []
    assert ana.errors == []
