"""Each channel's mails wait, and their sources are kept, as long as it says."""

from collections import Counter
from dataclasses import replace

from engine.channels.email.keeping import AGAIN_S, EVERY_S, SourceKeeping
from engine.model.mail_channel import Email
from engine.model.organisation import Channel, Organisation
from tests.organisations import small_organisation


class Clock:
    def now_ms(self) -> int:
        return 1_000


class Sources:
    """Note what is asked for; so much there is to do, once."""

    def __init__(self, *, undecided: int = 0) -> None:
        self.asked: list[tuple[object, ...]] = []
        self._undecided = undecided

    async def forget(self, org_id: str, channel: str, *, before_ms: int) -> int:
        self.asked.append(("forget", org_id, channel, before_ms))
        return 0

    async def discard(self, org_id: str, channel: str, *, before_ms: int, now_ms: int) -> int:
        self.asked.append(("discard", org_id, channel, before_ms, now_ms))
        done, self._undecided = self._undecided, 0
        return done


class Served:
    def __init__(self, *organisations: Organisation) -> None:
        self._held = organisations

    def all(self) -> tuple[Organisation, ...]:
        return self._held


def organisation(**emails: Email) -> Organisation:
    channels = {key: Channel(key=key, kind="email", name=key, queue="sales", email=one) for key, one in emails.items()}
    return replace(small_organisation("acme"), channels=channels)


async def test_each_channel_is_asked_as_it_says() -> None:
    sources, counts = Sources(undecided=2), Counter[tuple[str, str]]()
    served = Served(
        organisation(
            always=Email(address="a@shop.example"),
            some=Email(address="b@shop.example", keep_raw_ms=300, keep_undecided_ms=100),
        )
    )
    role = SourceKeeping(
        sources=sources, organisations=served, clock=Clock(), count=lambda *what: counts.update([what])
    )
    assert await role.step() == AGAIN_S
    assert sources.asked == [("discard", "acme", "some", 900, 1_000), ("forget", "acme", "some", 700)]
    assert counts == {("discarded", "undecided"): 2}
    assert await role.step() == EVERY_S
