"""The JSON Schema of what telephone systems post, from the structure by which it is read."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.cti.reports import MOST, Posted

_MEANING = {
    "id": "Unique for each report of a call; left out: a report that says the same, at included, is the same.",
    "call": "The system's name of the whole call.",
    "linked_to": "Where the system names a leg as a call of its own: the call that it belongs to.",
    "leg": "Name of the leg, where a party may have several; left out: party, or call where linked_to is given.",
    "kind": "What happened.",
    "at": "When: RFC 3339, or milliseconds since 1970; left out: now.",
    "direction": "Who called; internal: no customer takes part.",
    "from": "Number that called.",
    "to": "Number that was called.",
    "party": "Extension, device or user whose leg it is; left out: the customer's.",
    "queue": "The system's name of the queue.",
    "target": "Of transferred: whither.",
    "cause": "Of left and ended.",
    "recording": "Link, https or http.",
    "given": "What the caller keyed in, by name.",
}


def call_report_schema() -> dict[str, Any]:
    """Return the JSON Schema of a report and of several, published at ``/schemas/call-report.json``."""
    _, definitions = msgspec.json.schema_components([Posted], ref_template="#/$defs/{name}")
    report = definitions.pop("Posted")
    report["title"] = "Report"
    report["description"] = "One report of a call. Fields that are not known are passed over."
    for name, meaning in _MEANING.items():
        report["properties"][name]["description"] = meaning
    several = {"type": "array", "items": {"$ref": "#/$defs/report"}, "minItems": 1, "maxItems": MOST}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Reports of calls, as telephone systems post them",
        "oneOf": [{"$ref": "#/$defs/report"}, {"$ref": "#/$defs/reports"}],
        "$defs": {**definitions, "report": report, "reports": several},
    }
    plain: dict[str, Any] = _plain(schema)
    return plain


def _plain(part: Any) -> Any:  # noqa: ANN401 -- any part of a schema
    """Return a part with patterns as ECMA-262 has them, which does not know the end of a text as Python writes it."""
    if isinstance(part, dict):
        return {
            name: value.replace("\\Z", "$") if name == "pattern" and isinstance(value, str) else _plain(value)
            for name, value in part.items()
        }
    return [_plain(one) for one in part] if isinstance(part, list) else part
