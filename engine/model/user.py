"""Users and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.organisation import Role

_RANK = {Role.AGENT: 0, Role.SUPERVISOR: 1, Role.ADMIN: 2}


class Scope(StrEnum):
    """What a system's API token may do, and nothing else."""

    WORK_READ = "work:read"
    WORK_WRITE = "work:write"
    EVENTS_READ = "events:read"
    QUEUES_WRITE = "queues:write"
    CASES_WRITE = "cases:write"


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
    scopes: frozenset[Scope] = frozenset()  # of a system's token: all it may do; empty = as the role allows

    def at_least(self, role: Role) -> bool:
        """Say whether the caller's role is ``role`` or above it."""
        return _RANK[self.role] >= _RANK[role]
