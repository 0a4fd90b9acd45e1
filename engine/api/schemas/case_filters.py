"""Filters and lists of cases at the border: the same words in a query, in a saved view and in a job."""

from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from engine.api.schemas.cases import CaseAnswer
from engine.api.schemas.model import Page, Request
from engine.errors import InvalidInput
from engine.model import case_list as nouns
from engine.model.case_list import CaseOrder, MilestoneNow, Place
from engine.model.case_setup import CaseStatusKind
from engine.model.service import Entitled, EntitlementKind
from engine.skills.moments import LONGEST, moment_ms

MOST_VALUES = 50
Key = Annotated[str, StringConstraints(max_length=80)]
FieldKey = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,80}$")]
Values = Annotated[list[Key], Field(max_length=MOST_VALUES)]
FieldValues = Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=MOST_VALUES)]
Fields = Annotated[dict[FieldKey, FieldValues], Field(max_length=20)]
Moment = Annotated[str, StringConstraints(max_length=LONGEST)]
MOMENTS = (
    "opened_from", "opened_to", "updated_from", "updated_to", "closed_from", "closed_to", "due_before",
    "unanswered_since",
)  # fmt: skip


def several(description: str = "") -> Any:  # noqa: ANN401 - a field's default
    """Return a part of a filter that may have several values; any of them will do."""
    return Field(default_factory=list, description=description or None)


