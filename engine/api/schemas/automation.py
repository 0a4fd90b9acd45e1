"""Automation rules at the border, and trying them."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from engine.api.schemas.cases import Fields, Tags
from engine.api.schemas.model import Answer, Request
from engine.cases.automation import Hold, Outcome, Turn
from engine.cases.rulebook import RuleState
from engine.cases.trying import Imagined, MadeUp, Tried
from engine.clock import moment
from engine.model.automation import By, Enabled, FiringCount, OccasionKind, On, Once
from engine.model.casework import Firing

MOST_RULES = 500


class OnAnswer(Answer):
    """What a rule listens to."""

    occasion: OccasionKind
    names: list[str] = Field(description="Of fields, milestones, rule sets, events; empty: any.")
    by: By = Field(description="Of changes: whose doing.")

    @classmethod
    def of(cls, one: On) -> "OnAnswer":
        """Build from the noun."""
        return cls(occasion=one.kind, names=sorted(one.names), by=one.by)


class CountAnswer(Answer):
    """How often something happened, all cases together."""

    today: int = Field(description="Since midnight in the organisation's time zone.")
    week: int = Field(description="Within seven days.")
    last_at: str | None = Field(description="Within seven days; null: not.")

    @classmethod
    def of(cls, one: FiringCount) -> "CountAnswer":
        """Build from the noun."""
        return cls(today=one.today, week=one.week, last_at=moment(one.last_ms))


class FaultAnswer(Answer):
    """A firing of which an action was passed over."""

    case_id: str
    at: str | None
    faults: list[str]

    @classmethod
    def of(cls, one: Firing) -> "FaultAnswer":
        """Build from the noun."""
        faults = one.why.get("faults")
        said = [str(fault) for fault in faults] if isinstance(faults, list) else []
        return cls(case_id=one.case_id, at=moment(one.at_ms), faults=said)


class RuleAnswer(Answer):
    """An automation rule, and what it did within seven days."""

    key: str
    name: str
    on: list[OnAnswer]
    enabled: Enabled
    once: Once
    stop: bool
    most_per_hour: int
    fired: CountAnswer
    would_fire: CountAnswer = Field(description="In dry run.")
    held: CountAnswer = Field(description="Held back: at odds with others, or too often.")
    last_fault: FaultAnswer | None

    @classmethod
    def of(cls, one: RuleState, *, name: str) -> "RuleAnswer":
        """Build from the noun."""
        rule = one.rule
        return cls(
            key=rule.key,
            name=name,
            on=[OnAnswer.of(on) for on in rule.on],
            enabled=rule.enabled,
            once=rule.once,
            stop=rule.stop,
            most_per_hour=rule.most_per_hour,
            fired=CountAnswer.of(one.fired),
            would_fire=CountAnswer.of(one.would_fire),
            held=CountAnswer.of(one.held),
            last_fault=None if one.fault is None else FaultAnswer.of(one.fault),
        )


class TriedCase(Request):
    """A case that there is not; what is left out it has not."""

    subject: str = Field(default="A case", min_length=1, max_length=200)
    description: str = Field(default="", max_length=20_000)
    status: str = Field(default="", max_length=40, description="Before it happens; empty: the first one.")
    priority: int = Field(default=0, ge=-1_000, le=1_000)
    type: str = Field(default="", max_length=40)
    queue: str = Field(default="", max_length=40)
    team: str = Field(default="", max_length=40)
    topic: str = Field(default="", max_length=80)
    owner_id: str = Field(default="", max_length=80)
    origin: str = Field(default="", max_length=40)
    fields: Fields = Field(default_factory=dict)
    tags: Tags = Field(default_factory=list)
    tier: str = Field(default="", max_length=80, description="Of its contact.")
    language: str = Field(default="", max_length=35, description="Of its contact.")

    def noun(self) -> MadeUp:
        """Return the noun."""
        own = self.model_dump(exclude={"status", "origin", "tier", "language"})
        return MadeUp(fields=own, status=self.status, origin=self.origin, tier=self.tier, language=self.language)


class RuleTrial(Request):
    """What might happen to which case, and by which rules."""

    occasion: OccasionKind
    name: str = Field(default="", max_length=80, description="Of the event, milestone or rule set.")
    text: str = Field(default="", max_length=2_000, description="Of the message or reply.")
    changes: dict[str, object] = Field(
        default_factory=dict, max_length=50, description="That a person makes, as of PATCH /cases/{case_id}."
    )
    rating: int = Field(default=0, ge=0, le=5)
    case_id: str = Field(default="", max_length=40)
    case: TriedCase | None = Field(default=None, description="A case made up, instead of case_id.")
    rules: list[dict[str, object]] | None = Field(
        default=None, max_length=MOST_RULES, description="Rules as in the files, instead of those in force."
    )
    yaml: str | None = Field(default=None, description="The same as the text of a file: `automation: …`.")

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if bool(self.case_id) == (self.case is not None):
            raise ValueError("say which case: either case_id or case")
        if self.rules is not None and self.yaml is not None:
            raise ValueError("say which rules: rules or yaml, or neither")
        return self

    def imagined(self) -> Imagined:
        """Return what happens."""
        return Imagined(
            kind=self.occasion, name=self.name, text=self.text, changes=dict(self.changes), rating=self.rating
        )

    def of_case(self) -> str | MadeUp:
        """Return the case's id, or the case that is made up."""
        return self.case_id if self.case is None else self.case.noun()

    def written(self) -> str | Sequence[dict[str, object]] | None:
        """Return other rules than those in force."""
        return self.rules if self.yaml is None else self.yaml


