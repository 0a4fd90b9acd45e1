"""The JSON Schema of the configuration files, for editors and other programs.

One schema serves every file: it holds all sections, each of which may stand in any file. So nothing is required at
the top; that all files together are complete is checked by ``cordboard config check``.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.json_schema import models_json_schema

from engine.config.condition_fields import condition_json_schema
from engine.config.condition_schema import CONDITION_REF
from engine.config.durations import PATTERN, format_duration
from engine.config.schema import Configuration

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def configuration_schema() -> dict[str, object]:
    """Return the schema of one configuration file (JSON Schema 2020-12)."""
    _, definitions = models_json_schema([(Configuration, "validation")])
    schemas = definitions["$defs"]
    top = schemas.pop("Configuration")
    top.pop("required", None)
    for node in [*_mappings(schemas), *_mappings(top)]:
        default = node.get("default")
        if node.get("pattern") == PATTERN and isinstance(default, int):
            node["default"] = format_duration(default)
        if "patternProperties" in node:
            node["additionalProperties"] = False
        if node.get("format") == CONDITION_REF:
            del node["type"], node["format"]
            node["$ref"] = "#/$defs/Condition"
    schemas["Condition"] = condition_json_schema()
    return {
        "$schema": DIALECT,
        "title": "Cordboard configuration file",
        "description": "Sections of an organisation's configuration; each stands in one file of the directory.",
        "type": "object",
        "additionalProperties": False,
        "properties": top["properties"],
        "$defs": schemas,
    }


def _mappings(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _mappings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _mappings(value)
