"""Has anybody the skills that channels, rules, queues and overflows ask for?

Asked of every queue for what it requires itself, with one rule, and with two rules that may both match. Three rules at
once are not tried: with many rules there are too many of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.config.durations import format_duration
from engine.config.files import Place
from engine.config.findings import Finding, Scope
from engine.config.lints.reach import leaves_when_unstaffed
from engine.model.organisation import AgentSetup, Organisation, Queue, RelaxationStep, Rule
from engine.model.work import Requirement
from engine.skills.qualify import merge, qualifies

CHECK = "skill-nobody-has"
MOST_PAIRS = 50_000
"""Pairs of rules that are tried."""
MOST_FINDINGS = 200
"""A mistake in one place, such as agents without skills, would else bring thousands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """Something that may be asked for."""

    queue: str
    skills: Mapping[str, int]
    place: Place
    by: str  # who asks, for people
    rules: frozenset[int] = frozenset()  # indexes of the rules that ask


def skill_nobody_has(scope: Scope) -> Iterator[Finding]:
    """Find requirements that no agent of the queue meets, now or after any relaxation step."""
    return itertools.islice(_unmet(scope), MOST_FINDINGS)


def _unmet(scope: Scope) -> Iterator[Finding]:
    pools = _Pools(scope)
    unmet: dict[str, list[Demand]] = {key: [] for key in scope.organisation.queues}
    for demand in demands(scope.organisation):
        step = pools.first_step(demand.queue, frozenset(demand.skills.items()))
        told = any(_contains(demand, smaller) for smaller in unmet[demand.queue])
        if step != 0 and not told and pools.has_agents(demand.queue):
            unmet[demand.queue].append(demand)
            yield _finding(scope, pools, demand, step)


def demands(organisation: Organisation) -> Iterator[Demand]:
    """Yield what may be asked for: by queues, single rules, pairs of rules, and overflows; smaller demands first."""
    for key, queue in organisation.queues.items():
        if queue.skills:
            yield Demand(queue=key, skills=queue.skills, place=("queues", key, "skills"), by=f"queue '{key}'")
    for index, rule in enumerate(organisation.rules):
        yield from _of_rules(organisation, [(index, rule)])
    for first, second in itertools.islice(_pairs(organisation.rules), MOST_PAIRS):
        yield from _of_rules(organisation, [first, second])
    for key, queue in organisation.queues.items():
        for why, target in queue.overflow.items():
            if target.to and queue.skills:
                place = ("queues", key, "overflow", why.value)
                skills = merge(organisation.queues[target.to].skills, queue.skills)
                yield Demand(queue=target.to, skills=skills, place=place, by=f"overflow of queue '{key}'")


def _pairs(rules: Sequence[Rule]) -> Iterator[tuple[tuple[int, Rule], tuple[int, Rule]]]:
    adding = [(index, rule) for index, rule in enumerate(rules) if not rule.final and (rule.skills or rule.queue)]
    for index, rule in adding:
        for later, other in enumerate(rules[index + 1 :], start=index + 1):
            if (rule.skills or other.skills) and _may_meet(rule, other):
                yield (index, rule), (later, other)


def _may_meet(one: Rule, other: Rule) -> bool:
    """Say whether one arrival may match both: it has one channel, one topic and one language."""
    chosen = (
        (one.channels, other.channels),
        (one.topics, other.topics),
        (one.languages, other.languages),
    )
    return all(not left or not right or left & right for left, right in chosen)


def _of_rules(organisation: Organisation, numbered: Sequence[tuple[int, Rule]]) -> Iterator[Demand]:
    rules = [rule for _, rule in numbered]
    own = merge(*(rule.skills for rule in rules))
    if not own:
        return
    index = next(index for index, rule in reversed(numbered) if rule.skills)
    by = " with ".join(f"rule '{rule.name}'" for rule in rules)
    for queue in queues_of(organisation, rules):
        yield Demand(
            queue=queue,
            skills=merge(organisation.queues[queue].skills, own),
            place=("rules", index, "then", "skills"),
            by=by,
            rules=frozenset(index for index, _ in numbered),
        )


