"""When mail goes back to its queue because its agent is away."""

from dataclasses import replace

import pytest

from engine.intake.absent import due
from engine.model.mail_channel import Email
from engine.model.mail_filing import HeldWork
from engine.model.organisation import Channel
from engine.model.work import Requirement, WorkItem
from tests.organisations import small_organisation

ORG = small_organisation("o")
MAIL = Channel(
    key="mail", kind="email", name="Mail", queue="support", email=Email(address="a@b.example", return_after_ms=1_000)
)
ORG = replace(ORG, channels={**ORG.channels, "mail": MAIL})
ITEM = WorkItem(id="i", org_id="o", kind="email", queue="support", requirement=Requirement())
HELD = HeldWork(item=ITEM, channel="mail", status="offline", since_ms=5_000)


@pytest.mark.parametrize(
    ("held", "now_ms", "expected"),
    [
        (HELD, 6_000, True),
        (HELD, 5_999, False),
        (replace(HELD, status="available"), 60_000, False),
        (replace(HELD, status="break"), 60_000, False),
        (replace(HELD, status="", since_ms=0), 60_000, False),
        (replace(HELD, channel="gone"), 60_000, False),
        (replace(HELD, item=replace(ITEM, queue="gone")), 60_000, False),
    ],
)
def test_it_goes_back_after_open_hours_without_its_agent(held: HeldWork, now_ms: int, expected: bool) -> None:
    assert due(ORG, held, now_ms) is expected
