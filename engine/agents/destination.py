"""Where an agent hands work on to, or whom he asks: a queue, an agent, or whoever has certain skills. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import InvalidInput
from engine.model.organisation import MAX_LEVEL, Organisation
from engine.model.work import Outcome, Requirement, WorkItem
from engine.skills.requirement import requirement_after


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """A queue ("" = its own), further skills, an agent for whom it is held."""

    queue: str = ""
    agent_id: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)  # on top of what the queue asks for

    def __post_init__(self) -> None:
        """Raise InvalidInput when nothing is named."""
        if not (self.queue or self.agent_id or self.skills):
            raise InvalidInput("Say where to: a queue, an agent or skills.", field="queue")


def requirement_of(item: WorkItem, organisation: Organisation, queue: str, skills: Mapping[str, int]) -> Requirement:
    """Return what ``item`` asks for in ``queue`` with ``skills`` on top. Raises InvalidInput naming the field."""
    if queue not in organisation.queues:
        raise InvalidInput("There is no such queue.", slug=Outcome.UNKNOWN_QUEUE.value, field="queue")
    for skill, level in skills.items():
        if skill not in organisation.skills or not 1 <= level <= MAX_LEVEL:
            raise InvalidInput(f"There is no skill {skill[:40]!r} of level {level}.", field="skills")
    after = requirement_after(item, organisation, queue)
    return Requirement(skills={**after.skills, **skills})
