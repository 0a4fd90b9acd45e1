"""The published schema of a report says what is read."""

import json
import re
from pathlib import Path
from typing import get_type_hints

from engine.cti.report_schema import call_report_schema
from engine.cti.reports import Posted
from engine.model.call import CallKind

FILE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "call-report.schema.json"


def test_the_reference_has_it() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == call_report_schema()


def test_every_field_is_in_it_with_what_it_means() -> None:
    schema = call_report_schema()
    properties = schema["$defs"]["report"]["properties"]
    assert set(properties) == {name.rstrip("_") for name in get_type_hints(Posted)}
    assert all(one["description"] for one in properties.values())
    assert set(schema["$defs"]["report"]["required"]) == {"call", "kind"}
    assert set(schema["$defs"]["CallKind"]["enum"]) == set(CallKind)


def test_its_patterns_are_those_of_the_browser_s_language_too() -> None:
    text = json.dumps(call_report_schema())
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', text)
    assert patterns
    assert not any("\\Z" in json.loads(f'"{one}"') for one in patterns)
