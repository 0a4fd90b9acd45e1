"""Automation rules that are tried before they are configured: read by the names that the organisation knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from engine.config.automation_schema import Automation
from engine.config.case_schema import CustomFieldSection, FieldsSection
from engine.config.compile_automation import SECTION, read_rules
from engine.config.crosscheck import Checker
from engine.config.files import Document, parse
from engine.config.problems import Problem, problems_of, refusal
from engine.config.schema import Configuration
from engine.config.section import Section
from engine.config.validate import Sections, translated
from engine.errors import ConfigurationError, InvalidInput
from engine.model.automation import AutomationRule
from engine.model.case_setup import CustomField, FieldOf
from engine.model.organisation import Organisation

FILE = "rules"
"""What the text is called in messages."""

_NAMES = (
    "skills", "queues", "agents", "teams", "plans", "hours", "milestones", "escalations", "case_statuses", "case_types",
    "quick_texts", "approvals",
)  # fmt: skip
"""What is called alike in the organisation and in its files."""


class _Rules(Section):
    automation: Automation


def read_candidate(
    organisation: Organisation, written: str | Sequence[Mapping[str, object]]
) -> tuple[AutomationRule, ...]:
    """Return rules written as YAML (``automation: [...]``) or as plain data, checked like those of the files.

    Raises:
        InvalidInput: ``problems`` names every mistake, of YAML with its line.
    """
    try:
        return _read(organisation, written)
    except ConfigurationError as wrong:
        problems = problems_of(wrong)
        raise InvalidInput(
            f"The rules cannot be read: {problems[0].detail}.",
            mend=problems[0].mend,
            field="rules",
            problems=[_said(one) for one in problems],
        ) from wrong


def _read(organisation: Organisation, written: str | Sequence[Mapping[str, object]]) -> tuple[AutomationRule, ...]:
    if isinstance(written, str):
        document = parse(FILE, written.encode())
    else:
        document = Document(file=FILE, data={SECTION: list(written)}, lines={})
    try:
        sections = _Rules.model_validate(document.data)
    except ValidationError as error:
        raise refusal(translated(document, error)) from None
    known = Sections(configuration=_known(organisation), documents={SECTION: document})
    checker = Checker(known)
    rules = read_rules(sections.automation, known.configuration, checker)
    if checker.problems:
        raise refusal(checker.problems)
    return rules


def _said(one: Problem) -> str:
    place = f"line {one.line}: " if one.line else ""
    return f"{place}{one.detail}. {one.mend}".strip()


def _known(organisation: Organisation) -> Configuration:
    """Return the names that rules may use, in the form in which the files have them; only keys are looked at."""
    of_cases, of_contacts = (organisation.fields.get(of, {}) for of in (FieldOf.CASE, FieldOf.CONTACT))
    fields = FieldsSection.model_construct(case=_fields(of_cases), contact=_fields(of_contacts))
    names: dict[str, Any] = {name: getattr(organisation, name) for name in _NAMES}
    return Configuration.model_construct(fields=fields, **names)


def _fields(fields: Mapping[str, CustomField]) -> dict[str, CustomFieldSection]:
    return {
        key: CustomFieldSection.model_construct(name=one.name, type=one.type.value, choices=dict(one.choices or {}))
        for key, one in fields.items()
    }
