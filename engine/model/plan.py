"""Plans: what is promised of a case, and by which clock.

A milestone is a promised step; a plan says how much business time it may take. Moments are words: one of ``MOMENTS``,
``status:<key>`` or ``event:<name>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOMENTS = frozenset(
    {"opened", "reopened", "customer_message", "reply", "accepted", "resolved", "closed"},
)
"""What may start or meet a milestone, besides ``status:<key>`` and ``event:<name>``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MilestoneRule:
    """A step that plans may promise."""

    key: str
    name: str
    starts: frozenset[str]  # moments
    met_by: frozenset[str]  # moments
    after: str = ""  # another milestone, which must not be outstanding when this one starts; "" = none
    repeats: bool = False  # once met it may start again
    paused_in: frozenset[str] = frozenset()  # statuses, or kinds of them, in which its clock stands still


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """How much business time a step may take, for cases of some priority."""

    within_ms: int
    priority_at_least: int | None = None  # None = of any priority


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is promised: steps with their targets, in business hours."""

    key: str
    name: str
    hours: str = ""  # key of business hours; "" = always
    targets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)  # milestone → the first that fits counts

    def within_ms(self, milestone: str, priority: int) -> int:
        """Return the business time that the milestone may take for a case of ``priority``; 0 = nothing is promised."""
        for target in self.targets.get(milestone, ()):
            if target.priority_at_least is None or priority >= target.priority_at_least:
                return target.within_ms
        return 0


BUILT_IN_MILESTONES: Mapping[str, MilestoneRule] = {
    rule.key: rule
    for rule in (
        MilestoneRule(
            key="first_response",
            name="First response",
            starts=frozenset({"opened"}),
            met_by=frozenset({"reply"}),
        ),
        MilestoneRule(
            key="next_response",
            name="Next response",
            starts=frozenset({"customer_message"}),
            met_by=frozenset({"reply"}),
            after="first_response",
            repeats=True,
        ),
        MilestoneRule(
            key="resolution",
            name="Resolution",
            starts=frozenset({"opened", "reopened"}),
            met_by=frozenset({"resolved"}),
            repeats=True,
            paused_in=frozenset({"waiting"}),
        ),
    )
}
"""Milestones that every organisation has, as they behave unless configured otherwise."""
