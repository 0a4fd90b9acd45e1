"""What may stand in the files: names, types, bounds, defaults. References are checked in ``compile.py``.

One model per section entry; names are those of ``engine.model.organisation``, times without ``_ms`` because they are
written as durations. Strict: "3" is no number, 1 is no text. Descriptions are published with the JSON Schema.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    WithJsonSchema,
)

from engine.config.approval_schema import Approvals
from engine.config.assignment_schema import AssignmentSection
from engine.config.automation_schema import Automation
from engine.config.case_schema import CaseStatusSection, FieldsSection
from engine.config.durations import Duration, DurationOrNone
from engine.config.email_schema import EmailSection
from engine.config.escalation_schema import EscalationSection
from engine.config.form_schema import FormSection
from engine.config.hours_schema import HoursSection
from engine.config.macro_schema import Macros
from engine.config.plan_schema import MilestoneSection, PlanSection
from engine.config.quick_text_schema import QuickTexts
from engine.config.section import Address, Key, Keyword, Language, Login, Name, OrganisationId, Points, Section, Skills
from engine.config.service_schema import EntitlementsSection, LeadsSection
from engine.config.team_schema import TeamSection
from engine.config.texts import LongText, NameText
from engine.config.visibility_schema import VisibilitySection
from engine.config.voice_schema import PhoneSection, VoiceSection
from engine.model.organisation import RANK, Overflow, OverflowTo

ChannelKind = Literal["chat", "email", "form", "voice"]


def _origin(text: str) -> str:
    if text in ("self", "*"):
        return text
    if not re.fullmatch(r"https?://[a-z0-9.\-]{1,253}(:[0-9]{1,5})?|https?://\[[0-9a-f:.]{2,45}\](:[0-9]{1,5})?", text):
        raise ValueError('write "self", "*" or scheme and host in small letters, such as "https://shop.example"')
    return text


Origin = Annotated[str, AfterValidator(_origin)]


class OrganisationSection(Section):
    """The organisation itself."""

    id: OrganisationId = Field(description="Short name, part of the chat's addresses. Never change it later.")
    name: Name = Field(description="Name that customers and agents see.")
    locale: str = Field("en", max_length=35, description="Language of the organisation, such as en or zh-CN.")
    time_zone: str = Field("UTC", max_length=64, description="IANA name of the zone that opening hours are local to.")
    region: str = Field(
        "", pattern="^([A-Z]{2})?$", description="Country of telephone numbers without one, such as GB."
    )
    missed_offers: int = Field(3, ge=1, le=100, description="After so many missed offers in a row …")
    missed_status: str = Field("", description="… an agent is put into this status; empty: stays as he is.")
    lost_agent_grace: DurationOrNone = Field(30_000, description="An agent who is gone keeps his chats this long.")
    lease: Duration = Field(20_000, description="An agent not heard from this long is gone.")
    fill_pace: DurationOrNone = Field(0, description="Who comes back gets automatic work so far apart; 0s: at once.")
    signature_limit: int = Field(5_000, ge=10, le=100_000, description="Most different requirements at once.")


class KindSection(Section):
    """How work of one kind behaves. `chat`, `email` and `voice` are there without being written down."""

    on_agent_lost: Literal["requeue", "keep"] = Field("requeue", description="Whose agent is gone: back, or kept.")
    refusable: bool = Field(default=True, description="A queue may be too full for it.")


class SkillSection(Section):
    """Something an agent can do."""

    name: NameText = Field(description="Name that agents and supervisors see.")


class RelaxationSection(Section):
    """What an item that has waited asks for less."""

    after: Duration = Field(description="Once an item has waited so long in the queue.")
    lower: Skills = Field(default_factory=dict, description="Skill to levels less; below 1 it is dropped.")
    drop: list[str] = Field(default_factory=list, max_length=20, description="Skills no longer asked for.")
    widen: list[str] = Field(default_factory=list, max_length=20, description="Queues whose agents may take it too.")


ACTIONS = tuple(action.value for action in Overflow)


def _overflow(written: object) -> OverflowTo:
    if isinstance(written, str) and written in ACTIONS:
        return OverflowTo(do=Overflow(written))
    if isinstance(written, dict) and set(written) == {"to"} and isinstance(written["to"], str):
        return OverflowTo(to=written["to"])
    raise ValueError(f"write {{ to: queue }}, or one of {', '.join(ACTIONS)}")


Elsewhere = Annotated[
    OverflowTo,
    PlainValidator(_overflow),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(ACTIONS)},
                {
                    "type": "object",
                    "properties": {"to": {"type": "string", "description": "Another queue."}},
                    "required": ["to"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class OverflowSection(Section):
    """What becomes of work that a queue does not take in."""

    full: Elsewhere | None = Field(None, description="As many wait as limit_items allows; else refuse.")
    wait: Elsewhere | None = Field(None, description="The wait would be longer than limit_wait; else refuse.")
    closed: Elsewhere | None = Field(None, description="Out of hours, or closed by hand; else the channel's form.")
    unstaffed: Elsewhere | None = Field(None, description="Nobody who qualifies is signed in; else the channel's form.")


class OverflowTextsSection(Section):
    """What a customer is told whom a queue does not take in; empty: what the widget says by itself."""

    full: LongText = Field("", description="When as many wait as limit_items allows.")
    wait: LongText = Field("", description="When the wait would be longer than limit_wait.")
    closed: LongText = Field("", description="Out of hours, or closed by hand.")
    unstaffed: LongText = Field("", description="When nobody who qualifies is signed in.")


class ServiceLevelSection(Section):
    """The goal that the wallboard compares with."""

    percent: int = Field(ge=1, le=100, description="So many percent …")
    within: DurationOrNone = Field(0, description="… answered within this time; 0s: the queue's target.")
    amber: int = Field(20, ge=0, le=100, description="The wallboard is amber so many points below, red beneath.")


class QueueSection(Section):
    """Where work of a kind waits."""

    name: NameText = Field(description="Name that agents and supervisors see.")
    priority: Points = Field(0, description="Points added to each item of this queue.")
    priority_step: Duration = Field(60_000, description="One point of priority counts like this much waiting.")
    target: DurationOrNone = Field(0, description="Service level: answer within this time.")
    offer_timeout: Duration = Field(20_000, description="An agent has this long to accept an offer.")
    wrapup: DurationOrNone = Field(30_000, description="Longest wrap-up after a conversation; 0s: none.")
    decline_memory: DurationOrNone = Field(30_000, description="Who declined or missed is passed over this long.")
    escalate_after: DurationOrNone = Field(0, description="Unanswered this long: raise and alert; 0s: never.")
    escalate_priority: int = Field(5, ge=0, le=1_000, description="Points that an escalation adds.")
    skills: Skills = Field(default_factory=dict, description="Required of every item here: skill to least level.")
    hours: str = Field("", description="Opening hours, a name from the section hours; empty: always open.")
    order: Literal["longest_idle", "least_loaded", "most_skilled", "fewest_handled"] = Field(
        "longest_idle", description="Which agent is asked first."
    )
    ranking: Literal["priority_as_seconds", "priority_then_age", "due"] = Field(
        "priority_as_seconds", description="Which item goes first."
    )
    accept: Literal["manual", "automatic"] = Field("manual", description="Automatic: an offer is accepted at once.")
    offer_to: int = Field(1, ge=1, le=10, description="Agents who are offered an item at once; the first has it.")
    relaxation: list[RelaxationSection] = Field(
        default_factory=list, max_length=10, description="What who has waited asks for less."
    )
    preferred_skills_wait: DurationOrNone = Field(
        30_000, description="Preferred skills are asked for so long, by age in the queue; 0s: only at first."
    )
    preferred_wait: DurationOrNone = Field(30_000, description="Held so long for a preferred agent; 0s: not.")
    required_wait: DurationOrNone = Field(86_400_000, description="Held so long for a required agent; 0s: for ever.")
    limit_items: int = Field(0, ge=0, le=1_000_000, description="Most items that may wait; 0: no bound.")
    limit_wait: DurationOrNone = Field(0, description="Longest wait that may be expected; 0s: no bound.")
    overflow: OverflowSection = Field(
        default_factory=OverflowSection, description="What becomes of work that is not taken in."
    )
    overflow_texts: OverflowTextsSection = Field(
        default_factory=OverflowTextsSection, description="What customers are told who are not taken in."
    )
    hold_room_after: DurationOrNone = Field(
        0, description="Lighter work may pass an item until it has waited this long; 0s: always."
    )
    wrapup_mode: Literal["timed", "manual", "none"] = Field("timed", description="Manual: only the agent ends it.")
    wrapup_extend: Duration = Field(30_000, description="An extension of the wrap-up adds so much …")
    wrapup_extensions: int = Field(0, ge=0, le=100, description="… at most so many times.")
    service_level: ServiceLevelSection | None = Field(None, description="Goal that the wallboard compares with.")
    plan: str = Field("", description="Plan that its cases are promised, unless an entitlement promises another.")


class StatusSection(Section):
    """A presence status that agents can choose."""

    name: NameText = Field(description="Name that agents and supervisors see.")
    kind: Literal["available", "break", "offline"] = Field(description="What it means for statistics.")
    channels: list[Key] = Field(default_factory=list, max_length=100, description="Kinds of work taken in it.")


class CapacitySection(Section):
    """How work of one kind uses an agent's units."""

    weight: int = Field(1, ge=1, le=1_000, description="Units that one piece of work holds.")
    maximum: int = Field(0, ge=0, le=1_000, description="Most at once of this kind; 0: as units allow.")
    exclusive: bool = Field(default=False, description="While held, nothing else is offered.")
    interruptible_by: list[Key] = Field(default_factory=list, max_length=100, description="Kinds that may come on top.")
    needs_empty: bool = Field(default=False, description="Only offered to who holds nothing that it may not interrupt.")
    parked_weight: int = Field(0, ge=0, le=1_000, description="Units that one piece of parked work holds.")
    parked_maximum: int = Field(0, ge=0, le=10_000, description="Most parked at once; 0: no bound.")


