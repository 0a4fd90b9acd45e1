"""Does an agent have what an item needs?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.model.work import Requirement


@dataclass(frozen=True, kw_only=True, slots=True)
class Lack:
    """A skill that an agent does not have at the level needed."""

    skill: str
    needed: int
    present: int  # 0 = not at all


def first_lack(requirement: Requirement, skills: Mapping[str, int]) -> Lack | None:
    """Return the first skill, by name, that ``skills`` lacks for ``requirement``; None when qualified."""
    for skill in sorted(requirement.skills):
        needed, present = requirement.skills[skill], skills.get(skill, 0)
        if present < needed:
            return Lack(skill=skill, needed=needed, present=present)
    return None


def qualifies(requirement: Requirement, skills: Mapping[str, int]) -> bool:
    """Say whether every skill of ``requirement`` is there at its level or above."""
    return all(skills.get(skill, 0) >= needed for skill, needed in requirement.skills.items())


def merge(*wanted: Mapping[str, int]) -> dict[str, int]:
    """Join requirements: every skill that any of them wants, at the highest level that one wants."""
    merged: dict[str, int] = {}
    for skills in wanted:
        for skill, level in skills.items():
            merged[skill] = max(level, merged.get(skill, 0))
    return merged
