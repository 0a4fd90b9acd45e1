"""Escalation in the files: rule sets, each with a trigger and a ladder of steps."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from engine.config.condition_schema import ConditionText
from engine.config.durations import Duration, DurationOrNone
from engine.config.section import Key, Keyword, Points, Section, Skills
from engine.config.texts import NameText

Who = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)]
Recipients = Annotated[list[Who], Field(min_length=1, max_length=50)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
EventName = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_.-]{0,79}$")]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Plain = str | int | float | bool | None
Changes = Annotated[dict[str, object], Field(max_length=20)]


def _one_of(section: Section, what: str) -> None:
    given = [name for name in type(section).model_fields if getattr(section, name) is not None]
    if len(given) != 1:
        names = ", ".join(type(section).model_fields)
        raise ValueError(f"write exactly one {what}, of: {names}")


class MilestoneTriggerSection(Section):
    """So long before or after a milestone is due, in the milestone's own business time."""

    key: str = Field(max_length=40, description="Name of the milestone.")
    before: DurationOrNone = Field(0, description="So long before it is due; 0s with after 0s: when it is due.")
    after: DurationOrNone = Field(0, description="So long after it was due, still not met.")


class AgeTriggerSection(Section):
    """So long after the case was opened, somebody did something about it, or the customer wrote."""

    since: Literal["opened", "updated", "message"] = Field("opened", description="What the age counts from.")
    after: Duration = Field(description="The age.")


class KeywordTriggerSection(Section):
    """Somebody wrote one of some words or phrases."""

    has: list[Keyword] = Field(min_length=1, max_length=100, description="Words or phrases, any of them.")
    by: Literal["customer", "anyone"] = Field("customer", description="Whose messages are looked at.")


class CountTriggerSection(Section):
    """Something happened so often."""

    at_least: int = Field(ge=1, le=1_000, description="So often, and each further time.")


class RatingTriggerSection(Section):
    """The customer was not content."""

    at_most: int = Field(ge=1, le=5, description="The rating given, or a worse one; 1 is the worst.")


class RepeatedTriggerSection(Section):
    """The contact comes again and again, about whatever."""

    at_least: int = Field(ge=2, le=100, description="So many conversations …")
    within: Duration = Field(description="… within this time, at most 30 days.")


class EventTriggerSection(Section):
    """Another system told of something."""

    name: EventName = Field(description="Name of the event.")


class TriggerSection(Section):
    """What begins the ladder: exactly one."""

    milestone: MilestoneTriggerSection | None = Field(None, description="Before or after a milestone is due.")
    age: AgeTriggerSection | None = Field(None, description="An age of the case, around the clock or in hours.")
    keyword: KeywordTriggerSection | None = Field(None, description="A word in a message.")
    tier: list[Keyword] | None = Field(None, min_length=1, max_length=50, description="Contact's or account's tier.")
    reopened: CountTriggerSection | None = Field(None, description="Reopened so often.")
    rating: RatingTriggerSection | None = Field(None, description="A bad rating.")
    repeated: RepeatedTriggerSection | None = Field(None, description="The contact came so often.")
    event: EventTriggerSection | None = Field(None, description="An event told by another system.")
    action: Literal[True] | None = Field(None, description="Only an automation rule or a macro begins it.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _one_of(self, "trigger")
        return self


class NotifySection(Section):
    """Tell somebody, in one or several ways."""

    console: Recipients | None = Field(None, description="Whose console shows an alert.")
    email: Recipients | None = Field(None, description="Who gets a mail.")
    webhook: str | None = Field(None, max_length=80, description="Name of the webhook that gets a signed message.")
    text: Prose = Field("{case.subject}", description="What is said, with merge fields.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.console is None and self.email is None and self.webhook is None:
            raise ValueError("write who is told: console, email or webhook")
        return self


class HandOverSection(Section):
    """Whom the case is given to: exactly one."""

    to: Who | None = Field(None, description="contact_owner, account_owner, team_lead or a log-in.")
    queue: str | None = Field(None, max_length=40, description="A queue: nobody owns the case, and it waits there.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _one_of(self, "destination")
        return self


class ChildSection(Section):
    """A case that is opened under this one. A case that is a part itself opens none."""

    subject: Line = Field(description="Its subject, with merge fields.")
    description: Prose | None = Field(None, description="Its description, with merge fields.")
    queue: str = Field("", max_length=40, description="Its queue; empty: none.")
    type: str = Field("", max_length=40, description="Its type; empty: none.")
    priority: Points | None = Field(None, description="Its priority; left out: the parent's.")


class AskApprovalSection(Section):
    """An approval that a rule or a macro asks for."""

    process: str = Field(max_length=40, description="Name of the process.")
    changes: Changes = Field(
        default_factory=dict, description="Made once approved: status, priority, queue, type, team, plan, fields."
    )
    reason: Prose | None = Field(None, description="Why, with merge fields; left out: what asks.")


class ActionSection(Section):
    """One thing that a step does: exactly one."""

    raise_priority: Points | None = Field(None, description="Points added, to the waiting work item at once.")
    set_priority: Points | None = Field(None, description="The priority from now on.")
    move: str | None = Field(None, max_length=40, description="Another queue.")
    require: Skills | None = Field(None, min_length=1, description="Skills asked for besides: skill to least level.")
    assign: HandOverSection | None = Field(None, description="Who has it from now on.")
    notify: NotifySection | None = Field(None, description="Who is told.")
    add_follower: Who | None = Field(None, description="owner, contact_owner, account_owner, team_lead or a log-in.")
    set: dict[Key, Plain] | None = Field(None, min_length=1, max_length=20, description="Custom field to value.")
    set_status: str | None = Field(None, max_length=40, description="Another status.")
    open_child: ChildSection | None = Field(None, description="A case opened under this one.")
    comment: Prose | None = Field(None, description="An internal comment, with merge fields.")
    add_tags: list[Tag] | None = Field(None, min_length=1, max_length=20, description="Tags that it has from then on.")
    remove_tags: list[Tag] | None = Field(None, min_length=1, max_length=20, description="Tags taken off.")
    set_type: str | None = Field(None, max_length=40, description="Another type.")
    set_team: str | None = Field(None, max_length=40, description="Another team.")
    ask_approval: AskApprovalSection | None = Field(None, description="Somebody is asked for his yes.")
    escalate: str | None = Field(None, max_length=40, description="The rule set whose ladder begins; not in a ladder.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _one_of(self, "action")
        return self


class EscalationStepSection(Section):
    """A step of the ladder."""

    after: DurationOrNone = Field(0, description="So long after the trigger.")
    name: Key | None = Field(None, description="Name in the timeline; left out: its number.")
    actions: list[ActionSection] = Field(min_length=1, max_length=20, description="What is done, in this order.")


UntilWord = Literal["resolved", "met", "replied", "accepted", "owned", "condition"]


class EscalationSection(Section):
    """A rule set."""

    name: NameText = Field(description="Name that agents and supervisors see.")
    when: ConditionText = Field(default_factory=dict, description="Which cases it counts for; {}: all.")
    trigger: TriggerSection = Field(description="What begins the ladder.")
    steps: list[EscalationStepSection] = Field(min_length=1, max_length=20, description="The ladder, in order.")
    until: list[UntilWord] = Field(default=["resolved", "met"], max_length=6, description="What stops the ladder.")
    hours: str = Field("", max_length=40, description="Hours that its times count in; empty: around the clock.")
    times: int = Field(0, ge=0, le=1_000, description="So often for one case at most; 0: without bound.")
