"""Users and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.organisation import Role

_RANK = {Role.AGENT: 0, Role.SUPERVISOR: 1, Role.ADMIN: 2}


def lower(one: Role, other: Role) -> Role:
    """Return the role that may do less."""
    return min(one, other, key=_RANK.__getitem__)


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Somebody who can sign in; an agent's id on the board is the user id."""

    id: str
    org_id: str
    login: str
    name: str
    role: Role
    active: bool = True
    locale: str = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """The authenticated caller of a route or socket."""

    org_id: str
    user_id: str
    login: str
    name: str
    role: Role
    via: str  # "session" | "token"

    def at_least(self, role: Role) -> bool:
        """Say whether the caller's role is ``role`` or above it."""
        return _RANK[self.role] >= _RANK[role]
