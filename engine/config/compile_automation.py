"""Automation rules from checked sections; every name in them is looked up."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from engine.config.automation_schema import AutomationSection, OccasionSection
from engine.config.compile_macros import read_macro_actions
from engine.config.condition_fields import condition_fields
from engine.config.condition_schema import read_condition
from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.schema import Configuration
from engine.model.automation import (
    BEFORE,
    HAD,
    WATCHED,
    AutomationRule,
    By,
    Enabled,
    OccasionKind,
    On,
    Once,
)
from engine.model.condition import ConditionField
from engine.model.plan import BUILT_IN_MILESTONES

_EVENT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
SECTION = "automation"


def compile_automation(configuration: Configuration, checker: Checker) -> tuple[AutomationRule, ...]:
    """Return the rules in their order; what does not fit goes to ``checker``."""
    return read_rules(configuration.automation, configuration, checker)


def read_rules(
    sections: Sequence[AutomationSection], configuration: Configuration, checker: Checker
) -> tuple[AutomationRule, ...]:
    """Return rules that are written like those of ``configuration``."""
    fields = automation_fields(configuration)
    keys = set[str]()
    rules = []
    for index, section in enumerate(sections):
        place: Place = (SECTION, index)
        if section.key in keys:
            checker.refuse((*place, "key"), f"a second rule '{section.key}'", mend="Give it another key.")
        keys.add(section.key)
        rules.append(_rule(section, place, configuration, checker, fields))
    return tuple(rules)


def automation_fields(configuration: Configuration) -> dict[str, ConditionField]:
    """Return every field that a rule's condition can test: those of all conditions, and what they were before."""
    fields = condition_fields(configuration)
    had = {name: one for name, one in fields.items() if name in HAD or name.startswith("fields.")}
    return fields | {f"{BEFORE}{name}": one for name, one in had.items()}


def _rule(
    section: AutomationSection,
    place: Place,
    configuration: Configuration,
    checker: Checker,
    fields: Mapping[str, ConditionField],
) -> AutomationRule:
    known = _names(configuration)
    for index, one in enumerate(section.on):
        _check_occasion((*place, "on", index), one, known, checker)
    actions = tuple(
        action
        for index, written in enumerate(section.actions)
        for action in read_macro_actions((*place, "actions", index), written, configuration, checker)
    )
    enabled = section.enabled if isinstance(section.enabled, str) else str(section.enabled).lower()
    return AutomationRule(
        key=section.key,
        name=str(section.name),
        on=tuple(_on(one) for one in section.on),
        actions=actions,
        when=read_condition(section.when, (*place, "when"), fields, checker.refuse),
        enabled=Enabled(enabled),
        once=Once(section.once),
        stop=section.stop,
        most_per_hour=section.most_per_hour,
    )


def _on(section: OccasionSection) -> On:
    return On(kind=OccasionKind(section.occasion), names=frozenset(section.names), by=By(section.by))


def _names(configuration: Configuration) -> Mapping[OccasionKind, tuple[Collection[str], str]]:
    """Return the names that an occasion can be written with, and what they are."""
    fields = {*WATCHED, "fields", *(f"fields.{key}" for key in configuration.fields.case)}
    milestones = {*BUILT_IN_MILESTONES, *configuration.milestones}
    return {
        OccasionKind.CHANGED: (fields, "field of cases"),
        OccasionKind.MILESTONE_MET: (milestones, "milestone"),
        OccasionKind.MILESTONE_MISSED: (milestones, "milestone"),
        OccasionKind.ESCALATED: (configuration.escalations, "rule set of escalations"),
    }


def _check_occasion(
    place: Place,
    section: OccasionSection,
    known: Mapping[OccasionKind, tuple[Collection[str], str]],
    checker: Checker,
) -> None:
    kind = OccasionKind(section.occasion)
    if section.by != "anyone" and kind is not OccasionKind.CHANGED:
        checker.refuse(place, f"'by' is for changes, not for '{kind.value}'", mend="Remove it.")
    if kind is OccasionKind.EVENT:
        if not section.names or not all(_EVENT.fullmatch(name) for name in section.names):
            checker.refuse(place, "an event has a name", mend="Write 'event: parcel.lost': a-z, 0-9 and . _ -.")
        return
    if kind in known:
        names, what = known[kind]
        checker.all_known(place, section.names, names, what=what)
    elif section.names:
        checker.refuse(place, f"'{kind.value}' takes no names", mend=f"Write '{kind.value}' alone.")
