"""What a row of an import says of a case: checked as if a person opened or changed it. Pure.

A new case is opened as it was elsewhere: with its status, its times and its key there. One that is known by its key is
changed as a person changes it, with all that follows by the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.cases.changes import LONGEST_DESCRIPTION, LONGEST_SUBJECT, Wish, checked_opening, wanted
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.errors import InvalidInput
from engine.ids import NewId
from engine.model.case import NewCase
from engine.model.case_setup import OVER, CaseStatusKind, FieldOf, first_of, kind_of
from engine.model.casework import Decide
from engine.model.organisation import Organisation
from engine.model.transfer import LONGEST_EXTERNAL_ID, CellKind, Column, ImportOptions, ImportRow
from engine.skills.import_rows import (
    FIELDS,
    IDS,
    KEY,
    TOLD,
    custom_of,
    id_in,
    references_of,
    texts_of,
    with_custom_fields,
)

CASE_COLUMNS = (
    *IDS,
    Column(name="number", kind=CellKind.NUMBER, meaning="Ours, given when it is opened.", told=True),
    Column(name="subject", meaning="Needed for a new case."),
    Column(name="description"),
    Column(name="status", meaning="Key of a configured status."),
    Column(name="priority", kind=CellKind.NUMBER),
    Column(name="type", meaning="Key of a configured type."),
    Column(name="queue", meaning="Key of a queue."),
    Column(name="topic"),
    Column(name="team", meaning="Key of a team."),
    Column(name="tags", kind=CellKind.LIST),
    Column(name="owner_id", meaning="Our id of the user who has it."),
    Column(name="owner", meaning="His login."),
    Column(name="contact_id", meaning="Our id of the contact."),
    Column(name="contact_external_id", meaning="The contact's key in the same source."),
    Column(name="contact_email", meaning="One of the contact's e-mail addresses."),
    Column(name="account_id", meaning="Our id of the account."),
    Column(name="account_external_id", meaning="The account's key in the same source."),
    Column(name="account", meaning="The account's name, which must be one only's."),
    Column(name="parent_id", meaning="Our id of the case that it is a part of."),
    Column(name="parent_external_id", meaning="That one's key; its row may come later in the file."),
    Column(name="opened_at", kind=CellKind.TIME, meaning="When it was opened elsewhere."),
    Column(name="closed_at", kind=CellKind.TIME, meaning="When it was over; its status has to be one that is."),
    FIELDS,
    *(one for one in TOLD if one.name != "created_at"),
)
TEXTS = {
    "subject": LONGEST_SUBJECT, "description": LONGEST_DESCRIPTION, "status": KEY, "type": KEY, "queue": KEY,
    "topic": 80, "team": KEY,
}  # fmt: skip


class CaseRows:
    """Read what rows say of cases."""

    def __init__(self, *, new_id: NewId) -> None:
        self._new_id = new_id

    def columns(self, organisation: Organisation) -> Mapping[str, Column]:
        """Return the columns of a file of cases, by name."""
        found = with_custom_fields(CASE_COLUMNS, organisation.fields.get(FieldOf.CASE, {}))
        if not organisation.fields.get(FieldOf.CASE):
            found.pop(FIELDS.name)  # a case has those that are configured only
        return found

    def row(
        self,
        organisation: Organisation,
        options: ImportOptions,  # noqa: ARG002 -- as of the other nouns
        number: int,
        cells: Mapping[str, object],
        given: Mapping[str, object],
    ) -> ImportRow:
        """Return a row as it is to be written; raise InvalidInput with the ``field``."""
        said: dict[str, object] = dict(texts_of(cells, TEXTS))
        if "priority" in cells:
            said["priority"] = cells["priority"] or 0
        if "tags" in cells:
            said["tags"] = tuple(cast("list[str]", cells["tags"] or ()))
        if fields := custom_of(cells):
            said["fields"] = fields
        times = {name: cells.get(f"{name}_at") or 0 for name in ("opened", "closed")}
        values, lacks = _new(organisation, said, times)
        return ImportRow(
            number=number,
            given=given,
            id=id_in(cells, "id", KEY),
            external_id=id_in(cells, "external_id", LONGEST_EXTERNAL_ID),
            values=values,
            references=references_of(cells),
            changing=self._changing(organisation, said),
            not_new=lacks,
        )

    def _changing(self, organisation: Organisation, said: Mapping[str, object]) -> Any:  # noqa: ANN401 -- Changing
        rules = CaseRules(organisation=organisation, new_id=self._new_id)

        def changing(refers: Mapping[str, object]) -> Decide:
            return planner(rules, first=wanted(Wish(changes={**said, **refers}, why="import")))

        return changing


def _new(
    organisation: Organisation, said: Mapping[str, object], times: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, str]]:
    """Return how a new case of the row begins, or which field lacks or does not fit and why."""
    status = str(said.get("status") or "")
    try:
        _check_words(organisation, said)
        plain = {name: value for name, value in said.items() if name != "status"}
        plain["fields"] = {key: one for key, one in cast("Any", said.get("fields", {})).items() if one is not None}
        new = checked_opening(organisation, NewCase(org_id=organisation.id, **cast("Any", plain)))
        _check_times(organisation, status, times)
    except InvalidInput as error:
        return {}, (str(error.fields.get("field", "")), str(error))
    if not status and times["closed"]:
        status = first_of(organisation.case_statuses, CaseStatusKind.CLOSED)
    over = bool(status) and kind_of(organisation.case_statuses, status) in OVER
    return {"case": new, "filing": organisation.filing, "status": status, "over": over, **times}, ("", "")


def _check_words(organisation: Organisation, said: Mapping[str, object]) -> None:
    if not str(said.get("subject", "")).strip():
        raise InvalidInput("A case has a subject.", field="subject")
    for name, known in (("status", organisation.case_statuses), ("team", organisation.teams)):
        if said.get(name) and said[name] not in known:
            mend = f"Known: {', '.join(known) or 'none'}."
            raise InvalidInput(f"{said[name]!r} is no {name} of cases.", field=name, mend=mend)


def _check_times(organisation: Organisation, status: str, times: Mapping[str, object]) -> None:
    opened, closed = cast("int", times["opened"]), cast("int", times["closed"])
    if closed and closed < opened:
        raise InvalidInput("It was closed before it was opened.", field="closed_at")
    if closed and status and kind_of(organisation.case_statuses, status) not in OVER:
        raise InvalidInput(f"A case that is {status} is not closed.", field="closed_at")
