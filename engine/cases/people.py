"""Who is meant by the words that rules use for people. Pure."""

from __future__ import annotations

from engine.cases.draft import CaseRules, Draft
from engine.model.approval import OWNER_LEAD, TEAM_LEAD
from engine.model.assignment import CARETAKERS, OwnerFrom


def team_lead(draft: Draft, rules: CaseRules) -> str:
    """Return the log-in of who leads the case's team, or a team that its owner is in; "" = nobody."""
    organisation = rules.organisation
    if draft.case.team in organisation.teams:
        return organisation.teams[draft.case.team].lead
    return owner_lead(draft, rules)


def owner_lead(draft: Draft, rules: CaseRules) -> str:
    """Return the log-in of who leads a team that the case's owner is in; "" = nobody."""
    organisation = rules.organisation
    owners = {login for login, one in organisation.agents.items() if one.user_id and one.user_id == draft.case.owner_id}
    return next((team.lead for team in organisation.teams.values() if owners & set(team.everybody)), "")


def caretaker_id(draft: Draft, who: str) -> str:
    """Return the user id of ``contact_owner`` or ``account_owner``; "" = nobody looks after the customer."""
    facts = draft.facts
    if who == OwnerFrom.ACCOUNT_OWNER:
        return facts.account_owner_id
    return facts.contact.owner_id if facts.contact else ""


def present(draft: Draft, user_id: str) -> str:
    """Return the user id; "" of somebody who is switched off."""
    return "" if user_id in draft.facts.absent else user_id


def deputy_of(draft: Draft, user_id: str, *, not_by: str = "") -> str:
    """Return who stands in for a user now, or for his deputy who is away, too; "" = nobody does.

    ``not_by``: a user id; whom he wrote down as somebody's deputy does not count.
    """
    deputies = [one for one in draft.facts.deputies or () if not not_by or one.made_by != not_by]
    seen, last = {user_id}, user_id
    while True:
        now = (one for one in deputies if one.user_id == last and one.stands_in(draft.now_ms))
        found = next(now, None)
        if found is None or found.deputy_id in seen:
            return "" if last == user_id else present(draft, last)
        last = found.deputy_id
        seen.add(last)


def user_id_of(draft: Draft, rules: CaseRules, who: str) -> str:
    """Return the user id of a log-in or of a word for somebody, or of his deputy while he is away.

    "" = there is nobody, or he is switched off. The words: ``owner``, ``contact_owner``, ``account_owner``,
    ``team_lead``, ``owner_lead``.
    """
    return deputy_of(draft, _user_id(draft, rules, who)) or himself(draft, rules, who)


def himself(draft: Draft, rules: CaseRules, who: str) -> str:
    """Return the user id as ``user_id_of``, whoever stands in for him."""
    return present(draft, _user_id(draft, rules, who))


def _user_id(draft: Draft, rules: CaseRules, who: str) -> str:
    if who == "owner":
        return draft.case.owner_id
    if who in CARETAKERS:
        return caretaker_id(draft, who)
    leads = {TEAM_LEAD: team_lead, OWNER_LEAD: owner_lead}
    login = leads[who](draft, rules) if who in leads else who
    setup = rules.organisation.agents.get(login)
    return setup.user_id if setup else ""
