"""Assignment: the first rule whose condition holds gives a case its queue, skills, owner. Pure.

It happens once by itself, when a case was opened, and again whenever somebody asks for it. The history says which
rule it was and what it saw. What a person has decided meanwhile stands: a rule gives an owner only to a case that has
none, unless a person asks for the rules to be run.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cases.draft import CaseRules, Draft
from engine.cases.people import caretaker_id, present
from engine.cases.values import case_values
from engine.model.assignment import CARETAKERS, AssignmentRule, OwnerFrom
from engine.model.case_setup import OVER
from engine.model.casework import SignalKind
from engine.skills.conditions import judge, matches, reasons
from engine.skills.qualify import merge


def assignment(draft: Draft, rules: CaseRules) -> Draft:
    """Assign a case that was opened, once."""
    if not rules.organisation.assignment or not draft.signalled(SignalKind.OPENED):
        return draft
    return _assign(draft, rules, asked=False)


def assign_again(draft: Draft, rules: CaseRules) -> Draft:
    """Run the rules on a case because a person asks for it; that none holds is said in its history, too."""
    if draft.kind in OVER:
        return draft
    return _assign(draft, rules, asked=True)


def _assign(draft: Draft, rules: CaseRules, *, asked: bool) -> Draft:
    values = case_values(draft, rules)
    rule = next((one for one in rules.organisation.assignment if matches(one.when, values)), None)
    if rule is None:
        return draft.with_line("assigned", rule="", asked=asked) if asked else draft
    draft = draft.with_line("assigned", rule=rule.name, asked=asked, because=reasons(judge(rule.when, values)))
    why = f"assignment: {rule.name}"
    for name, to in _wanted(draft, rule, rules, asked=asked).items():
        draft = draft.with_change(name, to, why=why)
    return draft


def _wanted(draft: Draft, rule: AssignmentRule, rules: CaseRules, *, asked: bool) -> Mapping[str, object]:
    """Return the fields that the rule decides."""
    case = draft.case
    texts = {"queue": rule.queue, "team": rule.team, "type": rule.type, "plan": rule.plan}
    wanted: dict[str, object] = {name: to for name, to in texts.items() if to}
    if rule.skills:
        wanted["skills"] = merge(case.skills, rule.skills)
    if rule.priority is not None:
        wanted["priority"] = rule.priority
    if rule.tags:
        wanted["tags"] = (*case.tags, *(tag for tag in rule.tags if tag not in case.tags))
    if rule.route is not None:
        wanted["routed"] = rule.route
    owner_id = _owner(draft, rule, rules)
    if owner_id is not None and (asked or not case.owner_id):
        wanted["owner_id"] = owner_id
    return wanted


def _owner(draft: Draft, rule: AssignmentRule, rules: CaseRules) -> str | None:
    """Return the user who is to own the case, "" for nobody, None when the rule leaves it or there is no such user."""
    if not rule.owner:
        return None
    if rule.owner == OwnerFrom.NOBODY:
        return ""
    setup = rules.organisation.agents.get(rule.owner)
    user_id = caretaker_id(draft, rule.owner) if rule.owner in CARETAKERS else setup.user_id if setup else ""
    return present(draft, user_id) or None
