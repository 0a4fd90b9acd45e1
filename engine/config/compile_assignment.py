"""Assignment rules to nouns, and what must fit in them."""

from __future__ import annotations

from engine.config.assignment_schema import AssignmentSection
from engine.config.condition_fields import condition_fields
from engine.config.condition_schema import read_condition
from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.schema import Configuration
from engine.model.assignment import AssignmentRule, OwnerFrom
from engine.model.case_work import CASE_KIND


def compile_assignment(configuration: Configuration, checker: Checker) -> tuple[AssignmentRule, ...]:
    """Return the assignment rules in their order; what does not fit goes to ``checker``."""
    fields = condition_fields(configuration)
    rules, names = [], set[str]()
    for index, section in enumerate(configuration.assignment):
        place: Place = ("assignment", index)
        if section.name in names:
            checker.refuse((*place, "name"), f"a second rule '{section.name}'", mend="History names rules: rename it.")
        names.add(section.name)
        _check(place, section, configuration, checker)
        condition = read_condition(section.when, (*place, "when"), fields, checker.refuse)
        then = section.then
        rules.append(
            AssignmentRule(
                name=section.name,
                when=condition,
                queue=then.queue,
                skills=dict(then.skills),
                owner=then.owner,
                priority=then.priority,
                team=then.team,
                type=then.type,
                plan=then.plan,
                tags=tuple(then.tags),
                route=then.route,
            )
        )
    return tuple(rules)


def _check(place: Place, section: AssignmentSection, configuration: Configuration, checker: Checker) -> None:
    then, place = section.then, (*place, "then")
    for name, value, known, what in (
        ("queue", then.queue, configuration.queues, "queue"),
        ("team", then.team, configuration.teams, "team"),
        ("type", then.type, configuration.case_types, "type of cases"),
        ("plan", then.plan, configuration.plans, "plan"),
        ("owner", then.owner, {*configuration.agents, *OwnerFrom}, "user"),
    ):
        if value:
            checker.known((*place, name), value, known, what=what)
    checker.skills_known((*place, "skills"), then.skills, configuration)
    if not then.model_fields_set:
        checker.refuse(place, "the rule decides nothing", mend="Add a queue, an owner, route: true, …")
    if then.route and not any(CASE_KIND in profile.channels for profile in configuration.profiles.values()):
        mend = "Add case to the channels of a profile, and of the statuses in which it is taken."
        checker.refuse((*place, "route"), "no capacity profile takes work of the kind case", mend=mend)
