"""What a caller may see of cases, contacts, accounts and conversations: one place that says it to every query."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from engine.api.parts import ApiParts
from engine.model.organisation import Organisation, Role
from engine.model.user import Principal
from engine.model.visibility import EVERYTHING, Guarded, Sight

T = TypeVar("T")
_ID: Callable[[Any], str] = attrgetter("id")


def sight_of(parts: ApiParts, who: Principal) -> Sight:
    """Return what the caller may see; see docs/explanation/permissions.md."""
    if not who.user_id or who.at_least(Role.SUPERVISOR):
        return EVERYTHING
    return sight_in(parts.organisations.get(who.org_id), who)


def sight_in(organisation: Organisation, who: Principal) -> Sight:
    """Return what an agent of the organisation may see."""
    visibility = organisation.visibility
    if visibility.everything:
        return EVERYTHING
    setup = organisation.agents.get(who.login)
    return Sight(
        visibility=visibility,
        user_id=who.user_id,
        teams=tuple(key for key, team in organisation.teams.items() if who.login in team.everybody),
        queues=setup.queues if setup else (),
    )


async def seen(
    parts: ApiParts, who: Principal, what: Guarded, found: Sequence[T], id_of: Callable[[T], str] = _ID
) -> Sequence[T]:
    """Return those of ``found`` that the caller sees; for who sees everything nothing is asked."""
    sight = sight_of(parts, who)
    if sight.everything:
        return found
    left = await parts.service.sights.among(who.org_id, sight, what, [id_of(one) for one in found])
    return [one for one in found if id_of(one) in left]
