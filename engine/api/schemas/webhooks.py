"""Webhooks at the border."""

from typing import Annotated

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.clock import moment, rfc3339
from engine.events.endpoints import Endpoint, GoOn
from engine.model.outside import Interest, Webhook
from engine.model.work import EventKind

Number = Annotated[int, Field(ge=0, le=2**53 - 1)]


class PlaceAnswer(Answer):
    """A place in the history of events."""

    epoch: int
    seq: int


class WebhookBody(Request):
    """A webhook as an admin wants it."""

    name: str = Field(min_length=1, max_length=200)
    url: str = Field(min_length=1, max_length=2_000, description="An https address that is public.")
    secret: str = Field(min_length=1, max_length=40, description="Name of the file that holds the secret.")
    kinds: list[EventKind] = Field(default_factory=list, max_length=100, description="Only these; empty for all.")
    queues: list[Annotated[str, Field(max_length=40)]] = Field(
        default_factory=list, max_length=200, description="Only events of these; empty for all."
    )

    def endpoint(self) -> Endpoint:
        """Return it as the stage knows it."""
        interest = Interest(kinds=frozenset(self.kinds), queues=frozenset(self.queues))
        return Endpoint(name=self.name, url=self.url, secret=self.secret, interest=interest)


class Enable(Request):
    """Tell a webhook again."""

    go_on: GoOn = Field(default=GoOn.STOPPED, description="With the event at which it stopped, the next, or from now.")


class PlaceBody(Request):
    """A place in the history of events."""

    epoch: Number
    seq: Number


class Redeliver(Request):
    """Tell a webhook again of what it was told before."""

    after: PlaceBody = Field(description="Everything after this place is told again.")


class WebhookAnswer(Answer):
    """A webhook, and how it goes."""

    id: str
    name: str
    url: str
    secret: str
    kinds: list[EventKind]
    queues: list[str]
    active: bool = Field(description="False: it failed for too long, or its receiver wants no more.")
    after: PlaceAnswer = Field(description="It was told of everything up to here.")
    failures: int = Field(description="In a row.")
    failing_since: str | None
    next_try_at: str | None
    told_at: str | None
    fault: str = Field(description="What went wrong last; empty when nothing is wrong.")
    created_at: str

    @classmethod
    def of(cls, hook: Webhook) -> "WebhookAnswer":
        """Build from the noun."""
        return cls(
            id=hook.id,
            name=hook.name,
            url=hook.url,
            secret=hook.secret,
            kinds=sorted(hook.interest.kinds),
            queues=sorted(hook.interest.queues),
            active=hook.active,
            after=PlaceAnswer(epoch=hook.place[0], seq=hook.place[1]),
            failures=hook.failures,
            failing_since=moment(hook.failing_since_ms),
            next_try_at=moment(hook.next_try_ms) if hook.active else None,
            told_at=moment(hook.told_ms),
            fault=hook.fault,
            created_at=rfc3339(hook.created_ms),
        )
