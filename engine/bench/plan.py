"""What the load generator is told, and what it answers; JSON between two processes. Pure."""

from __future__ import annotations

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A time with a constant rate of messages, both directions together."""

    rate: int
    seconds: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run."""

    url: str
    org: str
    channel: str
    idle_channel: str
    agents: list[str]  # API tokens
    keepers: list[str]  # API tokens of those who are there for the idle channel and take nothing
    chats_per_s: float
    chat_s: float  # a chat is ended after so long
    warmup_s: float
    grace_s: float  # after each step: what is under way may arrive
    idle: int
    idle_per_s: float
    idle_settle_s: float
    idle_rest_s: float
    steps: list[Step]
    seed: int = 1
    relay_limit_s: float = 1.0  # p99 above, in either direction: broken
    achieved_limit: float = 0.95  # below: broken


class Note(msgspec.Struct, kw_only=True, tag_field="event", tag="note", omit_defaults=True):
    """Where the run is: ``phase`` begins; ``done`` of ``total`` in it."""

    phase: str
    done: float = 0
    total: float = 0
    step: int = -1


class StepResult(msgspec.Struct, kw_only=True, tag_field="event", tag="step"):
    """What one step gave. Latencies by name, in milliseconds."""

    step: int
    rate: int
    seconds: float
    messages: int  # scheduled
    sent: int
    acknowledged: int
    relayed: int
    chats: int  # scheduled
    offers: int
    latencies: dict[str, dict[str, float]]
    calm: dict[str, dict[str, float]] = {}  # the same without what a pause of the machine disturbed
    errors: dict[str, int]
    generator_cpu: float  # share of one core

    @property
    def achieved(self) -> float:
        """Return the share of the scheduled messages that reached the other side."""
        return self.relayed / self.messages if self.messages else 1.0

    def broken(self, plan: Plan) -> bool:
        """Say whether the engine no longer kept up."""
        slowest_ms = max(self.latencies[name]["p99_ms"] for name in ("relay", "reply"))
        return self.achieved < plan.achieved_limit or slowest_ms > plan.relay_limit_s * 1000


class IdleResult(msgspec.Struct, kw_only=True, tag_field="event", tag="idle"):
    """How the idle sockets came up."""

    wanted: int
    connected: int
    seconds: float
    errors: dict[str, int]


class Failure(msgspec.Struct, kw_only=True, tag_field="event", tag="failure"):
    """Why the generator gave up."""

    detail: str


Report = Note | StepResult | IdleResult | Failure
