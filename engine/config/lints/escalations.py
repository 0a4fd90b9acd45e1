"""Can every ladder begin, does it reach somebody, and does none lead a case around in a circle?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.config.files import Place
from engine.config.findings import Finding, Scope
from engine.model.automation import Enabled
from engine.model.condition import Condition, Group, Joint, Operator, Test
from engine.model.escalation import Action, NotifyBy, RuleSet, TriggerKind


def escalation_never_begins(scope: Scope) -> Iterator[Finding]:
    """Find ladders of milestones that no plan promises."""
    organisation = scope.organisation
    promised = {milestone for plan in organisation.plans.values() for milestone in plan.targets}
    for key, rule_set in organisation.escalations.items():
        trigger = rule_set.trigger
        if trigger.kind is TriggerKind.MILESTONE and trigger.milestone not in promised:
            detail = f"no plan promises the milestone '{trigger.milestone}', so that this never begins"
            mend = "Add it to a plan, or remove the rule set."
            yield scope.warning("escalation-never-begins", ("escalations", key, "trigger"), detail, mend=mend)
        if trigger.kind is TriggerKind.ACTION and key not in _escalated(scope):
            detail = "no automation rule and no macro begins it"
            mend = "Give one the action escalate, or remove the rule set."
            yield scope.warning("escalation-never-begins", ("escalations", key, "trigger"), detail, mend=mend)


def _escalated(scope: Scope) -> set[str]:
    """Return the rule sets that an automation rule or a macro begins."""
    rules = [rule for rule in scope.organisation.automation if rule.enabled is Enabled.TRUE]
    done = [one for rule in rules for one in rule.actions]
    done += [one for macro in scope.organisation.macros.values() for one in macro.actions]
    return {one.action.rule_set for one in done if one.action is not None}


def mail_without_address(scope: Scope) -> Iterator[Finding]:
    """Find people who are to get mail and have no address."""
    agents = scope.organisation.agents
    for place, action in _everywhere(scope):
        for who in action.to if action.by is NotifyBy.EMAIL else ():
            if who in agents and not agents[who].email and "@" not in who:
                mend = "Add an email to the agent."
                yield scope.warning("mail-without-address", place, f"'{who}' has no address", mend=mend)


def _everywhere(scope: Scope) -> Iterator[tuple[Place, Action]]:
    """Yield the actions of escalations and of automation, with their places."""
    for key, rule_set in scope.organisation.escalations.items():
        for index, action in _actions(rule_set):
            yield ("escalations", key, "steps", index), action
    for index, rule in enumerate(scope.organisation.automation):
        for one in rule.actions:
            if one.action is not None:
                yield ("automation", index), one.action


def escalation_circle(scope: Scope) -> Iterator[Finding]:
    """Find rule sets that move cases out of queues into which others move them; each circle once."""
    ways: dict[str, dict[str, str]] = {}
    for key, rule_set in scope.organisation.escalations.items():
        targets = {action.queue for _, action in _actions(rule_set) if action.queue}
        for queue in _queues(rule_set.when):
            for target in targets - {queue}:
                ways.setdefault(queue, {})[target] = key
    told: set[frozenset[str]] = set()
    for queue, out in ways.items():
        circle = _circle(ways, queue)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            way = " → ".join((*circle, queue))
            place = ("escalations", next(iter(out.values())))
            mend = "Let one of them ask for more than the queue, or bound it with times."
            yield scope.warning("escalation-circle", place, f"cases may be moved in a circle: {way}", mend=mend)


def _actions(rule_set: RuleSet) -> Iterator[tuple[int, Action]]:
    for index, step in enumerate(rule_set.steps):
        for action in step.actions:
            yield index, action


def _queues(condition: Condition) -> set[str]:
    """Return the queues that a condition asks for, as far as it says so outright."""
    if isinstance(condition, Group) and condition.joint is Joint.ALL:
        return {queue for part in condition.parts for queue in _queues(part)}
    if isinstance(condition, Test) and condition.field == "queue":
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        return {str(value) for value in values} if condition.operator in (Operator.EQUAL, Operator.ONE_OF) else set()
    return set()


def _circle(ways: Mapping[str, Mapping[str, str]], start: str) -> tuple[str, ...]:
    """Return the queues of a way that leads back to ``start``; () without one."""
    paths: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while paths:
        path = paths.pop()
        for target in ways.get(path[-1], {}):
            if target == start:
                return path
            if target not in seen:
                seen.add(target)
                paths.append((*path, target))
    return ()
