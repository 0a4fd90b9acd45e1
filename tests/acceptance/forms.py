"""The shop's web form: its configuration, and a customer who sends it without a browser."""

import re
from pathlib import Path

import httpx

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import EngineProcess

CHANNEL = """
  contact:
    kind: form
    name: {{ en: Write to us, zh-CN: 给我们留言 }}
    queue: sales
    topics: {{ order: {{ en: An order, zh-CN: 订单 }} }}
    form:
      intro: {{ en: We answer within a day., zh-CN: 我们会在一天内答复。 }}
      fields:
        name:
        email: {{ required: true }}
        topic:
        subject: {{ required: true }}
        description: {{ required: true }}
      attachments: {{ most: 2, most_bytes: 2000000, types: [.txt, image/*] }}
      consent: {{ en: You may keep this., zh-CN: 同意保存。 }}
      spam: {{ least_fill: {least_fill}, work_bits: 8, without_work: {without_work}, address_burst: 100 }}
"""
CASES = (
    ("statuses.yaml", "channels: [chat]", "channels: [chat, case]"),
    ("profiles.yaml", "chat: { weight: 1 }", "chat: { weight: 1 }\n      case: { weight: 1 }"),
)
FILLED = {
    "name": "Vera",
    "email": "vera@example.com",
    "subject": "My kettle",
    "description": "It drips.",
    "consent": "yes",
}


def form_engine(folder: Path, *, least_fill: str = "0s", without_work: str = "accept") -> EngineProcess:
    """Return an engine, not started yet, whose organisation has the form ``contact`` beside its chat."""
    config = write_configuration(folder / "config")
    for name, before, after in CASES:
        path = config / name
        path.write_text(path.read_text().replace(before, after))
    channels = config / "channels.yaml"
    form = CHANNEL.format(least_fill=least_fill, without_work=without_work)
    channels.write_text(channels.read_text().rstrip() + form)
    return EngineProcess(folder / "data", config=config)


class Sender:
    """Somebody who sends the form, as often as it takes."""

    def __init__(self, engine: EngineProcess) -> None:
        self.path = f"{engine.url}/forms/demo/contact"
        page = httpx.get(self.path, timeout=20).text
        found = re.search(r'name="token" value="([^"]+)"', page)
        assert found, page
        self.token = found[1]

    def send(self) -> httpx.Response:
        """Send what is filled in, with a file, and follow to the page that thanks."""
        files = [("files", ("note.txt", b"It drips." * 10_000, "text/plain"))]
        data = {**FILLED, "token": self.token}
        answer = httpx.post(self.path, data=data, files=files, follow_redirects=True, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer
