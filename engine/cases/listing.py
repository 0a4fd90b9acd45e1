"""What a filter means for who looks, now: words become values. Pure.

``me`` is whoever looks, so one shared filter shows everybody his own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import InvalidInput
from engine.model.case_list import OPEN_ORDERS, CaseFilter, CaseOrder, CaseWanted, Values
from engine.model.case_setup import OVER, FieldOf
from engine.model.organisation import Organisation
from engine.skills.moments import moment_ms

ME, NOBODY, MY_TEAM, MINE = "me", "nobody", "my_team", "mine"
COLUMNS: Mapping[str, str] = {
    "status": "status", "queue": "queue", "type": "type", "owner": "owner_id", "team": "team", "origin": "origin",
    "entitled": "entitled",
}  # fmt: skip
"""Parts of a filter that have several values and a column, and their ``not_`` ones."""
SINGLE = ("contact_id", "account_id", "parent_id")
TIMES: Mapping[str, str] = {"opened": "opened_ms", "updated": "updated_ms", "closed": "closed_ms"}
REPLY = "reply"
Range = tuple[int | None, int | None]


class Oversees(StrEnum):
    """Whom somebody oversees."""

    NOBODY = "nobody"
    TEAMS = "teams"  # those he is in
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """Who looks."""

    user_id: str = ""
    login: str = ""
    oversees: Oversees = Oversees.NOBODY


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A value of a filter that is there no more."""

    field: str
    value: str


def resolved(
    which: CaseFilter, viewer: Viewer, organisation: Organisation, *, now_ms: int, order: CaseOrder = CaseOrder.NEWEST
) -> CaseWanted:
    """Return what the filter asks of the record; raise InvalidInput for a moment that is none.

    In the orders of work, cases that are over are left out unless the filter asks for them.
    """
    among: dict[str, Values] = {column: (getattr(which, column),) for column in SINGLE if getattr(which, column)}
    without: dict[str, Values] = {}
    for name, column in COLUMNS.items():
        meant = _meaning(name, viewer, organisation)
        if wanted := getattr(which, name):
            among[column] = meant(wanted)
        if unwanted := getattr(which, f"not_{name}"):
            without[column] = meant(unwanted)
    if which.kind:
        of_kind = tuple(key for key, one in organisation.case_statuses.items() if one.kind in which.kind)
        among["status"] = tuple(key for key in of_kind if key in among.get("status", of_kind))
    people = _meaning("owner", viewer, organisation)
    contact_owners = people(which.contact_owner)
    return CaseWanted(
        among=among,
        without=without,
        between=dict(_ranges(which, organisation, now_ms)),
        tags=which.tag,
        not_tags=which.not_tag,
        tiers=which.tier,
        not_tiers=which.not_tier,
        entitlements=which.entitlement,
        not_entitlements=which.not_entitlement,
        contact_owners=contact_owners,
        not_contact_owners=people(which.not_contact_owner),
        fields=which.fields,
        not_fields=which.not_fields,
        open=_open(which, order, organisation),
        escalated=which.escalated,
        milestones=which.milestone,
        due_before_ms=_at(which, "due_before", organisation, now_ms) or 0,
        responses=tuple(key for key, rule in organisation.milestones.items() if REPLY in rule.met_by),
        unanswered_since_ms=_at(which, "unanswered_since", organisation, now_ms) or 0,
        text=which.text.strip(),
        nothing=any(not values for values in among.values()) or bool(which.contact_owner and not contact_owners),
    )


def missing(which: CaseFilter, organisation: Organisation, user_ids: Collection[str]) -> Iterator[Missing]:
    """Yield the values that are configured no more, and owners that are users no more; cases may still have them."""
    known: Mapping[str, Collection[str]] = {
        "status": organisation.case_statuses,
        "queue": organisation.queues,
        "type": organisation.case_types,
        "team": (*organisation.teams, MINE, NOBODY),
        "owner": (*user_ids, ME, NOBODY, MY_TEAM),
        "contact_owner": (*user_ids, ME, NOBODY, MY_TEAM),
    }
    for name, keys in known.items():
        for part in (name, f"not_{name}"):
            yield from (Missing(field=part, value=one) for one in getattr(which, part) if one not in keys)
    defined = organisation.fields.get(FieldOf.CASE)
    for part, wanted in (("fields", which.fields), ("not_fields", which.not_fields)):
        yield from (Missing(field=part, value=one) for one in wanted if defined and one not in defined)


def _meaning(name: str, viewer: Viewer, organisation: Organisation) -> Callable[[Values], Values]:
    """Return how values of one part of a filter are read."""
    if name not in ("owner", "team"):
        return lambda values: values
    teams = [one for one in organisation.teams.values() if viewer.login and viewer.login in one.everybody]
    words: dict[str, Values] = {NOBODY: ("",)}
    if name == "team":
        words[MINE] = tuple(one.key for one in teams)
    else:
        words[ME] = (viewer.user_id,) if viewer.user_id else ()
        logins = {login for team in teams for login in team.everybody}
        members = {setup.user_id for login, setup in organisation.agents.items() if login in logins}
        words[MY_TEAM] = tuple(sorted(members - {""} | {viewer.user_id} - {""}))
    return lambda values: tuple(dict.fromkeys(one for value in values for one in words.get(value, (value,))))


def _open(which: CaseFilter, order: CaseOrder, organisation: Organisation) -> bool | None:
    if which.open is not None or order not in OPEN_ORDERS:
        return which.open
    over = {key for key, one in organisation.case_statuses.items() if one.kind in OVER}
    asked = OVER & set(which.kind) or over & set(which.status) or which.closed_from or which.closed_to
    return None if asked else True


def _ranges(which: CaseFilter, organisation: Organisation, now_ms: int) -> Iterator[tuple[str, Range]]:
    for name, column in TIMES.items():
        begin, end = (_at(which, f"{name}_{side}", organisation, now_ms) for side in ("from", "to"))
        if name == "updated" and which.closed_from:
            # What was closed since then has changed since then: where a list in order of change may end.
            begin = max(begin or 0, _at(which, "closed_from", organisation, now_ms) or 0)
        if name == "closed" and end is not None:
            begin = max(begin or 1, 1)  # 0 = not closed, which is not before anything
        if begin is not None or end is not None:
            yield column, (begin, end)
    if which.priority_from is not None or which.priority_to is not None:
        end = None if which.priority_to is None else which.priority_to + 1
        yield "priority", (which.priority_from, end)


def _at(which: CaseFilter, name: str, organisation: Organisation, now_ms: int) -> int | None:
    text: str = getattr(which, name)
    if not text:
        return None
    try:
        return moment_ms(text, now_ms=now_ms, zone=organisation.time_zone)
    except InvalidInput as error:
        raise InvalidInput(error.detail, mend=error.mend, field=name) from error