def queues_of(organisation: Organisation, rules: Sequence[Rule]) -> Iterable[str]:
    """Return the queues that the rules lead to: the first that names one, else those of the channels."""
    named = next((rule.queue for rule in rules if rule.queue), "")
    if named:
        return (named,)
    channels = set(organisation.channels)
    for rule in rules:
        channels &= rule.channels or channels
    return sorted({organisation.channels[key].queue for key in channels})


def _contains(demand: Demand, smaller: Demand) -> bool:
    """Say whether ``demand`` asks for no less, so that nobody need be told of it again."""
    return smaller.rules <= demand.rules and all(
        demand.skills.get(skill, 0) >= level for skill, level in smaller.skills.items()
    )


class _Pools:
    """Who may be asked, by queue and relaxation step; agents who are alike count once."""

    def __init__(self, scope: Scope) -> None:
        self._queues = scope.organisation.queues
        self._members = {key: _alike(agents) for key, agents in scope.members.items()}
        self._steps: dict[tuple[str, frozenset[tuple[str, int]]], int | None] = {}

    def has_agents(self, queue: str) -> bool:
        return any(self._members[key] for key in self._widest(self._queues[queue]))

    def first_step(self, queue: str, skills: frozenset[tuple[str, int]]) -> int | None:
        """Return after how many steps somebody qualifies; None: never."""
        asked = (queue, skills)
        if asked not in self._steps:
            self._steps[asked] = self._find_step(self._queues[queue], dict(skills))
        return self._steps[asked]

    def _find_step(self, queue: Queue, skills: dict[str, int]) -> int | None:
        pool = list(self._members[queue.key])
        for number, step in enumerate([None, *queue.relaxation]):
            if step is not None:
                skills = relaxed(skills, step)
                pool += [agent for wider in step.widen for agent in self._members[wider]]
            requirement = Requirement(skills=skills)
            if any(qualifies(requirement, agent) for agent in pool):
                return number
        return None

    def best(self, queue: str, skill: str) -> int:
        """Return the highest level of ``skill`` among those who may ever be asked."""
        pools = [agent for key in self._widest(self._queues[queue]) for agent in self._members[key]]
        return max((agent.get(skill, 0) for agent in pools), default=0)

    def _widest(self, queue: Queue) -> list[str]:
        return [queue.key, *(wider for step in queue.relaxation for wider in step.widen)]


def relaxed(skills: Mapping[str, int], step: RelaxationStep) -> dict[str, int]:
    """Return what is still asked for after ``step``."""
    kept = {skill: level - step.lower.get(skill, 0) for skill, level in skills.items() if skill not in step.drop}
    return {skill: level for skill, level in kept.items() if level > 0}


def _alike(agents: Sequence[AgentSetup]) -> list[Mapping[str, int]]:
    return list({tuple(sorted(agent.skills.items())): agent.skills for agent in agents}.values())


def _finding(scope: Scope, pools: _Pools, demand: Demand, step: int | None) -> Finding:
    queue = scope.organisation.queues[demand.queue]
    wanted = ", ".join(f"{skill} {level}" for skill, level in sorted(demand.skills.items()))
    who = f"nobody in queue '{demand.queue}' has {wanted}, which {demand.by} asks for"
    if step is not None:
        after = format_duration(queue.relaxation[step - 1].after_ms)
        mend = "Give somebody the skills if that is too long."
        return scope.note(CHECK, demand.place, f"{who}; only after {after} somebody qualifies", mend=mend)
    if leaves_when_unstaffed(queue):
        detail = f"{who}, so it always leaves the queue: overflow.unstaffed"
        return scope.note(CHECK, demand.place, detail, mend="Give somebody the skills if that is not meant.")
    lacking = [(skill, pools.best(demand.queue, skill)) for skill, level in sorted(demand.skills.items())]
    short = [f"{skill} {best}" for skill, best in lacking if best < demand.skills[skill]]
    best = f"the highest there: {', '.join(short)}" if short else "each skill is there, but not in one agent"
    mend = "Give somebody of the queue these skills, or relax them: relaxation in the queue."
    return scope.error(CHECK, demand.place, f"{who} ({best})", mend=mend)
