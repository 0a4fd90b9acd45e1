"""Can every automation rule fire, and do none undo each other's work?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.config.findings import Finding, Scope
from engine.model.automation import AutomationRule, By, Enabled, OccasionKind, On, Once
from engine.model.condition import Condition, Group, Joint, Operator, Test
from engine.model.escalation import Action, ActionKind

SECTION = "automation"
_STATUS_KINDS = frozenset({OccasionKind.RESOLVED, OccasionKind.CLOSED, OccasionKind.REOPENED})
_MILESTONES = frozenset({OccasionKind.MILESTONE_MET, OccasionKind.MILESTONE_MISSED})
_KNOWN = frozenset({Operator.EQUAL, Operator.ONE_OF})


def automation_never_fires(scope: Scope) -> Iterator[Finding]:
    """Find rules that hear of nothing, or whose condition contradicts itself."""
    promised = {milestone for plan in scope.organisation.plans.values() for milestone in plan.targets}
    for index, rule in _active(scope):
        if all(on.kind in _MILESTONES and not (on.names or promised) & promised for on in rule.on):
            detail = f"no plan promises what '{rule.key}' listens to, so that it never fires"
            mend = "Add the milestone to a plan, or remove the rule."
            yield scope.warning("automation-never-fires", (SECTION, index, "on"), detail, mend=mend)
        field = _contradiction(rule.when)
        if field:
            detail = f"what '{rule.key}' asks of '{field}' is never so at once"
            mend = "Use any: for values of which one is enough."
            yield scope.warning("automation-never-fires", (SECTION, index, "when"), detail, mend=mend)


def automation_out_of_reach(scope: Scope) -> Iterator[Finding]:
    """Find rules behind one that always stops on what they listen to."""
    rules = _active(scope)
    for place, (index, rule) in enumerate(rules):
        for _, before in rules[:place]:
            if _always_stops(before) and all(any(_covers(wide, on) for wide in before.on) for on in rule.on):
                detail = f"'{before.key}' stands before it and always stops, so that '{rule.key}' is never asked"
                mend = "Put it first, or give the other a condition."
                yield scope.warning("automation-out-of-reach", (SECTION, index), detail, mend=mend)
                break


def automation_at_odds(scope: Scope) -> Iterator[Finding]:
    """Find rules that hear of each other's work and undo it; each set of them once."""
    told = set[frozenset[str]]()
    sets = [one for index, rule in _active(scope) for one in _settings(index, rule)]
    for one in sets:
        circle = _circle(one, [other for other in sets if other.field == one.field])
        keys = frozenset(step.rule.key for step in circle)
        if len(keys) > 1 and keys not in told:
            told.add(keys)
            way = " → ".join(f"{step.to} ('{step.rule.key}')" for step in circle)
            detail = f"rules undo each other's work on {one.field}: {way}"
            mend = "Give one a condition on another field, or let it hear of people's changes only: by: person."
            yield scope.warning("automation-at-odds", (SECTION, one.index), detail, mend=mend)


def _active(scope: Scope) -> Sequence[tuple[int, AutomationRule]]:
    rules = enumerate(scope.organisation.automation)
    return [(index, rule) for index, rule in rules if rule.enabled is not Enabled.FALSE]


def _actions(rule: AutomationRule) -> Iterator[Action]:
    return (one.action for one in rule.actions if one.action is not None)


def _always_stops(rule: AutomationRule) -> bool:
    always = isinstance(rule.when, Group) and rule.when.joint is Joint.ALL and not rule.when.parts
    return rule.stop and always and rule.once is Once.CHANGE and rule.enabled is Enabled.TRUE


def _covers(wide: On, narrow: On) -> bool:
    """Say whether ``wide`` hears of everything that ``narrow`` hears of."""
    names = not wide.names or (bool(narrow.names) and narrow.names <= wide.names)
    return wide.kind is narrow.kind and names and wide.by in (By.ANYONE, narrow.by)


# -- conditions ---------------------------------------------------------------------------------------------------


def _outright(condition: Condition) -> Iterator[Test]:
    """Yield the tests that must all hold."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Group) and condition.joint is Joint.ALL:
        for part in condition.parts:
            yield from _outright(part)


def _allowed(condition: Condition) -> Mapping[str, frozenset[object]]:
    """Return which values a condition allows of a field, where it says so outright."""
    allowed: dict[str, frozenset[object]] = {}
    for test in _outright(condition):
        if test.operator in _KNOWN:
            values = frozenset(test.value) if isinstance(test.value, tuple) else frozenset({test.value})
            allowed[test.field] = allowed.get(test.field, values) & values
    return allowed


def _contradiction(condition: Condition) -> str:
    """Return a field of which a condition asks what cannot be at once; "" without one."""
    allowed = _allowed(condition)
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    unset = set[str]()
    for test in _outright(condition):
        if test.operator is Operator.SET and test.value is False:
            unset.add(test.field)
        elif isinstance(test.value, int | float) and test.operator is Operator.AT_LEAST:
            least[test.field] = max(test.value, least.get(test.field, test.value))
        elif isinstance(test.value, int | float) and test.operator is Operator.AT_MOST:
            most[test.field] = min(test.value, most.get(test.field, test.value))
    empty = [field for field, values in allowed.items() if not values]
    crossed = [field for field in least if least[field] > most.get(field, least[field])]
    without = [field for field in unset if field in allowed or field in least or field in most]
    return next(iter((*empty, *crossed, *sorted(without))), "")


# -- what rules make of a field -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Setting:
    """A rule that hears of changes of a field and sets it."""

    index: int
    rule: AutomationRule
    field: str
    to: object
    of: frozenset[object] | None  # where the field has one of these; None: whatever it has

    def follows(self, other: _Setting) -> bool:
        """Say whether the rule undoes what the other one did."""
        return self.to != other.to and (self.of is None or other.to in self.of)


def _settings(index: int, rule: AutomationRule) -> Iterator[_Setting]:
    allowed = _allowed(rule.when)
    for action in _actions(rule):
        for field, to in _made(action):
            if _hears(rule, field):
                yield _Setting(index=index, rule=rule, field=field, to=to, of=allowed.get(field))


def _made(action: Action) -> Iterator[tuple[str, object]]:
    if action.kind is ActionKind.SET_PRIORITY:
        yield "priority", action.points
    for field, to in (("status", action.status), ("queue", action.queue), ("type", action.type), ("team", action.team)):
        if to:
            yield field, to
    for key, value in action.fields.items():
        yield f"fields.{key}", value
    for tag in action.tags:
        yield f"tags.{tag}", action.kind is ActionKind.ADD_TAGS


def _hears(rule: AutomationRule, field: str) -> bool:
    names = {field, field.partition(".")[0]}
    changed = (
        on.kind is OccasionKind.CHANGED and (not on.names or on.names & names) and on.by in (By.ANYONE, By.RULE)
        for on in rule.on
    )
    return any(changed) or (field == "status" and any(on.kind in _STATUS_KINDS for on in rule.on))


def _circle(start: _Setting, sets: Sequence[_Setting]) -> Sequence[_Setting]:
    """Return a shortest way of settings from ``start`` back to it, each undoing the one before; () without one."""
    paths: list[tuple[_Setting, ...]] = [(start,)]
    seen = {id(start)}
    for path in paths:  # grows meanwhile: breadth first
        if len(path) > 1 and start.follows(path[-1]):
            return path
        for other in sets:
            if id(other) not in seen and other.rule.key != path[-1].rule.key and other.follows(path[-1]):
                seen.add(id(other))
                paths.append((*path, other))
    return ()
