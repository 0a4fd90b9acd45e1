"""What a work item requires in another queue. Pure."""

from __future__ import annotations

from engine.model.organisation import Organisation
from engine.model.work import Requirement, WorkItem


def requirement_after(item: WorkItem, organisation: Organisation, queue: str) -> Requirement:
    """Return what ``item`` requires in ``queue``: its own skills, without the old queue's, with the new one's.

    A language that classification asked for stays; what only the old queue asked for goes.
    """
    left = organisation.queues.get(item.queue)
    old = left.skills if left else {}
    own = {skill: level for skill, level in item.requirement.skills.items() if old.get(skill) != level}
    new = organisation.queues[queue].skills
    return Requirement(skills={key: max(own.get(key, 0), new.get(key, 0)) for key in (*own, *new)})
