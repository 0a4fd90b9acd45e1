"""Who may write mail from which channel, and how much. Pure but for what it counts, in this process."""

from __future__ import annotations

from engine.buckets import Buckets
from engine.clock import Clock
from engine.errors import TooFast
from engine.model.mail_channel import Email, Writers
from engine.model.organisation import Channel, Organisation, Role
from engine.model.user import Principal

FULLEST = 100
"""A mail of so many recipients is written at once by whoever wrote none before."""


def may_write(organisation: Organisation, who: Principal, channel: Channel, email: Email) -> bool:
    """Say whether somebody may begin a mail from a channel: who works in one of its queues, and whoever leads others.

    A system's token does what it was given for.
    """
    if email.writers is Writers.ALL or who.scopes or not who.user_id or who.at_least(Role.SUPERVISOR):
        return True
    setup = organisation.agents.get(who.login)
    return setup is not None and not {channel.queue, *email.from_by_queue}.isdisjoint(setup.queues)


class Pace:
    """Bound how much mail one author writes: so many recipients a minute, in this process."""

    def __init__(self, *, per_minute: int, clock: Clock) -> None:
        self._rate = per_minute / 60
        self._burst = max(per_minute, FULLEST)
        self._buckets = Buckets()
        self._clock = clock

    def take(self, who: Principal, recipients: int) -> None:
        """Count a mail; raise TooFast, and count nothing, for one that is too much now."""
        key, now_ms = f"{who.org_id} {who.user_id or who.login}", self._clock.now_ms()
        for taken in range(recipients):
            wait_ms = self._buckets.take(key, rate=self._rate, burst=self._burst, now_ms=now_ms)
            if wait_ms:
                for _ in range(taken):
                    self._buckets.give_back(key)
                missing_ms = int((recipients - taken - 1) / self._rate * 1_000)
                raise TooFast("You write more mail than is let through.", retry_after_ms=wait_ms + missing_ms)
