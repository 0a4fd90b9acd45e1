"""The organisation, its configuration, the wallboard and alerts at the border."""

from pydantic import Field

from engine.api.schemas.model import Answer
from engine.clock import moment, rfc3339
from engine.model.case_setup import CaseStatusKind, CustomField, CustomFieldType, FieldOf, Required
from engine.model.organisation import Organisation, StatusKind
from engine.model.record import Alert, Snapshot


class Named(Answer):
    """Something configured: its key and its name; ``names`` by language where it has several."""

    key: str
    name: str
    names: dict[str, str] = Field(default_factory=dict)


class StatusAnswer(Answer):
    """A presence status to choose."""

    key: str
    name: str
    kind: StatusKind
    channels: list[str]
    names: dict[str, str] = Field(default_factory=dict)


class CaseStatusAnswer(Answer):
    """Where a case can stand, and what may come after it."""

    key: str
    name: str
    kind: CaseStatusKind
    to: list[str]
    names: dict[str, str] = Field(default_factory=dict)


class FieldAnswer(Answer):
    """A field that the organisation added; ``of`` is what has it."""

    of: FieldOf
    key: str
    name: str
    type: CustomFieldType
    required: Required
    choices: list[Named]
    least: float | None
    most: float | None
    longest: int
    names: dict[str, str] = Field(default_factory=dict)


class OrganisationAnswer(Answer):
    """The lists an agent chooses from, as configured now."""

    id: str
    name: str
    locale: str
    time_zone: str
    version: int
    queues: list[Named]
    statuses: list[StatusAnswer]
    dispositions: list[Named]
    skills: list[Named]
    decline_reasons: list[Named]
    sign_out_status: str
    case_statuses: list[CaseStatusAnswer]
    case_types: list[Named]
    fields: list[FieldAnswer]
    teams: list[Named]
    plans: list[Named]
    milestones: list[Named]
    escalations: list[Named]
    macros: list[Named]

    @classmethod
    def of(cls, one: Organisation) -> "OrganisationAnswer":
        """Build from the noun."""

        def named(key: str, name: str, *place: str) -> Named:
            return Named(key=key, name=name, names=dict(one.in_languages(*place)))

        return cls(
            id=one.id,
            name=one.name,
            locale=one.locale,
            time_zone=one.time_zone,
            version=one.version,
            queues=[named(queue.key, queue.name, "queues", queue.key, "name") for queue in one.queues.values()],
            statuses=[
                StatusAnswer(
                    key=status.key,
                    name=status.name,
                    kind=status.kind,
                    channels=sorted(status.channels),
                    names=dict(one.in_languages("statuses", status.key, "name")),
                )
                for status in one.statuses.values()
            ],
            dispositions=[named(key, name, "dispositions", key) for key, name in one.dispositions],
            skills=[named(skill.key, skill.name, "skills", skill.key, "name") for skill in one.skills.values()],
            decline_reasons=[named(key, name, "decline_reasons", key) for key, name in one.decline_reasons],
            sign_out_status=one.sign_out_status,
            case_statuses=[
                CaseStatusAnswer(
                    key=status.key,
                    name=status.name,
                    kind=status.kind,
                    to=list(status.to),
                    names=dict(one.in_languages("case_statuses", status.key, "name")),
                )
                for status in one.case_statuses.values()
            ],
            case_types=[named(kind.key, kind.name, "case_types", kind.key) for kind in one.case_types.values()],
            fields=[_field(one, of, field) for of, fields in one.fields.items() for field in fields.values()],
            teams=[named(team.key, team.name, "teams", team.key, "name") for team in one.teams.values()],
            plans=[named(plan.key, plan.name, "plans", plan.key, "name") for plan in one.plans.values()],
            milestones=[named(rule.key, rule.name, "milestones", rule.key, "name") for rule in one.milestones.values()],
            escalations=[
                named(each.key, each.name, "escalations", each.key, "name") for each in one.escalations.values()
            ],
            macros=[named(macro.key, macro.name, "macros", macro.key, "name") for macro in one.macros.values()],
        )


def _field(one: Organisation, of: FieldOf, field: CustomField) -> FieldAnswer:
    place = ("fields", of.value, field.key)
    return FieldAnswer(
        of=of,
        key=field.key,
        name=field.name,
        type=field.type,
        required=field.required,
        choices=[
            Named(key=key, name=name, names=dict(one.in_languages(*place, "choices", key)))
            for key, name in (field.choices or {}).items()
        ],
        least=field.least,
        most=field.most,
        longest=field.longest,
        names=dict(one.in_languages(*place, "name")),
    )


class VersionAnswer(Answer):
    """One numbered version of the configuration."""

    version: int
    digest: str
    name: str
    author: str
    applied_at: str

    @classmethod
    def of(cls, one: Snapshot) -> "VersionAnswer":
        """Build from the noun."""
        return cls(
            version=one.version,
            digest=one.digest,
            name=one.name,
            author=one.author,
            applied_at=rfc3339(one.applied_ms),
        )


class AlertAnswer(Answer):
    """Something that supervisors, or one user, should see."""

    id: str
    kind: str
    user_id: str
    at: str
    data: dict[str, object]
    acknowledged_at: str | None
    acknowledged_by: str

    @classmethod
    def of(cls, one: Alert) -> "AlertAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            kind=one.kind,
            user_id=one.user_id,
            at=rfc3339(one.at_ms),
            data=dict(one.data),
            acknowledged_at=moment(one.acknowledged_ms),
            acknowledged_by=one.acknowledged_by,
        )


class BoardQueueAnswer(Answer):
    """One queue on the wallboard."""

    key: str
    name: str
    waiting: int
    longest_wait_ms: int
    offered: int
    active: int
    wrapup: int
    scheduled: int
    parked: int
    mode: str
    closed: bool
    wait_low_ms: int
    wait_high_ms: int
    wait_inside: float | None
    service_level: float | None
    goal: float
    least: float
    offered_today: int
    answered_today: int
    abandoned_today: int


class BoardAgentAnswer(Answer):
    """One agent on the wallboard."""

    id: str
    name: str
    status: str
    status_name: str
    status_kind: str
    since: str | None
    connected: bool
    used: int
    units: int
    items: int


class BoardAnswer(Answer):
    """The wallboard at one moment."""

    at: str
    queues: list[BoardQueueAnswer]
    agents: list[BoardAgentAnswer]


class Limits(Answer):
    """Bounds the widget keeps."""

    message_bytes: int


class ChannelInfo(Answer):
    """A chat channel as the widget sees it."""

    name: str
    names: dict[str, str]
    greeting: str
    greetings: dict[str, str]
    topics: list[Named]
    locales: list[str]
    state: str
    form: list[str]
    text: str
    texts: dict[str, str]
    limits: Limits
