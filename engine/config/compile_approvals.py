"""Approvals from checked sections; every name in them is looked up."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.approval_schema import ApprovalSection, ApprovalStepSection
from engine.config.condition_fields import condition_fields
from engine.config.condition_schema import read_condition
from engine.config.crosscheck import Checker
from engine.config.escalation_schema import AskApprovalSection
from engine.config.field_values import check_values
from engine.config.files import Place
from engine.config.schema import Configuration
from engine.model.approval import (
    NEVER,
    OWNER_LEAD,
    ROLE,
    TEAM_LEAD,
    ApprovalProcess,
    ApprovalStep,
    Need,
    NewApproval,
    Then,
)
from engine.model.case_setup import BUILT_IN_STATUSES
from engine.model.condition import Condition, ConditionField
from engine.skills.conditions import fields_of

LEADS = frozenset({TEAM_LEAD, OWNER_LEAD})
ROLES = frozenset({f"{ROLE}supervisor", f"{ROLE}admin"})
CHANGEABLE = frozenset(
    {
        "subject", "description", "status", "status_kind", "priority", "type", "topic", "queue", "owner", "team",
        "plan", "tags", "rating",
    }
)  # fmt: skip
"""Fields of conditions that a change of a case may change, besides the custom ones."""
ASKABLE = frozenset({"status", "priority", "queue", "type", "team", "plan", "fields"})
"""What a rule may ask to change."""


def compile_approvals(configuration: Configuration, checker: Checker) -> dict[str, ApprovalProcess]:
    """Check the processes and return them by key."""
    fields = condition_fields(configuration)
    return {
        key: _process(key, section, configuration, checker, fields=fields)
        for key, section in configuration.approvals.items()
    }


def _process(
    key: str,
    section: ApprovalSection,
    configuration: Configuration,
    checker: Checker,
    *,
    fields: Mapping[str, ConditionField],
) -> ApprovalProcess:
    place: Place = ("approvals", key)
    checker.all_known((*place, "macros"), section.macros, configuration.macros, what="macro")
    changes: Condition = NEVER
    if section.changes is not None:
        changes = read_condition(section.changes, (*place, "changes"), fields, checker.refuse)
        named = set(fields_of(changes))
        if not any(one in CHANGEABLE or one.startswith("fields.") for one in named):
            mend = "Name a field of the case, such as status or fields.refund."
            checker.refuse((*place, "changes"), "nothing that somebody could change is named here", mend=mend)
    steps = []
    for index, step in enumerate(section.steps):
        there: Place = (*place, "steps", index)
        _check_step(there, step, configuration, checker, last=index == len(section.steps) - 1)
        if step.instead and (index == 0 or section.steps[index - 1].then != "next"):
            mend = "Give the step before a timeout and then: next."
            checker.refuse((*there, "instead"), "the step before does not go on to this one", mend=mend)
        when = read_condition(step.when, (*there, "when"), fields, checker.refuse)
        steps.append(
            ApprovalStep(
                by=tuple(step.by),
                need=Need(step.need),
                when=when,
                timeout_ms=step.timeout,
                then=Then(step.then),
                remind_ms=step.remind,
                hours=step.hours,
                instead=step.instead,
            )
        )
    return ApprovalProcess(
        key=key,
        name=str(section.name),
        steps=tuple(steps),
        when=read_condition(section.when, (*place, "when"), fields, checker.refuse),
        changes=changes,
        macros=frozenset(section.macros),
        asker_may_approve=section.asker_may_approve,
        email=section.email,
        webhook=section.webhook,
    )


def _check_step(
    place: Place, step: ApprovalStepSection, configuration: Configuration, checker: Checker, *, last: bool
) -> None:
    checker.all_known((*place, "by"), step.by, {*LEADS, *ROLES, *configuration.agents}, what="agent, nor such word,")
    if LEADS & set(step.by) and not any(team.lead for team in configuration.teams.values()):
        checker.refuse((*place, "by"), "no team has a lead", mend="Add a section teams, with a lead.")
    if step.hours:
        checker.known((*place, "hours"), step.hours, configuration.hours, what="business hours")
    if step.then == "next" and last:
        checker.refuse((*place, "then"), "no step comes after this one", mend="Add one, or use refuse.")
    if step.then != "refuse" and not step.timeout:
        checker.refuse((*place, "then"), "the step has no time that could end", mend="Add a timeout.")


def read_ask(section: AskApprovalSection, configuration: Configuration, checker: Checker, place: Place) -> NewApproval:
    """Return what a rule asks for; what does not fit goes to ``checker``."""
    checker.known((*place, "process"), section.process, configuration.approvals, what="process of approval")
    there: Place = (*place, "changes")
    known: Mapping[str, object] = {
        "status": configuration.case_statuses or BUILT_IN_STATUSES,
        "queue": configuration.queues,
        "type": configuration.case_types,
        "team": configuration.teams,
        "plan": configuration.plans,
        "fields": configuration.fields.case,
    }
    for name, value in section.changes.items():
        checker.known((*there, name), name, ASKABLE, what="field that a rule may ask to change")
        names = known.get(name)
        if name == "fields" and isinstance(value, dict):
            values = {str(key): one for key, one in value.items()}
            check_values(values, configuration, checker, (*there, name))
        elif name == "fields":
            checker.refuse((*there, name), "must hold fields with their values")
        elif name == "priority" and (not isinstance(value, int) or isinstance(value, bool)):
            checker.refuse((*there, name), "must be a whole number")
        elif isinstance(names, Mapping):
            checker.known((*there, name), str(value), names, what=name)
    return NewApproval(process=section.process, changes=dict(section.changes), reason=section.reason or "")
