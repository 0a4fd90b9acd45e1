"""Work that another system hands in, checked against the configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from engine.errors import InvalidInput
from engine.model.organisation import MAX_LEVEL, Organisation
from engine.model.work import MAX_ATTRIBUTES_BYTES, Plan, Requirement, WorkItem
from engine.skills.infer import infer_work
from engine.skills.qualify import merge

MOST_SKILLS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A work item as another system asks for it."""

    kind: str
    queue: str = ""  # "" = as the classification rules say
    channel: str = ""  # for the rules …
    topic: str = ""
    language: str = ""
    text: str = ""  # … none of which is kept
    skills: Mapping[str, int] = field(default_factory=dict)
    preferred: Mapping[str, int] = field(default_factory=dict)
    preferred_agent: str = ""
    preferred_required: bool = False
    weight: int = 0
    priority: int = 0
    due_ms: int = 0
    not_before_ms: int = 0
    attributes: Mapping[str, object] = field(default_factory=dict)
    reference: str = ""
    case_id: str = ""
    contact_id: str = ""
    parent_id: str = ""


def planned(organisation: Organisation, wanted: Wanted) -> Plan:
    """Return queue, requirement and priority of what is wanted. Raises InvalidInput naming the field."""
    kinds = {kind for profile in organisation.profiles.values() for kind in profile.channels}
    if wanted.kind not in kinds:
        raise InvalidInput(
            "No capacity profile takes this kind of work.",
            slug="unknown-kind",
            field="kind",
            mend=f"There are: {', '.join(sorted(kinds))}.",
        )
    if wanted.queue and wanted.queue not in organisation.queues:
        raise InvalidInput("There is no such queue.", slug="unknown-queue", field="queue")
    if wanted.channel and wanted.channel not in organisation.channels:
        raise InvalidInput("There is no such channel.", field="channel")
    check_skills(organisation, wanted.skills, "skills")
    check_skills(organisation, wanted.preferred, "preferred_skills")
    _check_rest(wanted)
    plan = infer_work(
        organisation,
        queue=wanted.queue,
        channel=wanted.channel,
        topic=wanted.topic,
        locale=wanted.language,
        text=wanted.text,
    )
    if plan is None:
        raise InvalidInput("No rule names a queue for this.", field="queue", mend="Name one, or add a rule.")
    skills = merge(plan.requirement.skills, wanted.skills)
    return Plan(
        queue=plan.queue,
        requirement=Requirement(skills=skills),
        preferred=merge(plan.preferred, wanted.preferred),
        priority=plan.priority + wanted.priority,
        rules=plan.rules,
    )


def check_skills(organisation: Organisation, skills: Mapping[str, int], name: str) -> None:
    """Raise InvalidInput naming the field ``name`` unless all skills are configured and their levels possible."""
    if len(skills) > MOST_SKILLS:
        raise InvalidInput(f"At most {MOST_SKILLS} skills.", field=name)
    for skill, level in skills.items():
        if skill not in organisation.skills:
            raise InvalidInput(f"There is no skill {skill[:40]!r}.", field=name)
        if not 1 <= level <= MAX_LEVEL:
            raise InvalidInput(f"The level of {skill} is from 1 to {MAX_LEVEL}.", field=name)


def _check_rest(wanted: Wanted) -> None:
    if wanted.preferred_required and not wanted.preferred_agent:
        raise InvalidInput("Say which agent is required.", field="preferred_agent")
    try:
        written = len(msgspec.json.encode(wanted.attributes))
    except (ValueError, TypeError, RecursionError, OverflowError):
        raise InvalidInput("The attributes cannot be written as JSON.", field="attributes") from None
    if written > MAX_ATTRIBUTES_BYTES:
        raise InvalidInput(
            f"The attributes have at most {MAX_ATTRIBUTES_BYTES} bytes as JSON.", slug="too-large", field="attributes"
        )


def item_from(wanted: Wanted, plan: Plan, *, org_id: str, item_id: str, now_ms: int) -> WorkItem:
    """Return the work item that is wanted, pending."""
    return WorkItem(
        id=item_id,
        org_id=org_id,
        kind=wanted.kind,
        queue=plan.queue,
        requirement=plan.requirement,
        weight=wanted.weight,
        preferred=plan.preferred,
        preferred_agent=wanted.preferred_agent,
        preferred_required=wanted.preferred_required,
        priority=plan.priority,
        case_id=wanted.case_id,
        created_ms=now_ms,
        due_ms=wanted.due_ms,
        not_before_ms=wanted.not_before_ms if wanted.not_before_ms > now_ms else 0,
        parent_id=wanted.parent_id,
        attributes=dict(wanted.attributes),
        reference=wanted.reference,
        contact_id=wanted.contact_id,
    )
