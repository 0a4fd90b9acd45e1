"""Milestones and plans from checked sections; every name in them is looked up."""

from __future__ import annotations

from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.plan_schema import ALWAYS, MilestoneSection, PlanSection, TargetSection
from engine.config.schema import Configuration
from engine.model.case_setup import BUILT_IN_STATUSES, CaseStatusKind
from engine.model.plan import BUILT_IN_MILESTONES, MilestoneRule, Plan, Target

KINDS = tuple(kind.value for kind in CaseStatusKind)


def compile_milestones(configuration: Configuration) -> dict[str, MilestoneRule]:
    """Return the milestones by key, those that every organisation has included."""
    own = {key: _milestone(key, section) for key, section in configuration.milestones.items()}
    return {**BUILT_IN_MILESTONES, **own}


def compile_plans(configuration: Configuration) -> dict[str, Plan]:
    """Return the plans by key."""
    return {key: _plan(key, section) for key, section in configuration.plans.items()}


def check_plans(configuration: Configuration, checker: Checker) -> None:
    """Check milestones, plans, and which plans queues name."""
    if ALWAYS in configuration.hours:
        checker.refuse(("hours", ALWAYS), f"hours cannot be called '{ALWAYS}'", mend="It means day and night in plans.")
    known = {*BUILT_IN_MILESTONES, *configuration.milestones}
    statuses = [*(configuration.case_statuses or BUILT_IN_STATUSES)]
    for key, section in configuration.milestones.items():
        place = ("milestones", key)
        _check_milestone(place, section, statuses, checker)
        if section.after:
            checker.known((*place, "after"), section.after, known - {key}, what="other milestone")
    for key, plan in configuration.plans.items():
        place = ("plans", key)
        if plan.hours != ALWAYS:
            checker.known((*place, "hours"), plan.hours, configuration.hours, what="business hours")
        for milestone, targets in plan.milestones.items():
            there = (*place, "milestones", milestone)
            checker.known(there, milestone, known, what="milestone")
            _check_targets(there, targets, checker)
    for key, queue in configuration.queues.items():
        if queue.plan:
            checker.known(("queues", key, "plan"), queue.plan, configuration.plans, what="plan")


def _check_milestone(place: Place, section: MilestoneSection, statuses: list[str], checker: Checker) -> None:
    checker.all_known((*place, "paused_in"), section.paused_in, {*statuses, *KINDS}, what="status of cases")
    for name in ("starts", "met_by"):
        for moment in getattr(section, name):
            if moment.startswith("status:"):
                checker.known((*place, name), moment.removeprefix("status:"), statuses, what="status of cases")


def _check_targets(place: Place, targets: list[TargetSection], checker: Checker) -> None:
    above: int | None = None
    for index, target in enumerate(targets):
        least = target.priority_at_least
        if index and (above is None or (least is not None and least >= above)):
            mend = "Order them from the highest priority down; the one without a priority comes last."
            checker.refuse((*place, index), "this time is never asked for: an earlier one fits as well", mend=mend)
        above = least


def _milestone(key: str, section: MilestoneSection) -> MilestoneRule:
    return MilestoneRule(
        key=key,
        name=section.name,
        starts=frozenset(section.starts),
        met_by=frozenset(section.met_by),
        after=section.after,
        repeats=section.repeats,
        paused_in=frozenset(section.paused_in),
    )


def _plan(key: str, section: PlanSection) -> Plan:
    targets = {
        milestone: tuple(Target(within_ms=each.within, priority_at_least=each.priority_at_least) for each in written)
        for milestone, written in section.milestones.items()
    }
    return Plan(key=key, name=section.name, hours="" if section.hours == ALWAYS else section.hours, targets=targets)
