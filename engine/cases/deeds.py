"""What escalations, macros and automation rules do: each action becomes a part of the draft. Pure.

Each says in a word or two what came of it, for the explanation; one that cannot be done (a team without a lead, a
status that may not follow) is passed over and says why, so that it holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.cases.changes import MOST_TAGS
from engine.cases.draft import CaseRules, Draft
from engine.cases.guarding import required
from engine.cases.ladder_start import begun_by_action
from engine.cases.people import caretaker_id, deputy_of, team_lead, user_id_of
from engine.cases.turns import begun_by_rule
from engine.model.assignment import CARETAKERS
from engine.model.casework import EffectKind
from engine.model.escalation import Action, ActionKind, NotifyBy
from engine.skills.merging import merge, merge_line
from engine.skills.qualify import merge as merge_skills

LONGEST_LINE = 200
LONGEST_TEXT = 4_000
MOST_PRIORITY = 1_000

Deed = tuple[Draft, str]
"""The draft afterwards, and what came of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """What an action is done for: a step of a rule set, a macro, or an automation rule."""

    rule_set: str  # its key
    name: str
    why: str  # said in the history beside a change
    step: str = ""
    occurrence: int = 1
    due_ms: int = 0
    actor_id: str = ""  # who had it done; "" = a rule


