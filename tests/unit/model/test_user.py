"""Roles include the ones below them."""

from engine.model.organisation import Role
from engine.model.user import Principal


def principal(role: Role) -> Principal:
    return Principal(org_id="o", user_id="u", login="l", name="n", role=role, via="session")


def test_a_role_includes_the_ones_below_it() -> None:
    supervisor = principal(Role.SUPERVISOR)
    assert supervisor.at_least(Role.AGENT)
    assert supervisor.at_least(Role.SUPERVISOR)
    assert not supervisor.at_least(Role.ADMIN)
