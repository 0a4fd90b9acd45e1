"""Logging in and out, and who is signed in."""

from typing import Annotated

from fastapi import Depends, Request, Response

from engine.api.access import Agent, GateKeeper, Parts, Public, SignedIn, gate_of
from engine.api.devices import KEPT_S
from engine.api.gate import COOKIE, Caller
from engine.api.guesses import Place
from engine.api.login import Opened, Reception
from engine.api.operation import PREFIX, Operation
from engine.api.parts import ApiParts
from engine.api.schemas.people import LoginRequest, Me, OrganisationBrief, OwnPassword, UserAnswer
from engine.errors import Forbidden
from engine.model.user import User

ANYBODY = Annotated[None, Depends(Public("whoever logs in is not signed in yet"))]


def reception_of(request: Request) -> Reception:
    """Return the application's reception."""
    reception: Reception = request.app.state.reception
    return reception


Front = Annotated[Reception, Depends(reception_of)]


def address_of(request: Request) -> str:
    """Return the caller's network address, as the server saw it behind trusted proxies."""
    return request.client.host if request.client else ""


async def log_in(
    body: LoginRequest, request: Request, response: Response, parts: Parts, front: Front, *, _: ANYBODY = None
) -> Me:
    """Log in.

    Opens a session: the answer sets the cookie `cordboard_session` and carries the CSRF token for unsafe requests.
    What is wrong (login, password, a locked account) is not told apart. Wrong passwords lock the account for a while:
    few for the address they come from, more for every browser in which the user has not signed in before. A second
    cookie lets the browser be known the next time.
    """
    gate_of(request).check_origin(request)
    opened = await front.log_in(
        organisation=body.organisation,
        login=body.login,
        password=body.password,
        place=Place(address=address_of(request), cookies=request.cookies),
        user_agent=request.headers.get("user-agent", ""),
    )
    _set_cookie(response, request, parts, opened)
    return _me(parts, opened.session.user, csrf=opened.session.csrf, via="session")


async def log_out(
    request: Request, response: Response, parts: Parts, gate: GateKeeper, caller: SignedIn, *, who: Agent
) -> None:
    """Log out.

    Ends the session and closes its sockets. Presence is another matter: `POST /sign-out` goes offline.
    """
    if caller.session is None:
        raise Forbidden("An API token cannot log out; revoke it.")
    await parts.sessions.delete(caller.key)
    gate.forget(caller.key)
    parts.floor.stop_user(who.org_id, who.user_id, login_key=caller.key, reason="signed out")
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_secure(request, parts))


async def who_am_i(parts: Parts, caller: SignedIn, who: Agent) -> Me:
    """Say who is signed in."""
    if caller.session is not None:
        return _me(parts, caller.session.user, csrf=caller.session.csrf, via="session")
    organisation = parts.organisations.get(who.org_id)
    user = User(
        id=who.user_id,
        org_id=who.org_id,
        login=who.login,
        name=who.name,
        role=who.role,
        locale=organisation.locale,
    )
    return _me(parts, user, csrf="", via="token")


async def change_own_password(
    body: OwnPassword,
    request: Request,
    response: Response,
    parts: Parts,
    caller: SignedIn,
    *,
    who: Agent,
    front: Front,
    gate: GateKeeper,
) -> Me:
    """Change one's own password.

    All of the user's sessions end; the answer opens a new one.
    """
    user = _own_user(caller)
    opened = await front.change_own(
        user,
        current=body.current,
        new=body.password,
        place=Place(address=address_of(request), cookies=request.cookies, signed_in=True),
        user_agent=request.headers.get("user-agent", ""),
    )
    gate.forget_user(who.org_id, who.user_id)
    parts.floor.stop_user(who.org_id, who.user_id, reason="password changed")
    _set_cookie(response, request, parts, opened)
    return _me(parts, user, csrf=opened.session.csrf, via="session")


def _own_user(caller: Caller) -> User:
    if caller.session is None:
        raise Forbidden("A password is changed by its user, not by an API token.")
    return caller.session.user


def _me(parts: ApiParts, user: User, *, csrf: str, via: str) -> Me:
    organisation = OrganisationBrief.of(parts.organisations.get(user.org_id))
    return Me(user=UserAnswer.of(user), csrf=csrf, organisation=organisation, via=via)


def _secure(request: Request, parts: ApiParts) -> bool:
    return parts.settings.secure_cookies or request.url.scheme == "https"


def _set_cookie(response: Response, request: Request, parts: ApiParts, opened: Opened) -> None:
    secure = _secure(request, parts)
    response.set_cookie(COOKIE, opened.secret, path="/", httponly=True, samesite="lax", secure=secure)
    name, value = opened.device
    response.set_cookie(
        name, value, max_age=KEPT_S, path=f"{PREFIX}/login", httponly=True, samesite="lax", secure=secure
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/login",
        handler=log_in,
        tag="Signing in",
        errors=("login-failed", "too-fast", "origin-refused", "unavailable"),
        secret=True,
    ),
    Operation(method="POST", path="/logout", handler=log_out, tag="Signing in", status=204),
    Operation(method="GET", path="/me", handler=who_am_i, tag="Signing in"),
    Operation(
        method="POST",
        path="/me/password",
        handler=change_own_password,
        tag="Signing in",
        errors=("login-failed", "weak-password", "too-fast"),
        secret=True,
    ),
)
