"""Sections of cases to nouns, and what must fit in them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.case_schema import CaseStatusSection, CustomFieldSection
from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.schema import Configuration
from engine.model.case_setup import (
    BUILT_IN_STATUSES,
    CaseStatus,
    CaseStatusKind,
    CaseType,
    CustomField,
    CustomFieldType,
    FieldOf,
    Required,
)

CHOOSING = ("choice", "choices")


def check_cases(configuration: Configuration, checker: Checker) -> None:
    """Check statuses and custom fields."""
    sections = configuration.case_statuses
    kinds = {section.kind for section in sections.values()}
    for needed in ("new", "open"):
        if sections and needed not in kinds:
            mend = "Cases begin in the first one of kind new; once somebody has taken them, in the first of kind open."
            checker.refuse(("case_statuses",), f"no status of cases is of kind {needed}", mend=mend)
    for key, section in sections.items():
        checker.all_known(("case_statuses", key, "to"), section.to or (), sections, what="status of cases")
        if section.refunds_use and section.kind not in ("resolved", "closed"):
            mend = "Use it with kind: resolved or closed."
            checker.refuse(
                ("case_statuses", key, "refunds_use"), "only a case that is over gives a use back", mend=mend
            )
    for noun in FieldOf:
        for key, field in getattr(configuration.fields, noun.value).items():
            _check_field(("fields", noun.value, key), noun, field, checker)


def _check_field(place: Place, noun: FieldOf, field: CustomFieldSection, checker: Checker) -> None:
    if field.type in CHOOSING and not field.choices:
        checker.refuse(place, f"a field of type {field.type} has nothing to choose from", mend="Add choices.")
    if field.type not in CHOOSING and field.choices:
        checker.refuse((*place, "choices"), f"a field of type {field.type} has no choices", mend="Use type: choice.")
    if field.type != "number" and (field.least is not None or field.most is not None):
        checker.refuse(place, f"a field of type {field.type} has neither least nor most", mend="Use type: number.")
    if field.least is not None and field.most is not None and field.least > field.most:
        checker.refuse((*place, "least"), "the least number is above the greatest")
    if field.required == "closing" and noun is not FieldOf.CASE:
        checker.refuse((*place, "required"), "only cases are closed", mend="Use required: opening.")


def compile_statuses(configuration: Configuration) -> Mapping[str, CaseStatus]:
    """Return the statuses of cases in their order: those configured, else one of each kind."""
    sections = configuration.case_statuses
    return {key: _status(key, section, sections) for key, section in sections.items()} or BUILT_IN_STATUSES


def _status(key: str, section: CaseStatusSection, sections: Mapping[str, CaseStatusSection]) -> CaseStatus:
    to = section.to
    if to is None:
        to = [other for other, one in sections.items() if one.kind != "new" and other != key]
    return CaseStatus(
        key=key,
        name=str(section.name),
        kind=CaseStatusKind(section.kind),
        to=tuple(to),
        refunds_use=section.refunds_use,
    )


def compile_types(configuration: Configuration) -> Mapping[str, CaseType]:
    """Return the types of cases in their order."""
    return {key: CaseType(key=key, name=str(name)) for key, name in configuration.case_types.items()}


def compile_fields(configuration: Configuration) -> Mapping[FieldOf, Mapping[str, CustomField]]:
    """Return the custom fields by what has them."""
    fields = {noun: getattr(configuration.fields, noun.value) for noun in FieldOf}
    return {
        noun: {key: compile_field(key, section) for key, section in sections.items()}
        for noun, sections in fields.items()
        if sections
    }


def compile_field(key: str, section: CustomFieldSection) -> CustomField:
    """Return a custom field."""
    return CustomField(
        key=key,
        name=str(section.name),
        type=CustomFieldType(section.type),
        required=Required(section.required),
        choices={choice: str(name) for choice, name in section.choices.items()} or None,
        least=section.least,
        most=section.most,
        longest=section.longest,
    )
