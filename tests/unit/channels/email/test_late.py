"""Mails whose work is over: one for which nothing can be done holds up no other."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from engine.channels.email.late import LateMailRole
from engine.channels.email.parts import MailParts
from engine.clock import SystemClock
from engine.errors import NotFound
from engine.model.mail_filing import LateMail
from engine.model.mail_record import Envelope, Mail, MailState, ReceivedMail, Source


def late(mail_id: str, *, seen: bool) -> LateMail:
    received = ReceivedMail(
        id=mail_id,
        envelope=Envelope(org_id="o", channel="gone", source=Source.SMTP),
        fingerprint=mail_id,
        sha256="",
        size=1,
        received_ms=1,
        state=MailState.JOINED,
    )
    return LateMail(mail=Mail(received=received), seen=seen)


class Record:
    """Two mails whose work is over, until they are settled."""

    def __init__(self) -> None:
        self.mails = {"a": late("a", seen=False), "b": late("b", seen=True)}

    async def over(self, *, after: str, limit: int) -> Sequence[LateMail]:
        return [one for key, one in self.mails.items() if key > after][:limit]

    async def settle(self, org_id: str, mail_id: str) -> None:
        assert org_id == "o"
        del self.mails[mail_id]


class Nobody:
    """A configuration without organisations, which counts how often it is asked."""

    asked = 0

    def get(self, org_id: str) -> Any:
        self.asked += 1
        raise NotFound(f"there is no organisation {org_id}", slug="unknown-organisation")


class Parts:
    """What the role is handed, as far as it comes."""

    organisations = Nobody()
    places: ClassVar[dict[tuple[str, str], Any]] = {}


async def test_a_mail_without_a_channel_holds_up_no_other_and_is_tried_again_later() -> None:
    record, now = Record(), [100.0]
    parts = Parts()
    role = LateMailRole(record=record, parts=cast("MailParts", parts), clock=SystemClock(), seconds=lambda: now[0])
    await role.step()
    assert list(record.mails) == ["a"]
    await role.step()
    assert parts.organisations.asked == 1
    now[0] += 120
    await role.step()
    assert parts.organisations.asked == 2
