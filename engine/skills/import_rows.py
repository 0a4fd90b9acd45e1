"""What rows of imports have in common, whatever they are about: columns, texts, ids, what they refer to. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import InvalidInput
from engine.model.case_setup import CustomField, CustomFieldType
from engine.model.transfer import LONGEST_EXTERNAL_ID, CellKind, Column, Reference

KEY = 40

CELL_OF: Mapping[CustomFieldType, CellKind] = {
    CustomFieldType.NUMBER: CellKind.NUMBER,
    CustomFieldType.BOOLEAN: CellKind.BOOLEAN,
    CustomFieldType.DATE: CellKind.DATE,
    CustomFieldType.CHOICES: CellKind.LIST,
}
"""What cells of a custom field hold; those of the other types a text."""

IDS = (
    Column(name="id", meaning="Our own id: the row changes that one."),
    Column(name="external_id", meaning="Its key in the system that `source` names; a later import finds it by that."),
)
TOLD = (
    Column(name="version", kind=CellKind.NUMBER, meaning="Counts its changes.", told=True),
    Column(name="created_at", kind=CellKind.TIME, meaning="When it came to be.", told=True),
    Column(name="updated_at", kind=CellKind.TIME, meaning="When it changed last.", told=True),
)
FIELDS = Column(name="fields", kind=CellKind.JSON, meaning="Custom fields as a JSON object.")

REFERENCES: Mapping[str, tuple[str, str]] = {
    f"{what}{suffix}": (what, by)
    for what in ("account", "parent", "owner", "contact")
    for suffix, by in (("_id", "id"), ("_external_id", "external_id"), ("_email", "email"), ("", "name"))
}
"""Columns that name another noun: which one, and how."""


def with_custom_fields(columns: tuple[Column, ...], defined: Mapping[str, CustomField]) -> dict[str, Column]:
    """Return columns by name, with one for each custom field that is configured."""
    own = (_column_of(one) for one in defined.values())
    return {one.name: one for one in (*columns, *own)}


def _column_of(one: CustomField) -> Column:
    return Column(name=f"fields.{one.key}", kind=CELL_OF.get(one.type, CellKind.TEXT), meaning=one.name)


def texts_of(cells: Mapping[str, object], longest: Mapping[str, int]) -> dict[str, str]:
    """Return the texts among the cells, each within its length; an emptied one is ``""``. Raises InvalidInput."""
    found: dict[str, str] = {}
    for name, most in longest.items():
        if name not in cells:
            continue
        text = str(cells[name] or "")
        if len(text) > most:
            raise InvalidInput(f"At most {most:,} characters.", field=name)
        if name == "name" and not text.strip():
            raise InvalidInput("A name cannot be empty.", field=name)
        found[name] = text
    return found


def id_in(cells: Mapping[str, object], column: str, longest: int) -> str:
    """Return an id that a row says; ``""``: it says none. Raises InvalidInput."""
    found = str(cells.get(column) or "").strip()
    if len(found) > longest:
        raise InvalidInput(f"An id has at most {longest} characters.", field=column)
    return found


def custom_of(cells: Mapping[str, object]) -> dict[str, object]:
    """Return what a row says of custom fields, as it says it; None takes a value away. Raises InvalidInput."""
    whole = cells.get("fields") or {}
    if not isinstance(whole, Mapping) or not all(isinstance(one, str) for one in whole):
        raise InvalidInput("Custom fields are a JSON object.", field="fields")
    said: dict[str, object] = dict(whole)
    said.update((name.partition(".")[2], value) for name, value in cells.items() if name.startswith("fields."))
    return said


def references_of(cells: Mapping[str, object]) -> tuple[Reference, ...]:
    """Return what a row names beside itself, each in one way: by our id, by a key, or by a name."""
    found: dict[str, Reference] = {}
    for column, (what, by) in REFERENCES.items():
        if column in cells and (what not in found or not found[what].value):
            found[what] = Reference(field=column, by=by, value=str(cells[column] or "").strip()[:LONGEST_EXTERNAL_ID])
    return tuple(found.values())
