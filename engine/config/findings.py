"""What lint finds, and what its checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.config.files import Place
from engine.config.problems import Problem
from engine.config.validate import Sections
from engine.model.organisation import AgentSetup, Organisation, StatusKind


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # some work can never be answered
    WARNING = "warning"  # some work may wait for ever, or an option does nothing
    NOTE = "note"  # worth knowing; may well be meant


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is valid and yet cannot work well."""

    check: str  # name of the check, as documented
    severity: Severity
    problem: Problem  # where, what, how to mend it


class Scope:
    """One organisation with its files' lines, and what several checks ask of it."""

    def __init__(self, sections: Sections, organisation: Organisation) -> None:
        self.organisation = organisation
        self.members = _members(organisation)
        """Queue → its agents who can hold work."""
        self.sources = _sources(organisation)
        """Queue → where work comes from that enters it, or agents from who may serve it."""
        self._sections = sections

    def error(self, check: str, place: Place, detail: str, *, mend: str) -> Finding:
        """Return a finding: some work can never be answered."""
        return self._finding(check, Severity.ERROR, place, detail, mend)

    def warning(self, check: str, place: Place, detail: str, *, mend: str) -> Finding:
        """Return a finding: some work may wait for ever, or an option does nothing."""
        return self._finding(check, Severity.WARNING, place, detail, mend)

    def note(self, check: str, place: Place, detail: str, *, mend: str) -> Finding:
        """Return a finding that may well be meant."""
        return self._finding(check, Severity.NOTE, place, detail, mend)

    def kinds_taken(self) -> frozenset[str]:
        """Return the kinds of work that some status takes."""
        statuses = self.organisation.statuses.values()
        return frozenset(
            kind for status in statuses if status.kind is not StatusKind.OFFLINE for kind in status.channels
        )

    def _finding(self, check: str, severity: Severity, place: Place, detail: str, mend: str) -> Finding:
        return Finding(check=check, severity=severity, problem=self._sections.problem(place, detail, mend=mend))


def _members(organisation: Organisation) -> Mapping[str, list[AgentSetup]]:
    members: dict[str, list[AgentSetup]] = {key: [] for key in organisation.queues}
    for agent in organisation.agents.values():
        for queue in agent.queues:
            if agent.profile:
                members[queue].append(agent)
    return members


def _sources(organisation: Organisation) -> Mapping[str, list[str]]:
    sources: dict[str, list[str]] = {key: [] for key in organisation.queues}
    for key, channel in organisation.channels.items():
        sources[channel.queue].append(f"channel {key}")
    for rule in organisation.rules:
        if rule.queue:
            sources[rule.queue].append(f"rule '{rule.name}'")
    for assigned in organisation.assignment:
        if assigned.queue:
            sources[assigned.queue].append(f"assignment '{assigned.name}'")
    for key, queue in organisation.queues.items():
        for target in queue.overflow.values():
            if target.to:
                sources[target.to].append(f"overflow of {key}")
        for wider in (wider for step in queue.relaxation for wider in step.widen):
            sources[wider].append(f"relaxation of {key}")
    return sources
