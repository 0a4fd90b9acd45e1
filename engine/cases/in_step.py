"""What is missing for a case's work to be in step with the case. Pure.

The rules, in order:
1. Of several items that are work on the same case one stays: who has the one that the case names keeps it, a
   conversation goes before an item that waits. The others are absorbed.
2. The work on a case that is over, or was merged into another, ends; that on a case which is not routed any more, as
   far as nobody has it. A mail that comes after that is work of its own.
3. While the case waits on its customer, what an agent has is parked; what nobody has is closed, and made anew when
   the customer writes.
4. A person's decision who owns the case goes before the router's: what waits is given to the owner, and what another
   agent has is handed on to him.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.model.case_setup import OVER, CaseStatusKind, kind_of
from engine.model.case_work import CASE_KIND, WAITING, CaseStanding
from engine.model.organisation import Organisation
from engine.model.work import Requirement, WorkItem, WorkState
from engine.skills.qualify import merge
from engine.skills.requirement import requirement_after

SUBJECT_SHOWN = 200


class Do(StrEnum):
    """What is done with an item."""

    CONCLUDE = "conclude"
    PARK = "park"
    RESUME = "resume"
    PICK = "pick"  # given to ``agent_id`` at once, beyond his room if need be
    HAND_ON = "hand_on"  # taken from its agent: held for ``agent_id``, or for whoever is next


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One thing to do with one item."""

    do: Do
    item: WorkItem
    agent_id: str = ""


def missing(standing: CaseStanding, organisation: Organisation, effect: Mapping[str, object]) -> Iterator[Command]:
    """Yield what is to be done, the first first; ``effect`` is the data of the effect that asks (see ``routing``)."""
    kind = _kind(standing, organisation)
    kept = _kept(standing)
    for item in standing.own:
        if item is not kept:
            yield Command(do=Do.CONCLUDE, item=item)
    if kept is None:
        return
    late = kind in OVER and _came_after(kept, standing)
    unrouted = not standing.case.routed and kept.kind == CASE_KIND and kept.state is not WorkState.ACTIVE
    if (kind in OVER and not late) or standing.case.merged_into or unrouted:
        yield Command(do=Do.CONCLUDE, item=kept)
    elif kind is CaseStatusKind.WAITING:
        yield from _set_aside(kept, standing.case.owner_id)
    else:
        yield from _go_on(kept, standing, effect)


def _kind(standing: CaseStanding, organisation: Organisation) -> CaseStatusKind:
    return kind_of(organisation.case_statuses, standing.case.status)


def _kept(standing: CaseStanding) -> WorkItem | None:
    """Return the item that is the case's own work; None when there is none, or a conversation stands for it."""
    named_first = sorted(standing.own, key=lambda item: item.id != standing.case.item_id)
    held = [item for item in named_first if item.state is WorkState.ACTIVE]
    if held:
        return held[0]
    return None if standing.talks else next(iter(named_first), None)


def _came_after(item: WorkItem, standing: CaseStanding) -> bool:
    """Say whether it is a mail that came when the case was over: somebody has to read it all the same."""
    return item.kind != CASE_KIND and item.created_ms > standing.case.closed_ms


def _set_aside(item: WorkItem, owner_id: str) -> Iterator[Command]:
    if item.state is WorkState.ACTIVE:
        yield Command(do=Do.PARK, item=item)
    elif item.state in WAITING or item.agent_id != owner_id:  # who had it is not whom it is to return to
        yield Command(do=Do.CONCLUDE, item=item)


def _go_on(item: WorkItem, standing: CaseStanding, effect: Mapping[str, object]) -> Iterator[Command]:
    owner_id = standing.case.owner_id
    given = effect.get("give") is True and effect.get("to") == owner_id  # else somebody decided otherwise since
    if given and item.state is WorkState.ACTIVE and item.agent_id != owner_id:
        yield Command(do=Do.HAND_ON, item=item, agent_id=owner_id)
    elif given and owner_id and item.state in WAITING:
        yield Command(do=Do.PICK, item=item, agent_id=owner_id)
    elif given and item.state is WorkState.PARKED and item.agent_id != owner_id:
        yield Command(do=Do.CONCLUDE, item=item)
    elif item.state is WorkState.PARKED and effect.get("resume") is True:
        yield Command(do=Do.RESUME, item=item)


def item_for(standing: CaseStanding, organisation: Organisation, *, item_id: str, now_ms: int) -> WorkItem | None:
    """Return the work item that a case waits by, None while it needs none. It is held for the owner at first."""
    case, queue = standing.case, organisation.queues.get(standing.case.queue)
    kind = _kind(standing, organisation)
    if not case.routed or case.merged_into or kind in OVER or kind is CaseStatusKind.WAITING or queue is None:
        return None
    return WorkItem(
        id=item_id,
        org_id=case.org_id,
        kind=CASE_KIND,
        queue=queue.key,
        requirement=Requirement(skills=merge(queue.skills, case.skills)),
        preferred_agent=case.owner_id,
        priority=case.priority,
        case_id=case.id,
        contact_id=case.contact_id,
        created_ms=now_ms,
        due_ms=standing.due_ms,
        attributes={"number": case.number, "subject": case.subject[:SUBJECT_SHOWN], "customer": standing.customer},
    )


def waiting_changes(
    standing: CaseStanding, organisation: Organisation, fields: frozenset[str]
) -> Iterator[tuple[WorkItem, Mapping[str, object]]]:
    """Yield what each item of the case that waits is to ask for, of the named fields: priority, queue, skills, due."""
    case = standing.case
    if _kind(standing, organisation) in OVER:
        return
    for item in standing.items:
        changes: dict[str, object] = {}
        if "priority" in fields and item.priority != case.priority:
            changes["priority"] = case.priority
        if "due" in fields and item.due_ms != standing.due_ms:
            changes["due"] = standing.due_ms
        if item.state in WAITING and fields & {"queue", "skills"}:
            changes |= _place(item, standing, organisation)
        if changes:
            yield item, changes


def _place(item: WorkItem, standing: CaseStanding, organisation: Organisation) -> Mapping[str, object]:
    """Return queue and skills as far as they differ; what classification asked for stays."""
    case = standing.case
    queue = case.queue if case.queue in organisation.queues else item.queue
    wanted = merge(requirement_after(item, organisation, queue).skills, case.skills)
    changes: dict[str, object] = {} if queue == item.queue else {"queue": queue}
    if wanted != dict(item.requirement.skills):
        changes["skills"] = wanted
    return changes
