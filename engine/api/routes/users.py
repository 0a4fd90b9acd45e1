"""Users and their passwords, for admins."""

from engine.api.access import Admin, GateKeeper, Parts
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.signing import Front
from engine.api.schemas.model import Page
from engine.api.schemas.people import NewPassword, NewUser, UserAnswer, UserChange
from engine.errors import InvalidInput
from engine.model.user import Principal

TAG = "Users"


async def list_users(parts: Parts, who: Admin) -> Page[UserAnswer]:
    """List users."""
    return Page(items=[UserAnswer.of(one) for one in await parts.users.list(who.org_id)])


async def create_user(body: NewUser, parts: Parts, who: Admin, front: Front) -> UserAnswer:
    """Create a user.

    To be offered work, a user also needs skills and queues, which the configuration gives by login.
    """
    user = await parts.users.create(
        who.org_id,
        login=body.login,
        name=body.name,
        role=body.role,
        locale=body.locale,
        password_hash=await front.hash(body.password) if body.password else "",
        now_ms=parts.clock.now_ms(),
    )
    await write_audit(parts, who, "user.created", user.id, {"login": user.login, "role": user.role.value})
    return UserAnswer.of(user)


async def change_user(user_id: str, body: UserChange, parts: Parts, who: Admin, gate: GateKeeper) -> UserAnswer:
    """Change a user.

    A user who is switched off or gets another role is signed out everywhere. The last admin stays one.
    """
    changes = body.model_dump(exclude_none=True)
    if not changes:
        raise InvalidInput("Nothing to change.")
    user = await parts.users.update(who.org_id, user_id, changes=changes)
    if "active" in changes or "role" in changes:
        gate.forget_user(who.org_id, user_id)
        parts.floor.stop_user(who.org_id, user_id, reason="user changed")
    await write_audit(parts, who, "user.changed", user_id, {key: str(value) for key, value in changes.items()})
    return UserAnswer.of(user)


async def set_user_password(
    user_id: str, body: NewPassword, parts: Parts, who: Admin, front: Front, *, gate: GateKeeper
) -> None:
    """Give a user a password.

    Ends the user's sessions.
    """
    await front.set_password(who.org_id, user_id, body.password)
    gate.forget_user(who.org_id, user_id)
    parts.floor.stop_user(who.org_id, user_id, reason="password changed")
    await write_audit(parts, who, "user.password", user_id, {})


async def write_audit(parts: ApiParts, who: Principal, action: str, target: str, data: dict[str, object]) -> None:
    """Note what an admin did."""
    await parts.audit.add(
        who.org_id,
        actor_id=who.user_id or who.login,
        action=action,
        target=target,
        data=data,
        now_ms=parts.clock.now_ms(),
    )


OPERATIONS = (
    Operation(method="GET", path="/users", handler=list_users, tag=TAG),
    Operation(
        method="POST",
        path="/users",
        handler=create_user,
        tag=TAG,
        status=201,
        errors=("login-taken", "weak-password"),
        secret=True,
    ),
    Operation(
        method="PATCH", path="/users/{user_id}", handler=change_user, tag=TAG, errors=("unknown-user", "last-admin")
    ),
    Operation(
        method="POST",
        path="/users/{user_id}/password",
        handler=set_user_password,
        tag=TAG,
        status=204,
        errors=("unknown-user", "weak-password"),
        secret=True,
    ),
)