class ProfileSection(Section):
    """How much work an agent can hold."""

    units: int = Field(ge=1, le=1_000, description="Units in all.")
    channels: dict[Key, CapacitySection] = Field(
        min_length=1, max_length=100, description="Per kind of work; others: none."
    )


class LimitsSection(Section):
    """Bounds against abuse of a chat."""

    message_bytes: int = Field(4_096, ge=64, le=65_536, description="Longest message, bytes of UTF-8.")
    frame_bytes: int = Field(16_384, ge=1_024, le=1_048_576, description="Longest frame.")
    visitor_rate: float = Field(2.0, gt=0, le=1_000, description="Messages per second and visitor …")
    visitor_burst: int = Field(10, ge=1, le=10_000, description="… after this many at once.")
    address_rate: float = Field(20.0, gt=0, le=100_000, description="Frames per second and network address …")
    address_burst: int = Field(200, ge=1, le=1_000_000, description="… after this many at once.")
    sockets_per_address: int = Field(50, ge=1, le=100_000, description="Most connections per network address.")


class ChannelSection(Section):
    """One way in."""

    kind: ChannelKind = Field(description="Kind of channel.")
    name: NameText = Field(description="Name that customers see.")
    queue: str = Field(description="Where work goes when no rule names a queue.")
    allowed_origins: list[Origin] = Field(
        default_factory=lambda: ["self"],
        max_length=100,
        description="Sites that may hold widget or form; self: the engine's own pages; *: any.",
    )
    topics: dict[Key, NameText] = Field(default_factory=dict, max_length=50, description="What it may be about.")
    case_policy: Literal["first_message", "end", "manual"] = Field("first_message", description="When a case opens.")
    greeting: LongText = Field("", description="First words that the visitor sees.")
    visitor_grace: DurationOrNone = Field(60_000, description="A visitor who is gone may come back within.")
    idle_warning: Duration = Field(300_000, description="No word from the visitor this long: warn …")
    idle_close: Duration = Field(120_000, description="… and this long after the warning: close.")
    limits: LimitsSection = Field(default_factory=LimitsSection, description="Bounds against abuse of a chat.")
    form: FormSection | None = Field(None, description="The form, in channels of kind form.")
    email: EmailSection | None = Field(None, description="Addresses and mailboxes, in channels of kind email.")
    voice: VoiceSection | None = Field(None, description="Telephone systems, in channels of kind voice.")


