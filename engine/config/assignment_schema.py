"""Assignment rules in the files: which queue, skills, owner a case gets; ordered, the first match decides."""

from __future__ import annotations

from pydantic import Field

from engine.config.condition_schema import ConditionText
from engine.config.section import Key, Name, Points, Section, Skills

Tags = list[Key]


class AssignmentThenSection(Section):
    """What an assignment rule decides; what is left out stays as it is."""

    queue: str = Field("", description="Queue of the case.")
    skills: Skills = Field(default_factory=dict, description="Skills asked for besides the queue's: skill to level.")
    owner: str = Field(
        "",
        max_length=80,
        description="Who owns it: a log-in, contact_owner, account_owner, or nobody. Empty: as it is.",
    )
    priority: Points | None = Field(None, description="Priority from then on.")
    team: str = Field("", max_length=40, description="Team of the case.")
    type: str = Field("", max_length=40, description="Type of the case.")
    plan: str = Field("", max_length=40, description="Plan whose milestones run.")
    tags: Tags = Field(default_factory=list, max_length=20, description="Tags added.")
    route: bool | None = Field(None, description="Whether the case waits for an agent, as a work item of kind case.")


class AssignmentSection(Section):
    """One assignment rule."""

    name: Name = Field(description="Name, for explanations; no two rules have the same.")
    when: ConditionText = Field(default_factory=dict, description="What must hold; left out: holds of every case.")
    then: AssignmentThenSection = Field(description="Decision.")
