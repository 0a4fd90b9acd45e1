"""Values of custom fields that rules, macros and approvals are to set: do they fit what is configured?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.compile_cases import compile_field
from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.schema import Configuration
from engine.errors import InvalidInput
from engine.skills.custom_fields import merged


def check_values(values: Mapping[str, object], configuration: Configuration, checker: Checker, place: Place) -> None:
    """Note each field of cases that there is none of, or whose value does not fit; null and empty take it away."""
    fields = configuration.fields.case
    for key, value in values.items():
        checker.known((*place, key), key, fields, what="field of cases")
        if key not in fields:
            continue
        try:
            merged({key: compile_field(key, fields[key])}, {}, {key: value})
        except InvalidInput as error:
            checker.refuse((*place, key), error.detail.rstrip("."))
