"""Users, sessions and tokens at the border."""

from typing import Annotated

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.clock import moment, rfc3339
from engine.model.organisation import Organisation, Role
from engine.model.record import ApiToken, AuditEvent
from engine.model.user import Scope, User

Login = Annotated[str, Field(min_length=1, max_length=100, examples=["ana"])]
Password = Annotated[str, Field(min_length=1, max_length=2_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class LoginRequest(Request):
    """Log in."""

    login: Login
    password: Password
    organisation: str = Field(default="", max_length=40, description="May be left out where there is only one.")


class UserAnswer(Answer):
    """A user."""

    id: str
    login: str
    name: str
    role: Role
    active: bool
    locale: str

    @classmethod
    def of(cls, user: User) -> "UserAnswer":
        """Build from the noun."""
        return cls(id=user.id, login=user.login, name=user.name, role=user.role, active=user.active, locale=user.locale)


class OrganisationBrief(Answer):
    """The caller's organisation."""

    id: str
    name: str
    locale: str

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationBrief":
        """Build from the noun."""
        return cls(id=organisation.id, name=organisation.name, locale=organisation.locale)


class Me(Answer):
    """Who is signed in."""

    user: UserAnswer
    csrf: str = Field(description="Send it as `X-CSRF-Token` with unsafe requests; empty for API tokens.")
    organisation: OrganisationBrief
    via: str = Field(description="`session` or `token`.")


class NewUser(Request):
    """Create a user."""

    login: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,99}$")]
    name: Name
    role: Role
    password: Password | None = Field(default=None, description="Without one the user cannot sign in yet.")
    locale: str = Field(default="en", max_length=35)


class UserChange(Request):
    """Change a user; what is left out stays."""

    name: Name | None = None
    role: Role | None = None
    active: bool | None = None
    locale: str | None = Field(default=None, max_length=35)


class NewPassword(Request):
    """Give a user a password."""

    password: Password


class OwnPassword(Request):
    """Change one's own password."""

    current: Password
    password: Password


class NewToken(Request):
    """Create an API token."""

    name: Name
    role: Role = Role.AGENT
    user_id: str = Field(default="", max_length=40, description="The user it acts for; none for the organisation.")
    valid_days: int = Field(default=0, ge=0, le=3_650, description="0 for no end.")
    scopes: list[Scope] = Field(
        default_factory=list, max_length=10, description="For a system: all it may do; the role does not count then."
    )


class TokenAnswer(Answer):
    """An API token, without its secret."""

    id: str
    name: str
    role: Role
    user_id: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    @classmethod
    def of(cls, token: ApiToken) -> "TokenAnswer":
        """Build from the noun."""
        return cls(
            id=token.id,
            name=token.name,
            role=token.role,
            user_id=token.user_id,
            scopes=list(token.scopes),
            created_at=rfc3339(token.created_ms),
            expires_at=moment(token.expires_ms),
            revoked_at=moment(token.revoked_ms),
        )


class TokenCreated(Answer):
    """A new API token with its secret, which is shown only now."""

    token: TokenAnswer
    secret: str = Field(examples=["cbt_…"])


class AuditAnswer(Answer):
    """Who did what to what."""

    id: str
    at: str
    actor_id: str
    action: str
    target: str
    data: dict[str, object]

    @classmethod
    def of(cls, event: AuditEvent) -> "AuditAnswer":
        """Build from the noun."""
        return cls(
            id=event.id,
            at=rfc3339(event.at_ms),
            actor_id=event.actor_id,
            action=event.action,
            target=event.target,
            data=dict(event.data),
        )
