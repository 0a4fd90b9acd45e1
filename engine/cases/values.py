"""What a condition sees of a case: one flat mapping of everything that rules may ask for. Pure.

A field that the case has no value for is left out. The names are those of ``engine.config.condition_fields``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.cases.draft import CaseRules, Draft
from engine.model.automation import BEFORE, HAD
from engine.model.casework import Milestone, SignalKind
from engine.model.customer import Contact
from engine.skills.business_time import is_open
from engine.skills.hours import named

WROTE = frozenset({SignalKind.OPENED, SignalKind.MESSAGE})
"""Signals that carry what the customer wrote."""


def case_values(draft: Draft, rules: CaseRules) -> dict[str, object]:
    """Return the values of the case as decided so far."""
    values = {**_own(draft, rules), **_customer(draft, rules), **_milestones(draft), **_hours(draft, rules)}
    return {name: value for name, value in values.items() if value is not None and value not in ("", ())}


def before_values(draft: Draft, rules: CaseRules) -> dict[str, object]:
    """Return what conditions may ask of the case as it was before the decision: ``was.`` and the field's name."""
    own = _own(replace(draft, case=draft.facts.case), rules)
    had = {name: value for name, value in own.items() if name in HAD or name.startswith("fields.")}
    return {f"{BEFORE}{name}": value for name, value in had.items() if value is not None and value not in ("", ())}


def _own(draft: Draft, rules: CaseRules) -> dict[str, object]:
    case = draft.case
    logins = _logins(rules)
    return {
        "subject": case.subject,
        "description": case.description,
        "text": tuple(_texts(draft)),
        "status": case.status,
        "status_kind": draft.kind.value,
        "priority": case.priority,
        "type": case.type,
        "origin": case.origin,
        "topic": case.topic,
        "queue": case.queue,
        "owner": logins.get(case.owner_id, case.owner_id),
        "team": case.team,
        "entitled": case.entitled,
        "entitlement": _entitlement_kind(draft),
        "plan": case.plan,
        "tags": case.tags and frozenset(case.tags),
        "reopened": case.reopened,
        "rating": case.rating or None,
        "age": max(0, draft.now_ms - case.opened_ms),
        "opened": case.opened_ms,
        "escalated": case.escalated_ms > 0,
        "part": bool(case.parent_id),
        "recent_contacts": draft.facts.recent_contacts,
        **_fields("fields", case.fields),
    }


def _logins(rules: CaseRules) -> Mapping[str, str]:
    return {setup.user_id: login for login, setup in rules.organisation.agents.items() if setup.user_id}


def _entitlement_kind(draft: Draft) -> str:
    """Return the kind of the entitlement that the case holds, as decided so far; "" = it holds none."""
    held = draft.case.entitlement_id
    if not held or held == draft.facts.case.entitlement_id:
        return draft.facts.entitlement_kind if held else ""
    claimed = (one.entitlement for one in draft.facts.promises)
    return next((one.kind.value for one in claimed if one.id == held), "")


def _texts(draft: Draft) -> Iterator[str]:
    """Yield what the customer wrote since the last decision."""
    for signal in draft.signals:
        text = signal.data.get("text")
        if signal.kind in WROTE and isinstance(text, str) and text:
            yield text


def _customer(draft: Draft, rules: CaseRules) -> dict[str, object]:
    facts, logins = draft.facts, _logins(rules)
    account_tier, owner_id = facts.account_tier, facts.account_owner_id
    values: dict[str, object] = {
        "account.tier": account_tier,
        "account.owner": logins.get(owner_id, owner_id),
        "tier": account_tier,
    }
    return values if facts.contact is None else {**values, **_contact(facts.contact, account_tier, logins)}


def _contact(contact: Contact, account_tier: str, logins: Mapping[str, str]) -> dict[str, object]:
    return {
        "contact.owner": logins.get(contact.owner_id, contact.owner_id),
        "tier": contact.tier or account_tier,
        "contact.tier": contact.tier,
        "contact.language": contact.language,
        "contact.time_zone": contact.time_zone,
        **_fields("contact.fields", contact.fields),
    }


def _fields(family: str, fields: Mapping[str, object]) -> dict[str, object]:
    return {f"{family}.{key}": frozenset(value) if isinstance(value, list) else value for key, value in fields.items()}


def _milestones(draft: Draft) -> dict[str, object]:
    """Return the last occurrence of each milestone: its state, whether it was missed, what is left (ms, may be < 0)."""
    last: dict[str, Milestone] = {}
    for one in draft.milestones:
        if one.key not in last or last[one.key].occurrence < one.occurrence:
            last[one.key] = one
    values: dict[str, object] = {}
    for key, one in last.items():
        values[f"milestones.{key}"] = one.state.value
        values[f"milestones.{key}.missed"] = one.missed_ms > 0
        values[f"milestones.{key}.remaining"] = one.due_ms - draft.now_ms if one.due_ms else None
    return values


def _hours(draft: Draft, rules: CaseRules) -> dict[str, object]:
    organisation = rules.organisation
    return {
        f"hours.{name}": "open" if is_open(named(organisation, name), draft.now_ms) else "closed"
        for name in organisation.hours
    }