class CaseWords(Request):
    """What lists of cases may be narrowed by; of several values any will do."""

    status: Values = several("Key of a status; may stand several times, as all that are lists.")
    not_status: Values = several()
    kind: Annotated[list[CaseStatusKind], Field(max_length=10)] = several("What the status means.")
    owner: Values = several("A user id, `me`, `nobody`, or `my_team`: everybody in a team of the caller's.")
    not_owner: Values = several()
    queue: Values = several()
    not_queue: Values = several()
    type: Values = several("Key of a type.")
    not_type: Values = several()
    team: Values = several("Key of a team, or `mine`.")
    not_team: Values = several()
    origin: Values = several("Key of the channel it came by; `manual`.")
    not_origin: Values = several()
    tag: Values = several()
    not_tag: Values = several()
    tier: Values = several("Of the account, or of the contact.")
    not_tier: Values = several()
    entitled: Annotated[list[Entitled], Field(max_length=10)] = several("What the check of its service said.")
    not_entitled: Annotated[list[Entitled], Field(max_length=10)] = several()
    entitlement: Annotated[list[EntitlementKind], Field(max_length=10)] = several("Kind of the one that it holds.")
    not_entitlement: Annotated[list[EntitlementKind], Field(max_length=10)] = several()
    contact_owner: Values = several("Who looks after its contact: a user id, `me`, `nobody`, `my_team`.")
    not_contact_owner: Values = several()
    contact_id: str = Field(default="", max_length=40)
    account_id: str = Field(default="", max_length=40)
    parent_id: str = Field(default="", max_length=40, description="Cases that are a part of this one.")
    open: bool | None = Field(default=None, description="Whether it is not over yet.")
    escalated: bool | None = None
    priority_from: int | None = Field(default=None, ge=-1_000, le=1_000)
    priority_to: int | None = Field(default=None, ge=-1_000, le=1_000, description="Inclusive.")
    opened_from: Moment = Field(default="", description="A moment: `2026-11-22T08:00:00Z`, `2026-11-22`, `now-7d` …")
    opened_to: Moment = Field(default="", description="A moment; exclusive.")
    updated_from: Moment = ""
    updated_to: Moment = ""
    closed_from: Moment = ""
    closed_to: Moment = ""
    milestone: Annotated[list[MilestoneNow], Field(max_length=10)] = several("How one of its milestones stands.")
    due_before: Moment = Field(default="", description="A running milestone is due before: `now+4h`.")
    unanswered_since: Moment = Field(default="", description="A reply has been owed at least since then: `now-1d`.")
    text: str = Field(default="", max_length=200, description="Words of number, subject and description.")

    @field_validator(*MOMENTS)
    @classmethod
    def _moment(cls, value: str) -> str:
        if value:
            moment_ms(value, now_ms=1)
        return value

    def said(self) -> dict[str, Any]:
        """Return the parts of the filter that are said."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        return {key: value for key, value in said.items() if key in PARTS}


class CaseFilter(CaseWords):
    """Which cases; what is left out does not count."""

    fields: Fields = Field(default_factory=dict, description="Custom fields: key → any of these values.")
    not_fields: Fields = Field(default_factory=dict, description="Custom fields: key → none of these values.")


class CaseQuery(CaseWords):
    """How ``GET /cases`` is asked."""

    view: str = Field(default="", max_length=40, description="A view; what else is said goes before what it says.")
    field: list[Annotated[str, StringConstraints(max_length=300)]] = Field(
        default_factory=list, max_length=MOST_VALUES, description="A custom field: `key:value`."
    )
    not_field: list[Annotated[str, StringConstraints(max_length=300)]] = Field(
        default_factory=list, max_length=MOST_VALUES, description="A custom field that has another value."
    )
    order: CaseOrder | None = Field(default=None, description="`newest`, unless the view has another.")
    limit: int = Field(default=50, ge=1, le=200)
    after: str = Field(default="", max_length=60, description="`next` of the page before.")
    before_number: int | None = Field(default=None, ge=1, le=2**62, description="The last number of the page before.")
    before_value: int | None = Field(
        default=None, ge=-(2**62), le=2**62, description="And its priority, or ms since 1970."
    )

    @field_validator("field", "not_field")
    @classmethod
    def _key_and_value(cls, values: list[str]) -> list[str]:
        return [f"{key}:{value}" for key, value in pairs(values)]

    def said(self) -> dict[str, Any]:
        """Return the parts of the filter that are said, as a filter says them."""
        said = {key: value for key, value in super().said().items() if value != [""]}  # ?status= is left blank
        for name in ("field", "not_field"):
            if values := getattr(self, name):
                by_key: dict[str, list[str]] = {}
                for key, value in pairs(values):
                    by_key.setdefault(key, []).append(value)
                said[f"{name}s"] = by_key
        return said


class CasePageAnswer(Page[CaseAnswer]):
    """A page of cases."""

    next: str = Field(description="Where the next page begins, for `after`; empty: this is the last one.")


PARTS = frozenset(one.name for one in fields_of(nouns.CaseFilter))


def pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    """Return keys and values of ``key:value``; raise ValueError for what is none."""
    found = [one.partition(":") for one in values]
    if not all(colon and key.replace("-", "_").replace(".", "_").isidentifier() for key, colon, _ in found):
        raise ValueError("a custom field is said as key:value")
    return [(key, value) for key, _, value in found]


def filter_of(said: Mapping[str, Any]) -> nouns.CaseFilter:
    """Return the noun of a filter that was checked, and is maybe older than this version: what is unknown is left."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in said.items() if key in PARTS
    }
    for name in ("fields", "not_fields"):
        values[name] = {key: tuple(wanted) for key, wanted in values.get(name, {}).items()}
    values["kind"] = tuple(CaseStatusKind(one) for one in values.get("kind", ()))
    values["milestone"] = tuple(MilestoneNow(one) for one in values.get("milestone", ()))
    return nouns.CaseFilter(**values)


def place_of(asked: CaseQuery) -> Place | None:
    """Return after which place a list goes on, None at its beginning; raise InvalidInput for what is no place."""
    value, _, number = asked.after.partition("_")
    try:
        place = Place(value=int(value), number=int(number)) if asked.after else None
    except ValueError as error:
        raise InvalidInput("That is no place to go on from.", field="after", mend="Hand back `next`.") from error
    if place is not None:
        limit = 2**63 - 1
        return Place(value=max(-limit, min(place.value, limit)), number=max(0, min(place.number, limit)))
    if asked.before_number is None:
        return None
    last = asked.before_number if asked.before_value is None else asked.before_value
    return Place(value=last, number=asked.before_number)


def written(place: Place | None) -> str:
    """Return a place as it is handed out; "" = there is none."""
    return "" if place is None else f"{place.value}_{place.number}"
