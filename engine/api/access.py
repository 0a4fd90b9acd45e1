"""What a route demands of its caller, declared beside the route.

Each route depends on either ``Needs`` (a role) or ``Public`` (and the reason). A test walks all
routes and fails on one that declares neither.
"""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection, Request

from engine.api.gate import Caller, Gate
from engine.api.guard import guard
from engine.api.pace import Pace, limiter_of
from engine.api.parts import ApiParts, handed_parts, parts_of
from engine.api.sight import sight_of
from engine.errors import Forbidden
from engine.model.organisation import Role
from engine.model.user import Principal, Scope


def gate_of(connection: HTTPConnection) -> Gate:
    """Return the gate of the application that serves this request."""
    gate: Gate = connection.app.state.gate
    return gate


async def handed_gate(connection: HTTPConnection) -> Gate:
    """Return the same to a route that depends on it: the framework would run a plain function in a thread."""
    return gate_of(connection)


async def caller_of(request: Request) -> Caller:
    """Return who sent the request, looked up once per request. Raises Unauthenticated, Forbidden."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        known = await gate_of(request).caller(request, method=request.method)
        request.state.caller = known
    return known


class Needs:
    """Let in callers of a role or above it, and tokens that have ``scope``; other tokens with scopes stay out."""

    def __init__(self, role: Role, scope: Scope | None = None) -> None:
        self.role = role
        self.scope = scope

    async def __call__(self, request: Request) -> Principal:
        """Return the caller; raise Unauthenticated, Forbidden."""
        principal = (await caller_of(request)).principal
        if principal.scopes and self.scope not in principal.scopes:
            wanted = f"the scope {self.scope.value}" if self.scope else "a token without scopes"
            raise Forbidden(f"This needs {wanted}.")
        if not principal.at_least(self.role):
            raise Forbidden(f"This needs the role {self.role.value}.")
        parts = parts_of(request)
        sight = sight_of(parts, principal)
        if not sight.everything:
            await guard(request, parts.service.sights, principal, sight)
        return principal


class SeesAll(Needs):
    """Let in supervisors who see everything; not those who are limited to what is of their teams."""

    async def __call__(self, request: Request) -> Principal:
        """Return the caller; raise Unauthenticated, Forbidden."""
        who = await super().__call__(request)
        if not sight_of(parts_of(request), who).everything:
            raise Forbidden("This is for those who see everything.")
        return who


class Paced:
    """Let each caller do it at a pace; see ``pace.py``."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace

    async def __call__(self, request: Request) -> None:
        """Take one of the caller's tokens; raise TooFast, Unauthenticated, Forbidden."""
        limiter_of(request).take(await caller_of(request), self.pace)


class Public:
    """Let in everybody, for a reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def __call__(self) -> None:
        """Do nothing."""


Parts = Annotated[ApiParts, Depends(handed_parts)]
GateKeeper = Annotated[Gate, Depends(handed_gate)]
SignedIn = Annotated[Caller, Depends(caller_of)]
Agent = Annotated[Principal, Depends(Needs(Role.AGENT))]
WorkReader = Annotated[Principal, Depends(Needs(Role.AGENT, Scope.WORK_READ))]
WorkHolder = Annotated[Principal, Depends(Needs(Role.AGENT, Scope.WORK_WRITE))]
WorkWriter = Annotated[Principal, Depends(Needs(Role.SUPERVISOR, Scope.WORK_WRITE))]
QueueWriter = Annotated[Principal, Depends(Needs(Role.SUPERVISOR, Scope.QUEUES_WRITE))]
CaseWriter = Annotated[Principal, Depends(Needs(Role.AGENT, Scope.CASES_WRITE))]
EventReader = Annotated[Principal, Depends(Needs(Role.SUPERVISOR, Scope.EVENTS_READ))]
SeeingAll = Annotated[Principal, Depends(SeesAll(Role.SUPERVISOR))]
Supervisor = Annotated[Principal, Depends(Needs(Role.SUPERVISOR))]
Admin = Annotated[Principal, Depends(Needs(Role.ADMIN))]
