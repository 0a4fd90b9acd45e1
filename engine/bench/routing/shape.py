"""The contact center that is measured: who can do what, and what is asked. Pure; the same for the same seed.

A *signature* is what items ask for: one skill at a level, a queue and a channel. Specialists have a few skills of many,
drawn at random, so that hardly two of them are alike; generalists qualify for every signature, though at different
levels, so that they are not alike either. ``cohorts`` makes groups of like agents.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SIGNATURES_PER_QUEUE = 10
GENERALIST_LEVELS = 5
"""A generalist has fewer skills, each asked for at so many levels; the levels tell him from the next one."""
_TOP = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """What a work item asks for."""

    number: int
    queue: str
    channel: str
    skill: int
    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One agent: skill → level."""

    number: int
    skills: Mapping[int, int]
    queues: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Sizes of the contact center."""

    agents: int
    signatures: int
    skills_per_agent: int
    units: int = 2  # work items an agent can have at once
    channels: Mapping[str, int] = field(default_factory=lambda: {"chat": 1})  # channel → its share
    generalists: bool = False
    one_queue: bool = False
    cohorts: int = 0  # so many different sets of skills; 0 = every agent's is his own
    seed: int = 1

    def signature(self, number: int) -> Signature:
        """Return a signature (0 to ``signatures`` - 1)."""
        skill, level = self._asked(number)
        queue = 0 if self.one_queue else number // SIGNATURES_PER_QUEUE
        return Signature(number=number, queue=f"q{queue}", channel=self._channel(number), skill=skill, level=level)

    def all_signatures(self) -> list[Signature]:
        """Return all signatures."""
        return [self.signature(number) for number in range(self.signatures)]

    def people(self) -> Iterator[Person]:
        """Yield all agents."""
        asked = self.all_signatures()
        queues_of: dict[int, set[str]] = {}
        for one in asked:
            queues_of.setdefault(one.skill, set()).add(one.queue)
        skills = sorted(queues_of)
        groups = self.cohorts or self.agents
        for number in range(self.agents):
            chance = random.Random(f"{self.seed}:{number % groups}")
            has = {skill: self._level(chance) for skill in self._drawn(skills, chance)}
            queues = sorted({queue for skill in has for queue in queues_of[skill]})
            yield Person(number=number, skills=has, queues=tuple(queues))

    def queues(self) -> list[str]:
        """Return the keys of all queues."""
        return list(dict.fromkeys(one.queue for one in self.all_signatures()))

    def stream(self) -> Iterator[Signature]:
        """Yield what arrives, for ever: each signature as likely as any other."""
        asked = self.all_signatures()
        chance = random.Random(f"{self.seed}:items")
        while True:
            yield chance.choice(asked)

    def _asked(self, number: int) -> tuple[int, int]:
        if self.generalists:
            return number // GENERALIST_LEVELS, number % GENERALIST_LEVELS + 1
        return number, number % GENERALIST_LEVELS + 1

    def _drawn(self, skills: list[int], chance: random.Random) -> list[int]:
        return skills if self.generalists else sorted(chance.sample(skills, min(self.skills_per_agent, len(skills))))

    def _level(self, chance: random.Random) -> int:
        return chance.randint(GENERALIST_LEVELS, _TOP)

    def _channel(self, number: int) -> str:
        """Deal the channels out to the signatures in proportion to their shares."""
        place = number % sum(self.channels.values())
        for channel, share in self.channels.items():
            if place < share:
                return channel
            place -= share
        raise AssertionError("a place lies within the sum of all shares")
