"""How much there is of everything, and how everything comes from its number alone. Pure.

Nothing is kept between chunks: contact 4711 has the same id, name and account whenever he is asked for. So chunks are
written in any process, and what a crash cut off goes on where the record says it ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from random import Random

from engine.demo_data.promises import Play, unpromised
from engine.model.ids import make_id

DAY_MS = 86_400_000
SPAN_MS = 730 * DAY_MS
"""The data tell of two years."""
FAMILY = 12
"""Contacts of one family of accounts."""
ACCOUNTS = 4
"""Accounts of a family, at most."""
CASES_PER_CONTACT = 8
TEXTS = "utf-8"

Rows = dict[str, list[dict[str, object]]]
"""Table → rows; columns that are left out are empty."""


@dataclass(frozen=True)
class Scale:
    """One data set: whose, how large, until when, and whom and what of the organisation it tells."""

    org_id: str
    cases: int
    until_ms: int
    seed: int = 2026
    tag: str = ""  # before numbers and addresses, where there are others already
    first_number: int = 0  # the last case number that was given before
    agents: Sequence[tuple[str, str]] = ()  # (user id, name)
    queues: Sequence[str] = ("general",)
    channels: Sequence[tuple[str, str]] = (("web", "chat"),)  # (key, kind)
    plans: Sequence[str] = ()
    plan_of: Mapping[str, str] = field(default_factory=dict)  # queue → the plan that its cases are promised
    play: Play = unpromised  # says what came of the promises
    statuses: Mapping[str, str] = field(default_factory=dict)  # ours → the organisation's, where it has others

    @cached_property
    def families(self) -> int:
        """Return how many families of accounts there are."""
        return max(1, -(-self.cases // (CASES_PER_CONTACT * FAMILY)))

    @property
    def contacts(self) -> int:
        """Return how many contacts there are."""
        return self.families * FAMILY

    @property
    def since_ms(self) -> int:
        """Return when it begins."""
        return self.until_ms - SPAN_MS

    def chance(self, kind: str, number: int) -> Random:
        """Return the source of everything about one thing."""
        return Random(f"{self.seed}:{self.cases}:{kind}:{number}")

    def id_of(self, kind: str, number: int, at_ms: int) -> str:
        """Return the id of one thing, which was made at ``at_ms``."""
        name = f"{self.org_id}:{self.seed}:{self.cases}:{self.tag}:{kind}:{number}"
        return make_id(at_ms, hashlib.blake2b(name.encode(TEXTS), digest_size=10).digest())


def day(at_ms: int) -> str:
    """Return the day of a time, ISO 8601."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).date().isoformat()
