"""Which fields a condition can test, of what type, and the JSON Schema that editors check conditions with."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.case_schema import CustomFieldSection
from engine.config.schema import Configuration
from engine.model.case_setup import BUILT_IN_STATUSES, CaseStatusKind
from engine.model.casework import MilestoneState
from engine.model.condition import (
    LONGEST_VALUE,
    MOST_CHOICES,
    OPERATORS,
    SEVERAL,
    ConditionField,
    FieldType,
    Joint,
    Operator,
)
from engine.model.plan import BUILT_IN_MILESTONES
from engine.model.service import EntitlementKind

ENTITLED = frozenset({"entitled", "expired", "used_up", "none"})
OPEN_OR_CLOSED = frozenset({"open", "closed"})

BUILT_IN: Mapping[str, ConditionField] = {
    "subject": ConditionField(type=FieldType.TEXT),
    "description": ConditionField(type=FieldType.TEXT),
    "text": ConditionField(type=FieldType.TEXT),
    "status": ConditionField(type=FieldType.WORD),
    "status_kind": ConditionField(type=FieldType.WORD, choices=frozenset(status.value for status in CaseStatusKind)),
    "priority": ConditionField(type=FieldType.NUMBER),
    "type": ConditionField(type=FieldType.WORD),
    "origin": ConditionField(type=FieldType.WORD),
    "topic": ConditionField(type=FieldType.WORD),
    "queue": ConditionField(type=FieldType.WORD),
    "owner": ConditionField(type=FieldType.WORD),
    "team": ConditionField(type=FieldType.WORD),
    "tier": ConditionField(type=FieldType.WORD),
    "contact.tier": ConditionField(type=FieldType.WORD),
    "contact.owner": ConditionField(type=FieldType.WORD),
    "contact.language": ConditionField(type=FieldType.WORD),
    "contact.time_zone": ConditionField(type=FieldType.WORD),
    "account.tier": ConditionField(type=FieldType.WORD),
    "account.owner": ConditionField(type=FieldType.WORD),
    "entitled": ConditionField(type=FieldType.WORD, choices=ENTITLED),
    "entitlement": ConditionField(type=FieldType.WORD, choices=frozenset(kind.value for kind in EntitlementKind)),
    "plan": ConditionField(type=FieldType.WORD),
    "tags": ConditionField(type=FieldType.LIST),
    "reopened": ConditionField(type=FieldType.NUMBER),
    "rating": ConditionField(type=FieldType.NUMBER),
    "recent_contacts": ConditionField(type=FieldType.NUMBER),
    "age": ConditionField(type=FieldType.DURATION),
    "opened": ConditionField(type=FieldType.TIME),
    "escalated": ConditionField(type=FieldType.YES_NO),
    "part": ConditionField(type=FieldType.YES_NO),
}
"""The fields that every case has. ``engine.cases.values`` gives them their values."""

_CUSTOM: Mapping[str, FieldType] = {
    "text": FieldType.TEXT,
    "url": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "date": FieldType.DATE,
    "boolean": FieldType.YES_NO,
    "choice": FieldType.WORD,
    "choices": FieldType.LIST,
}
"""Custom field's type → how a condition tests it."""


def condition_fields(configuration: Configuration) -> dict[str, ConditionField]:
    """Return every field that a condition of this organisation can test."""
    fields = dict(BUILT_IN)
    fields["queue"] = ConditionField(type=FieldType.WORD, choices=frozenset(configuration.queues))
    for name in ("owner", "contact.owner", "account.owner"):
        fields[name] = ConditionField(type=FieldType.WORD, choices=frozenset(configuration.agents))
    named = {
        "status": configuration.case_statuses or BUILT_IN_STATUSES,
        "type": configuration.case_types,
        "team": configuration.teams,
        "plan": configuration.plans,
    }
    for name, keys in named.items():
        fields[name] = ConditionField(type=FieldType.WORD, choices=frozenset(keys))
    for key, section in configuration.fields.case.items():
        fields[f"fields.{key}"] = _custom(section)
    for key, section in configuration.fields.contact.items():
        fields[f"contact.fields.{key}"] = _custom(section)
    for key in {*BUILT_IN_MILESTONES, *configuration.milestones}:
        fields |= milestone_fields(key)
    for name in configuration.hours:
        fields[f"hours.{name}"] = ConditionField(type=FieldType.WORD, choices=OPEN_OR_CLOSED)
    return fields


def _custom(section: CustomFieldSection) -> ConditionField:
    return ConditionField(type=_CUSTOM[section.type], choices=frozenset(section.choices) or None)


def milestone_fields(key: str) -> dict[str, ConditionField]:
    """Return what a condition can ask of a configured milestone."""
    states = frozenset(state.value for state in MilestoneState)
    return {
        f"milestones.{key}": ConditionField(type=FieldType.WORD, choices=states),
        f"milestones.{key}.missed": ConditionField(type=FieldType.YES_NO),
        f"milestones.{key}.remaining": ConditionField(type=FieldType.DURATION),
    }


def condition_json_schema() -> dict[str, object]:
    """Return the schema of a condition, by the name ``Condition`` among the definitions.

    What is configured (custom fields, hours, milestones) is matched by its form; its names are checked by the engine.
    """
    own = {"$ref": "#/$defs/Condition"}
    several = {"anyOf": [own, {"type": "array", "items": own, "minItems": 1}]}
    properties: dict[str, object] = {joint.value: several for joint in Joint}
    properties |= {name: _field_schema(field) for name, field in BUILT_IN.items()}
    return {
        "type": "object",
        "description": "What must hold, all of it: field to value, or any, all, not.",
        "properties": properties,
        "patternProperties": {
            r"^(contact\.)?fields\.": {},
            r"^hours\.": _field_schema(ConditionField(type=FieldType.WORD, choices=OPEN_OR_CLOSED)),
            r"^milestones\.": {},
            r"^was\.": {},  # in automation rules
        },
        "additionalProperties": False,
    }


def _field_schema(field: ConditionField) -> dict[str, object]:
    one = _value_schema(field)
    several = {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_CHOICES}]}
    operators: dict[str, object] = {}
    for operator in sorted(OPERATORS[field.type]):
        operators[operator.value] = several if operator in SEVERAL else one
    operators[Operator.SET.value] = {"type": "boolean"}
    written = {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1}
    plain = several if OPERATORS[field.type] & SEVERAL else one
    return {"anyOf": [plain, written]}


def _value_schema(field: ConditionField) -> dict[str, object]:
    if field.choices is not None:
        return {"enum": sorted(field.choices)}
    if field.type is FieldType.NUMBER:
        return {"type": "number"}
    if field.type is FieldType.YES_NO:
        return {"type": "boolean"}
    if field.type is FieldType.DURATION:
        return {"type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$"}
    return {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
