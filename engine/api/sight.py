"""What a caller may see of cases, contacts, accounts and conversations: one place that says it to every query."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from engine.api.parts import ApiParts
from engine.cases.listing import Oversees, Viewer
from engine.model.organisation import Role
from engine.model.oversight import sight_in
from engine.model.user import Principal
from engine.model.visibility import Guarded, Sight

T = TypeVar("T")
_ID: Callable[[Any], str] = attrgetter("id")


def sight_of(parts: ApiParts, who: Principal) -> Sight:
    """Return what the caller may see; see docs/explanation/permissions.md."""
    return sight_in(parts.organisations.get(who.org_id), who)


def oversees(parts: ApiParts, who: Principal, queue: str) -> bool:
    """Say whether a queue is the caller's to see."""
    sight = sight_of(parts, who)
    return sight.everything or queue in sight.queues


def viewer_of(parts: ApiParts, who: Principal) -> Viewer:
    """Return who looks at a list, for filters that say ``me``, and whose shared views he oversees."""
    if not who.at_least(Role.SUPERVISOR):
        return Viewer(user_id=who.user_id, login=who.login)
    oversees = Oversees.ALL if sight_of(parts, who).everything else Oversees.TEAMS
    return Viewer(user_id=who.user_id, login=who.login, oversees=oversees)


async def seen(
    parts: ApiParts, who: Principal, what: Guarded, found: Sequence[T], id_of: Callable[[T], str] = _ID
) -> Sequence[T]:
    """Return those of ``found`` that the caller sees; for who sees everything nothing is asked."""
    sight = sight_of(parts, who)
    if sight.everything:
        return found
    left = await parts.service.sights.among(who.org_id, sight, what, [id_of(one) for one in found])
    return [one for one in found if id_of(one) in left]
