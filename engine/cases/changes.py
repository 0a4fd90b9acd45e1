"""What a person or a program wants of a case, checked: the first step of a decision. Pure.

Checked against the configuration here; that a user, a contact or another case exists is checked by the record in the
same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from engine.cases.draft import CaseRules, Draft, Step, begin
from engine.cases.guarding import guard
from engine.errors import Conflict, InvalidInput
from engine.model.case import Case, NewCase
from engine.model.case_setup import OVER, FieldOf, Required
from engine.model.case_work import CASE_KIND
from engine.model.casework import CaseFacts
from engine.model.organisation import Organisation
from engine.skills.custom_fields import merged, require

MOST_TAGS = 50
LONGEST_TAG = 60
LONGEST_SUBJECT = 200
LONGEST_DESCRIPTION = 32_000
PRIORITY = 1_000
RATINGS = range(6)

TEXTS: Mapping[str, int] = {
    "subject": LONGEST_SUBJECT,
    "description": LONGEST_DESCRIPTION,
    "topic": 80,
    "owner_id": 80,
    "parent_id": 40,
    "contact_id": 40,
    "account_id": 40,
}
"""Fields that are texts, with their greatest length."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to become of a case."""

    changes: Mapping[str, object] = field(default_factory=dict)
    version: int = 0  # that it is based on; 0: whatever there is
    why: str = ""


def wanted(wish: Wish, *, approved: bool = False) -> Step:
    """Return the step that does what is wished, or refuses it. ``approved``: whoever has to has said yes.

    Raises Conflict: ``stale-version`` with the present ``case`` where the wish is based on another, ``illegal-status``,
    ``needs-approval``; InvalidInput with the ``field`` that does not fit.
    """

    def step(draft: Draft, rules: CaseRules) -> Draft:
        before, present = draft, draft.case
        if wish.version and wish.version != present.version:
            raise Conflict(
                "somebody else changed the case", slug="stale-version", version=present.version, case=present
            )
        for name, value in wish.changes.items():
            checked = _CHECKS.get(name)
            if checked is None:
                known = ", ".join(sorted(_CHECKS))
                raise InvalidInput(f"A case's {name!r} cannot be changed.", field=name, mend=f"Known: {known}.")
            draft = draft.with_change(name, checked(draft, rules, name, value), why=wish.why, asked=True)
        if not approved:
            guard(before, draft, rules)
        return complete(draft, rules)

    return step


def complete(draft: Draft, rules: CaseRules) -> Draft:
    """Refuse a case that is over now and lacks what it needs by then."""
    if draft.kind in OVER and draft.kind_before not in OVER:
        fields = rules.organisation.fields.get(FieldOf.CASE, {})
        require(fields, draft.case.fields, Required.OPENING, Required.CLOSING)
    return draft


_OPENING = (*TEXTS, "priority", "type", "queue", "fields", "tags")
"""What is said of a case when it is opened."""

Check = Callable[[Draft, CaseRules, str, object], object]


def _text(_draft: Draft, _rules: CaseRules, name: str, value: object) -> object:
    longest = TEXTS[name]
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidInput(f"A text of at most {longest:,} characters is needed.", field=name)
    if name == "subject" and not value.strip():
        raise InvalidInput("A case has a subject.", field=name)
    return value


def _priority(_draft: Draft, _rules: CaseRules, name: str, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > PRIORITY:
        raise InvalidInput(f"A whole number from -{PRIORITY} to {PRIORITY} is needed.", field=name)
    return value


def _rating(_draft: Draft, _rules: CaseRules, name: str, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or value not in RATINGS:
        raise InvalidInput("A whole number from 1 to 5 is needed; 0: none.", field=name)
    return value


def _routed(draft: Draft, rules: CaseRules, name: str, value: object) -> object:
    if not isinstance(value, bool):
        raise InvalidInput("True or false is needed.", field=name)
    if value and draft.case.queue not in rules.organisation.queues:
        raise InvalidInput("A case that waits for an agent needs a queue.", field=name, mend="Name its queue, too.")
    if value and not any(CASE_KIND in profile.channels for profile in rules.organisation.profiles.values()):
        raise InvalidInput("No capacity profile takes work of the kind case.", field=name)
    return value


def _status(draft: Draft, _rules: CaseRules, name: str, value: object) -> object:
    now = draft.case.status
    if not isinstance(value, str) or value not in draft.statuses:
        raise InvalidInput(f"{value!r} is no status of cases.", field=name, mend=f"Known: {', '.join(draft.statuses)}.")
    known = draft.statuses.get(now)
    if value != now and known is not None and value not in known.to:
        mend = f"Possible now: {', '.join(known.to) or 'none'}."
        raise Conflict(f"a case that is {now} cannot become {value}", slug="illegal-status", mend=mend)
    return value


def _one_of(names: Callable[[CaseRules], Mapping[str, object]], what: str) -> Check:
    def check(_draft: Draft, rules: CaseRules, name: str, value: object) -> object:
        known = names(rules)
        if not isinstance(value, str) or (value and value not in known):
            raise InvalidInput(
                f"There is no {what} {value!r}.", field=name, mend=f"Known: {', '.join(known) or 'none'}."
            )
        return value

    return check


def _fields(draft: Draft, rules: CaseRules, _name: str, value: object) -> object:
    if not isinstance(value, Mapping):
        raise InvalidInput("An object of fields is needed.", field="fields")
    return merged(rules.organisation.fields.get(FieldOf.CASE, {}), draft.case.fields, value)


def _tags(_draft: Draft, _rules: CaseRules, name: str, value: object) -> object:
    return checked_tags(value, name)


def checked_tags(value: object, name: str = "tags") -> tuple[str, ...]:
    """Return tags in order, each once, without spaces around; raise InvalidInput."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise InvalidInput("A list of tags is needed.", field=name)
    tags = tuple(dict.fromkeys(str(one).strip() for one in value))
    if len(tags) > MOST_TAGS or not all(0 < len(tag) <= LONGEST_TAG and tag.isprintable() for tag in tags):
        raise InvalidInput(f"At most {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters.", field=name)
    return tags


_CHECKS: Mapping[str, Check] = {
    **dict.fromkeys(TEXTS, _text),
    "status": _status,
    "priority": _priority,
    "rating": _rating,
    "routed": _routed,
    "plan": _one_of(lambda rules: rules.organisation.plans, "plan"),
    "team": _one_of(lambda rules: rules.organisation.teams, "team"),
    "type": _one_of(lambda rules: rules.organisation.case_types, "type of cases"),
    "queue": _one_of(lambda rules: rules.organisation.queues, "queue"),
    "fields": _fields,
    "tags": _tags,
}


def checked_opening(organisation: Organisation, new: NewCase) -> NewCase:
    """Return a case to be opened by a person or a program as it is kept; raise InvalidInput.

    Its fields are checked as those of a change are, and the ones that are required at opening have to be there.
    """
    present = Case(id="", org_id=new.org_id, number=0, subject="", contact_id="")
    rules, draft = CaseRules(organisation=organisation, new_id=str), begin(CaseFacts(case=present, now_ms=0))
    given = {name: getattr(new, name) for name in _OPENING}
    checked = {name: _CHECKS[name](draft, rules, name, value) for name, value in given.items()}
    fields = organisation.fields.get(FieldOf.CASE, {})
    require(fields, cast("Mapping[str, object]", checked["fields"]), Required.OPENING)
    return replace(new, **cast("Any", checked))