class TurnAnswer(Answer):
    """What became of a rule when it was asked."""

    key: str
    name: str
    enabled: Enabled
    round: int = Field(description="From 1; 0: it was not asked.")
    outcome: Outcome
    occasion: dict[str, object] | None = Field(description="That it heard of.")
    because: list[dict[str, object]] = Field(description="The tests that decided, with what was seen.")
    actions: list[dict[str, object]] = Field(description="Each with a `fault` where it would be passed over.")
    changes: list[dict[str, object]] = Field(description="`field`, `from`, `to`.")
    hold: Hold | None = Field(description="Why it would be held back.")
    stopped_by: str = Field(description="Key of the rule that let none be asked after it.")

    @classmethod
    def of(cls, one: Turn) -> "TurnAnswer":
        """Build from the noun."""
        return cls(
            key=one.rule.key,
            name=one.rule.name,
            enabled=one.rule.enabled,
            round=one.round,
            outcome=one.outcome,
            occasion=None if one.occasion is None else one.occasion.told(),
            because=[dict(test) for test in one.because],
            actions=[dict(action) for action in one.done],
            changes=[dict(change) for change in one.changes],
            hold=one.hold,
            stopped_by=one.stopped_by,
        )


class TrialAnswer(Answer):
    """What rules would do."""

    turns: list[TurnAnswer] = Field(description="In the order in which rules are asked.")
    fired: list[str] = Field(description="Keys of the rules that would fire, in order.")
    changes: list[dict[str, object]] = Field(description="By all of them: `field`, `from`, `to`.")
    effects: list[str] = Field(description="What would be done outside: `email`, `webhook`, `console`.")
    children: list[str] = Field(description="Subjects of cases that would be opened under it.")
    rounds: int

    @classmethod
    def of(cls, one: Tried) -> "TrialAnswer":
        """Build from the noun."""
        turns = one.automated.turns
        return cls(
            turns=[TurnAnswer.of(turn) for turn in turns],
            fired=[turn.rule.key for turn in turns if turn.outcome is Outcome.FIRED],
            changes=[dict(change) for change in one.changes],
            effects=list(one.effects),
            children=list(one.children),
            rounds=one.automated.rounds,
        )
