"""Whom work can be handed over to, at the border."""

from engine.agents.parts import BoardAgent, BoardQueue
from engine.api.schemas.model import Answer


class QueueDestination(Answer):
    """A queue, and whether it takes work in."""

    key: str
    name: str
    mode: str
    closed: bool
    waiting: int

    @classmethod
    def of(cls, one: BoardQueue) -> "QueueDestination":
        """Build from the wallboard's line."""
        return cls(key=one.key, name=one.name, mode=one.mode, closed=one.closed, waiting=one.waiting)


class AgentDestination(Answer):
    """An agent, and whether he has room."""

    id: str
    name: str
    status_name: str
    status_kind: str
    connected: bool
    used: int
    units: int

    @classmethod
    def of(cls, one: BoardAgent) -> "AgentDestination":
        """Build from the wallboard's line."""
        return cls(
            id=one.id,
            name=one.name,
            status_name=one.status_name,
            status_kind=one.status_kind,
            connected=one.connected,
            used=one.used,
            units=one.units,
        )


class Destinations(Answer):
    """Queues and agents."""

    queues: list[QueueDestination]
    agents: list[AgentDestination]
