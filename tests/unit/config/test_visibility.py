"""Who sees what, in the files; and what a supervisor of a team oversees."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.organisation import Role
from engine.model.oversight import overseen_by, sight_in
from engine.model.user import Principal
from engine.model.visibility import CasesSeen, SupervisorsSee
from tests.unit.config.conftest import Load, Refused

TEAMS = "teams: {blue: {name: Blue, members: [ana, sue]}, red: {name: Red, members: []}}\n"
AGENTS = (
    "agents:\n  ana: {name: Ana, profile: standard, queues: [general]}\n"
    "  sue: {name: Sue, role: supervisor}\n  sid: {name: Sid, role: supervisor}\n"
)


def who(login: str, role: Role = Role.SUPERVISOR) -> Principal:
    return Principal(org_id="small", user_id=f"u-{login}", login=login, name=login, role=role, via="session")


def test_a_supervisor_of_a_team_sees_what_is_of_it(load_with: Load) -> None:
    made = load_with({"service.yaml": TEAMS + "visibility: {cases: own, supervisors: team}\n", "agents.yaml": AGENTS})
    organisation = unpack(pack(made).compiled, version=1)
    assert organisation.visibility.supervisors is SupervisorsSee.TEAM
    sight = sight_in(organisation, who("sue"))
    assert (sight.visibility.cases, sight.teams, sight.queues) == (CasesSeen.TEAM, ("blue",), ("general",))
    overseen = overseen_by(organisation, who("sue"))
    assert overseen is not None
    assert overseen.people == {"ana", "sue"}
    assert sight_in(organisation, who("sid")).queues == ()
    assert sight_in(organisation, who("ada", Role.ADMIN)).everything
    assert sight_in(organisation, who("ana", Role.AGENT)).visibility.cases is CasesSeen.OWN


def test_supervisors_see_all_unless_told_otherwise(load_with: Load) -> None:
    organisation = load_with({"service.yaml": TEAMS + "visibility: {cases: own}\n", "agents.yaml": AGENTS})
    assert sight_in(organisation, who("sid")).everything
    assert overseen_by(organisation, who("sid")) is None


@pytest.mark.parametrize("cases", ["", "cases: all, "])
def test_no_supervisor_sees_less_than_the_agents(refused: Refused, cases: str) -> None:
    (said,) = refused({"service.yaml": f"visibility: {{{cases}supervisors: team}}\n"})
    assert "supervisors would see less than agents" in said
    assert "service.yaml" in said
