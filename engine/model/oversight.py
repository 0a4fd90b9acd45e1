"""Who oversees what: the sight of one user in his organisation. Pure; see docs/explanation/permissions.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.model.organisation import Organisation, Role
from engine.model.team import Team
from engine.model.user import Principal
from engine.model.visibility import EVERYTHING, CasesSeen, Sight, SupervisorsSee


def sight_in(organisation: Organisation, who: Principal) -> Sight:
    """Return what somebody sees; a token without a user, and an admin, see everything."""
    visibility = organisation.visibility
    if not who.user_id or who.at_least(Role.ADMIN):
        return EVERYTHING
    supervises = who.at_least(Role.SUPERVISOR)
    if visibility.everything or (supervises and visibility.supervisors is SupervisorsSee.ALL):
        return EVERYTHING
    mine = {key: team for key, team in organisation.teams.items() if who.login in team.everybody}
    if supervises:
        visibility = replace(visibility, cases=CasesSeen.TEAM)
        return Sight(
            visibility=visibility,
            user_id=who.user_id,
            teams=tuple(mine),
            queues=_queues(organisation, people_of(mine.values()) | {who.login}),
        )
    return Sight(
        visibility=visibility, user_id=who.user_id, teams=tuple(mine), queues=_queues(organisation, {who.login})
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Overseen:
    """The rows of the wallboard that a supervisor sees who does not see all."""

    queues: frozenset[str]
    people: frozenset[str]  # logins


def overseen_by(organisation: Organisation, who: Principal) -> Overseen | None:
    """Return what of the wallboard somebody sees; None: all."""
    sight = sight_in(organisation, who)
    if sight.everything:
        return None
    people = people_of(organisation.teams[key] for key in sight.teams) | {who.login}
    return Overseen(queues=frozenset(sight.queues), people=people)


def people_of(teams: Iterable[Team]) -> frozenset[str]:
    """Return the logins of everybody in these teams."""
    return frozenset(login for team in teams for login in team.everybody)


def _queues(organisation: Organisation, logins: Iterable[str]) -> tuple[str, ...]:
    """Return the queues that any of these work in, in the configuration's order."""
    setups = (organisation.agents.get(login) for login in logins)
    worked = {queue for setup in setups if setup for queue in setup.queues}
    return tuple(key for key in organisation.queues if key in worked)
