"""Saved views at the border."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from engine.api.schemas.accounts import AccountAnswer
from engine.api.schemas.case_filters import CaseFilter
from engine.api.schemas.cases import CaseAnswer
from engine.api.schemas.model import Answer, Request
from engine.api.schemas.transcript import ContactAnswer
from engine.cases.listing import Missing
from engine.clock import rfc3339
from engine.errors import InvalidInput
from engine.model.case_list import CaseOrder
from engine.model.saved_view import SavedView, Shared, ViewNoun

MOST_COLUMNS = 30
Column = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}(\.[\w.-]{1,80})?$")]
Name = Annotated[str, Field(min_length=1, max_length=80)]
FilterSaid = Annotated[dict[str, Any], Field(description="The words of the list's own query; `fields` by key.")]
Columns = Annotated[
    list[Column], Field(max_length=MOST_COLUMNS, description="Fields of the noun; `fields.<key>`: a custom field.")
]


class ContactFilter(Request):
    """Which contacts."""

    text: str = Field(default="", max_length=200)


class AccountFilter(Request):
    """Which accounts."""

    text: str = Field(default="", max_length=200)
    parent_id: str = Field(default="", max_length=40)


FILTERS: Mapping[ViewNoun, type[Request]] = {
    ViewNoun.CASE: CaseFilter,
    ViewNoun.CONTACT: ContactFilter,
    ViewNoun.ACCOUNT: AccountFilter,
}
ORDERS: Mapping[ViewNoun, frozenset[str]] = {
    ViewNoun.CASE: frozenset(one.value for one in CaseOrder),
    ViewNoun.CONTACT: frozenset({"newest"}),
    ViewNoun.ACCOUNT: frozenset({"newest"}),
}


class NewView(Request):
    """Keep a view."""

    noun: ViewNoun = ViewNoun.CASE
    name: Name
    shared: Shared = Shared.NOBODY
    filter: FilterSaid = Field(default_factory=dict)
    columns: Columns = Field(default_factory=list)
    order: str = Field(default="", max_length=20, description="An order of the list; empty: the list's own.")


class ViewChange(Request):
    """Change a view; what is left out stays."""

    version: int = Field(ge=1, description="The version the change is based on.")
    name: Name | None = None
    shared: Shared | None = None
    filter: FilterSaid | None = None
    columns: Columns | None = None
    order: str | None = Field(default=None, max_length=20)


class MissingAnswer(Answer):
    """A value of a view's filter that is there no more."""

    field: str
    value: str


class ViewAnswer(Answer):
    """A view."""

    id: str
    noun: ViewNoun
    name: str
    owner_id: str
    owner_name: str
    shared: Shared
    filter: dict[str, object]
    columns: list[str]
    order: str
    version: int
    updated_at: str
    built_in: bool = Field(description="Every organisation has it; nobody changes it.")
    may_change: bool = Field(description="Whether the caller may.")
    missing: list[MissingAnswer] = Field(
        description="What its filter names and what is there no more; it is opened all the same."
    )

    @classmethod
    def of(cls, view: SavedView, *, owner: str, may_change: bool, missing: Sequence[Missing]) -> "ViewAnswer":
        """Build from the noun and what is known around it."""
        return cls(
            id=view.id,
            noun=view.noun,
            name=view.name,
            owner_id=view.owner_id,
            owner_name=owner,
            shared=view.shared,
            filter=dict(view.filter),
            columns=list(view.columns),
            order=view.order,
            version=view.version,
            updated_at=rfc3339(view.updated_ms),
            built_in=view.built_in,
            may_change=may_change,
            missing=[MissingAnswer(field=one.field, value=one.value) for one in missing],
        )


class ViewCount(Answer):
    """How many a view shows."""

    id: str
    count: int
    more: bool = Field(description="There are more, or not all was looked at.")


def checked_filter(noun: ViewNoun, said: Mapping[str, object]) -> dict[str, Any]:
    """Return a filter as it is kept, checked against the words of the list; raise InvalidInput."""
    try:
        made = FILTERS[noun].model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(one) for one in ("filter", *first["loc"]))
        raise InvalidInput(f"{where}: {first['msg']}", field=where) from error
    return made.model_dump(mode="json", exclude_defaults=True)


def check_shown(noun: ViewNoun, columns: Sequence[str], order: str) -> None:
    """Raise InvalidInput for a column or an order that the list does not have."""
    if order and order not in ORDERS[noun]:
        raise InvalidInput(
            f"There is no order {order!r}.", field="order", mend=f"Known: {', '.join(sorted(ORDERS[noun]))}."
        )
    known = COLUMNS[noun]
    wrong = next((one for one in columns if one not in known and not one.startswith("fields.")), None)
    if wrong is not None:
        raise InvalidInput(f"There is no column {wrong!r}.", field="columns", mend=f"Known: {', '.join(known)}.")


COLUMNS: Mapping[ViewNoun, tuple[str, ...]] = {
    ViewNoun.CASE: tuple(CaseAnswer.model_fields),
    ViewNoun.CONTACT: tuple(ContactAnswer.model_fields),
    ViewNoun.ACCOUNT: tuple(AccountAnswer.model_fields),
}