class WhenSection(Section):
    """Conditions of a rule; all that are given must hold, of each list any."""

    channels: list[str] = Field(default_factory=list, max_length=100, description="Names of channels.")
    topics: list[str] = Field(default_factory=list, max_length=100, description="Names of topics.")
    languages: list[Language] = Field(default_factory=list, max_length=100, description="Language codes: en, zh.")
    keywords: list[Keyword] = Field(default_factory=list, max_length=100, description="In topic or first message.")


class ThenSection(Section):
    """What a rule decides."""

    queue: str = Field("", description="Queue; empty: as a later rule or the channel says.")
    skills: Skills = Field(default_factory=dict, description="Skills required besides: skill to least level.")
    preferred_skills: Skills = Field(
        default_factory=dict, description="Skills asked for at first only: skill to least level."
    )
    priority: Points = Field(0, description="Points added.")


class RuleSection(Section):
    """One classification rule."""

    name: Name = Field(description="Name, for explanations.")
    when: WhenSection = Field(default_factory=WhenSection, description="Conditions.")
    then: ThenSection = Field(description="Decision.")
    final: bool = Field(default=True, description="When it matches, no later rule is asked.")


def _membership(written: object) -> object:
    return {"queue": written} if isinstance(written, str) else written


class MembershipSection(Section):
    """One queue of an agent, with his own rank of it."""

    queue: str = Field(description="Name of the queue.")
    rank: int = Field(RANK, ge=1, le=100, description="His own order of his queues, lower first.")


