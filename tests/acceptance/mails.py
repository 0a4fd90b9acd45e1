"""The shop's mailbox: its configuration, and a mail server outside that hands mail over until it is taken."""

import smtplib
import time
from pathlib import Path

from engine.bench.ports import free_port
from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import EngineProcess

CHANNEL = """
  support:
    kind: email
    name: Support
    queue: sales
    email: { address: support@kettle.example }
"""


def mail_engine(folder: Path, *, smtp: int = 0, relay: int = 0, channel: str = CHANNEL) -> EngineProcess:
    """Return an engine, not started yet, whose organisation has a mailbox beside its chat.

    ``smtp``: port at which it takes mail; ``relay``: of the server that takes what it sends; ``channel``: its section.
    """
    config = write_configuration(folder / "config")
    for name, before, after in (
        ("statuses.yaml", "channels: [chat]", "channels: [chat, email]"),
        ("profiles.yaml", "chat: { weight: 1 }", "chat: { weight: 1 }\n      email: { weight: 1 }"),
    ):
        path = config / name
        path.write_text(path.read_text().replace(before, after))
    channels = config / "channels.yaml"
    channels.write_text(channels.read_text().rstrip() + channel)
    settings = {"CORDBOARD_SMTP_LISTEN": f"127.0.0.1:{smtp}", "CORDBOARD_SMTP_RATE": "1000000"} if smtp else {}
    if relay:
        settings |= {
            "CORDBOARD_SMTP_URL": f"smtp-plain://127.0.0.1:{relay}",
            "CORDBOARD_MAIL_RATE_PER_AUTHOR": "1000000",
        }
    return EngineProcess(folder / "data", config=config, settings=settings)


class Courier:
    """A mail server outside: it keeps a mail until somebody has answered 250 for it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.tries = 0
        self._client: smtplib.SMTP | None = None

    def hand_over(self, source: bytes, *, within_s: float = 120.0) -> None:
        """Hand a mail over, again and again until it is taken."""
        deadline = time.monotonic() + within_s
        while not self.try_once(source):
            assert time.monotonic() < deadline, "nobody took the mail"
            time.sleep(0.1)

    def try_once(self, source: bytes) -> bool:
        """Try to hand a mail over; return whether it was taken."""
        self.tries += 1
        try:
            if self._client is None:
                self._client = smtplib.SMTP("127.0.0.1", self.port, "courier.example", timeout=30)
            self._client.sendmail("vera@example.com", ["support@kettle.example"], source)
        except (smtplib.SMTPException, OSError):
            self.close()
            return False
        return True

    def close(self) -> None:
        """Go."""
        if self._client is not None:
            self._client.close()
        self._client = None
