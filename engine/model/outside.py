"""What is handed to other systems: routing events with what they are about, and the webhooks that take them."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.model.work import EventKind, RoutingEvent

Place = tuple[int, int]
"""A place in an organisation's history: epoch and number. Events are handed out in this order, without a gap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldEvent:
    """A routing event with what its work item is about."""

    event: RoutingEvent
    work_kind: str = ""
    reference: str = ""
    interaction_id: str = ""
    case_id: str = ""

    @property
    def place(self) -> Place:
        """Return where it stands in the history."""
        return (self.event.epoch, self.event.seq)


@dataclass(frozen=True, kw_only=True, slots=True)
class Interest:
    """Which events somebody wants; nothing named = all."""

    kinds: frozenset[EventKind] = frozenset()
    queues: frozenset[str] = frozenset()

    def wants(self, event: RoutingEvent) -> bool:
        """Say whether ``event`` is one of them; events of no queue pass no filter by queue."""
        return (not self.kinds or event.kind in self.kinds) and (not self.queues or event.queue in self.queues)


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """An address of another system that is told of events."""

    id: str
    org_id: str
    name: str
    url: str
    secret: str  # name of the secret; its value is in a file
    interest: Interest = field(default_factory=Interest)
    place: Place = (0, 0)  # told of everything up to here
    active: bool = True
    failures: int = 0  # in a row
    failing_since_ms: int = 0
    next_try_ms: int = 0
    told_ms: int = 0  # last told successfully
    fault: str = ""  # what went wrong last
    created_ms: int = 0
