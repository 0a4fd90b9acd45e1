"""Has anybody the skills that rules prefer? Else work waits for them in vain until it asks for them no longer."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.durations import format_duration
from engine.config.findings import Finding, Scope
from engine.config.lints.skills import queues_of


def preferred_skill_nobody_has(scope: Scope) -> Iterator[Finding]:
    """Find preferred skills of rules that no agent of the queue has, so that they only make work wait."""
    for index, rule in enumerate(scope.organisation.rules):
        for queue in queues_of(scope.organisation, [rule]) if rule.preferred else ():
            wait_ms = scope.organisation.queues[queue].preferred_skills_wait_ms
            members = scope.members[queue]
            for skill, level in rule.preferred.items():
                if wait_ms and members and not any(agent.skills.get(skill, 0) >= level for agent in members):
                    detail = f"nobody in queue '{queue}' has {skill} {level}, so work waits {format_duration(wait_ms)}"
                    mend = "Remove it, give it to an agent, or set preferred_skills_wait: 0s."
                    place = ("rules", index, "then", "preferred_skills", skill)
                    yield scope.warning("preferred-skill-nobody-has", place, detail, mend=mend)