def do(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    """Do one action; return what came of it: "" when it was done as configured, else why not.

    What needs somebody's yes is passed over: a rule has to ask for it (``ask_approval``).
    """
    after, fault = attempt(draft, rules, cause, action)
    processes = required(draft, after, rules)
    return (draft, f"this needs the approval {processes[0].key}") if processes else (after, fault)


def attempt(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    """Do one action whatever it needs, as ``do``: for who looks at all of them together."""
    return _DEEDS[action.kind](draft, rules, cause, action)


def merge_values(draft: Draft, rules: CaseRules, cause: Cause) -> Mapping[str, str]:
    """Return the values of merge fields."""
    case, organisation, contact = draft.case, rules.organisation, draft.facts.contact
    owner = next((one for one in organisation.agents.values() if one.user_id and one.user_id == case.owner_id), None)
    team = organisation.teams.get(case.team)
    values = {
        "case.number": str(case.number),
        "case.subject": case.subject,
        "case.status": case.status,
        "case.priority": str(case.priority),
        "case.queue": case.queue,
        "case.type": case.type,
        "case.topic": case.topic,
        "case.id": case.id,
        "contact.name": contact.name if contact else "",
        "owner.name": owner.name if owner else "",
        "team.name": team.name if team else "",
        "rule.name": cause.name,
        "rule.key": cause.rule_set,
        "step.name": cause.step,
    }
    return values | {f"case.fields.{key}": str(value) for key, value in case.fields.items()}


def recipients(draft: Draft, rules: CaseRules, who: Sequence[str]) -> dict[str, object]:
    """Return who is meant: ids of users, log-ins, roles, mail addresses, and whether all supervisors.

    Who stands in for one of them hears of it, too.
    """
    user_ids, logins, roles, addresses, supervisors = set[str](), set[str](), set[str](), set[str](), False
    for one in who:
        if one == "supervisors":
            supervisors = True
        elif one == "owner":
            user_ids |= {draft.case.owner_id} - {""}
        elif one in CARETAKERS:
            user_ids |= {caretaker_id(draft, one)} - {""}
        elif one == "followers":
            user_ids |= draft.facts.followers | draft.decision.add_followers
        elif one == "team_lead":
            logins |= {team_lead(draft, rules)} - {""}
        elif one.startswith("role:"):
            roles.add(one.removeprefix("role:"))
        elif one in rules.organisation.agents:
            logins.add(one)
        else:
            addresses.add(one)
    agents = rules.organisation.agents
    named = user_ids | {agents[login].user_id for login in logins if login in agents}
    user_ids |= {deputy_of(draft, one) for one in named} - {""}
    found = {"user_ids": user_ids, "logins": logins, "roles": roles, "addresses": addresses}
    return {name: sorted(values) for name, values in found.items() if values} | (
        {"supervisors": True} if supervisors else {}
    )


def _raise_priority(draft: Draft, _rules: CaseRules, cause: Cause, action: Action) -> Deed:
    to = max(-MOST_PRIORITY, min(MOST_PRIORITY, draft.case.priority + action.points))
    return draft.with_change("priority", to, why=cause.why), ""


def _set_priority(draft: Draft, _rules: CaseRules, cause: Cause, action: Action) -> Deed:
    return draft.with_change("priority", action.points, why=cause.why), ""


def _move(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    if action.queue not in rules.organisation.queues:
        return draft, f"there is no queue {action.queue}"
    return draft.with_change("queue", action.queue, why=cause.why), ""


def _require(draft: Draft, _rules: CaseRules, cause: Cause, action: Action) -> Deed:
    return draft.with_change("skills", merge_skills(draft.case.skills, action.skills), why=cause.why), ""


def _assign(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    if action.queue:
        moved, fault = _move(draft, rules, cause, action)
        return (draft, fault) if fault else (moved.with_change("owner_id", "", why=cause.why), "")
    user_id = user_id_of(draft, rules, action.who)
    if not user_id:
        return draft, f"nobody is {action.who}"
    return draft.with_change("owner_id", user_id, why=cause.why), ""


def _notify(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    case, values = draft.case, merge_values(draft, rules, cause)
    told: dict[str, object] = {
        "rule_set": cause.rule_set,
        "name": cause.name,
        "step": cause.step,
        "occurrence": cause.occurrence,
        "due_ms": cause.due_ms,
        "number": case.number,
        "subject": case.subject[:LONGEST_LINE],
        "priority": case.priority,
        "queue": case.queue,
        "text": merge(action.text, values, most=LONGEST_TEXT),
    }
    if action.by is NotifyBy.WEBHOOK:
        return draft.with_new_effect(EffectKind.WEBHOOK, rules, webhook=action.to[0], **told), ""
    to = recipients(draft, rules, action.to)
    if not to:
        return draft, f"nobody is {', '.join(action.to)}"
    kind = EffectKind.EMAIL if action.by is NotifyBy.EMAIL else EffectKind.CONSOLE
    return draft.with_new_effect(kind, rules, to=to, **told), ""


def _add_follower(draft: Draft, rules: CaseRules, _cause: Cause, action: Action) -> Deed:
    user_id = user_id_of(draft, rules, action.who)
    return (draft.with_followers(user_id), "") if user_id else (draft, f"nobody is {action.who}")


def _set(draft: Draft, _rules: CaseRules, cause: Cause, action: Action) -> Deed:
    fields = {**draft.case.fields, **action.fields}
    kept = {key: value for key, value in fields.items() if value is not None}
    return draft.with_change("fields", kept, why=cause.why), ""


def _set_status(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    status = rules.organisation.case_statuses.get(draft.case.status)
    if action.status == draft.case.status:
        return draft, ""
    if action.status not in rules.organisation.case_statuses or (status and action.status not in status.to):
        return draft, f"{draft.case.status} cannot become {action.status}"
    return draft.with_change("status", action.status, why=cause.why), ""


def _open_child(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    child = action.child
    if draft.case.parent_id or child is None:
        return draft, "the case is a part itself"  # so that no rule set opens cases without end
    values = merge_values(draft, rules, cause)
    wanted: dict[str, object] = {
        "subject": merge_line(child.subject, values, most=LONGEST_LINE),
        "description": merge(child.description, values, most=LONGEST_TEXT),
        "queue": child.queue,
        "type": child.type,
        "priority": draft.case.priority if child.priority is None else child.priority,
    }
    return draft.with_child(**wanted), ""


def _comment(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    body = merge(action.text, merge_values(draft, rules, cause), most=LONGEST_TEXT)
    return draft.with_line("comment", body=body), ""


def _add_tags(draft: Draft, _rules: CaseRules, cause: Cause, action: Action) -> Deed:
    tags = (*draft.case.tags, *(tag for tag in action.tags if tag not in draft.case.tags))
    if len(tags) > MOST_TAGS:
        return draft, f"a case has at most {MOST_TAGS} tags"
    return draft.with_change("tags", tags, why=cause.why), ""


def _remove_tags(draft: Draft, _rules: CaseRules, cause: Cause, action: Action) -> Deed:
    tags = tuple(tag for tag in draft.case.tags if tag not in action.tags)
    return draft.with_change("tags", tags, why=cause.why), ""


def _set_type(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    if action.type not in rules.organisation.case_types:
        return draft, f"there is no type of cases {action.type}"
    return draft.with_change("type", action.type, why=cause.why), ""


def _set_team(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    if action.team not in rules.organisation.teams:
        return draft, f"there is no team {action.team}"
    return draft.with_change("team", action.team, why=cause.why), ""


def _ask_approval(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    asked = action.approval
    if asked is None:
        return draft, "nothing is asked for"
    reason = merge(asked.reason, merge_values(draft, rules, cause), most=LONGEST_TEXT) or cause.why
    return begun_by_rule(draft, rules, replace(asked, reason=reason), actor_id=cause.actor_id)


def _escalate(draft: Draft, rules: CaseRules, cause: Cause, action: Action) -> Deed:
    return begun_by_action(draft, rules, action.rule_set, why=cause.why)


_DEEDS: Mapping[ActionKind, Callable[[Draft, CaseRules, Cause, Action], Deed]] = {
    ActionKind.RAISE_PRIORITY: _raise_priority,
    ActionKind.SET_PRIORITY: _set_priority,
    ActionKind.MOVE: _move,
    ActionKind.REQUIRE: _require,
    ActionKind.ASSIGN: _assign,
    ActionKind.NOTIFY: _notify,
    ActionKind.ADD_FOLLOWER: _add_follower,
    ActionKind.SET: _set,
    ActionKind.SET_STATUS: _set_status,
    ActionKind.OPEN_CHILD: _open_child,
    ActionKind.COMMENT: _comment,
    ActionKind.ADD_TAGS: _add_tags,
    ActionKind.REMOVE_TAGS: _remove_tags,
    ActionKind.SET_TYPE: _set_type,
    ActionKind.SET_TEAM: _set_team,
    ActionKind.ASK_APPROVAL: _ask_approval,
    ActionKind.ESCALATE: _escalate,
}