Membership = Annotated[
    MembershipSection,
    BeforeValidator(_membership),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "queue": {"type": "string", "description": "Name of the queue."},
                        "rank": {"type": "integer", "minimum": 1, "maximum": 100, "default": RANK},
                    },
                    "required": ["queue"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class AgentSection(Section):
    """Somebody who can sign in. The password is set with `cordboard user set-password`."""

    name: Name = Field(description="Name that customers and colleagues see.")
    role: Literal["agent", "supervisor", "admin"] = Field("agent", description="What he may do.")
    profile: str = Field("", description="Capacity profile; needed to take work.")
    skills: Skills = Field(default_factory=dict, description="Skill to level, 1 to 10.")
    queues: list[Membership] = Field(default_factory=list, max_length=100, description="His queues, home queue first.")
    email: Address = Field("", description="Where he is told of things; empty: his log-in, if that is an address.")
    phone: PhoneSection | None = Field(None, description="His telephones, for calls.")


class Configuration(Section):
    """All sections. Each stands in one file; which file is up to you."""

    organisation: OrganisationSection = Field(description="The organisation itself.")
    skills: dict[Key, SkillSection] = Field(default_factory=dict, max_length=1_000, description="What agents can do.")
    kinds: dict[Key, KindSection] = Field(default_factory=dict, max_length=100, description="Kinds of work.")
    hours: dict[Key, HoursSection] = Field(default_factory=dict, max_length=1_000, description="Opening hours.")
    milestones: dict[Key, MilestoneSection] = Field(
        default_factory=dict, max_length=100, description="Steps that plans may promise."
    )
    teams: dict[Key, TeamSection] = Field(default_factory=dict, max_length=1_000, description="Who works together.")
    assignment: list[AssignmentSection] = Field(
        default_factory=list, max_length=1_000, description="Queue, skills and owner of new cases; the first that fits."
    )
    escalations: dict[Key, EscalationSection] = Field(
        default_factory=dict, max_length=1_000, description="What happens to a case that runs late, and the like."
    )
    plans: dict[Key, PlanSection] = Field(default_factory=dict, max_length=1_000, description="What is promised.")
    queues: dict[Key, QueueSection] = Field(min_length=1, max_length=1_000, description="Where work waits.")
    statuses: dict[Key, StatusSection] = Field(min_length=1, max_length=100, description="Presence of agents.")
    profiles: dict[Key, ProfileSection] = Field(default_factory=dict, max_length=1_000, description="Capacity.")
    channels: dict[Key, ChannelSection] = Field(default_factory=dict, max_length=1_000, description="Ways in.")
    rules: list[RuleSection] = Field(default_factory=list, max_length=1_000, description="Classification, in order.")
    dispositions: dict[Key, NameText] = Field(default_factory=dict, max_length=200, description="Outcomes of work.")
    decline_reasons: dict[Key, NameText] = Field(
        default_factory=dict, max_length=50, description="Why offers are declined."
    )
    agents: dict[Login, AgentSection] = Field(default_factory=dict, max_length=20_000, description="Users.")
    case_statuses: dict[Key, CaseStatusSection] = Field(
        default_factory=dict,
        max_length=100,
        description="Statuses of cases; none: new, open, waiting, resolved, closed.",
    )
    case_types: dict[Key, NameText] = Field(default_factory=dict, max_length=200, description="What cases are about.")
    fields: FieldsSection = Field(default_factory=FieldsSection, description="Fields that you add.")
    quick_texts: QuickTexts = Field(default_factory=dict, description="What is said again and again.")
    macros: Macros = Field(default_factory=dict, description="What is done to cases again and again.")
    automation: Automation = Field(default_factory=list, description="What is done by itself on occasions, in order.")
    approvals: Approvals = Field(default_factory=dict, description="What needs somebody's yes, and whose.")
    visibility: VisibilitySection = Field(default_factory=VisibilitySection, description="What agents see.")
    leads: LeadsSection = Field(default_factory=LeadsSection, description="Opportunities handed to sales.")
    entitlements: EntitlementsSection = Field(default_factory=EntitlementsSection, description="Rights to service.")
