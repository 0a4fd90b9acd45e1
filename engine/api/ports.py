"""The record (SQL) as the routes need it: one Protocol per group, each method one transaction."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.model.case import Case, CaseEvent
from engine.model.conversation import Entry, Interaction
from engine.model.customer import Contact
from engine.model.organisation import Organisation, Role
from engine.model.record import (
    Alert,
    ApiToken,
    AuditEvent,
    CaseTimeline,
    Credentials,
    Kept,
    Overview,
    Session,
    Snapshot,
)
from engine.model.user import Principal, Scope, User
from engine.model.visibility import Sight
from engine.model.work import RoutingEvent, WorkItem


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...

    def all(self) -> Sequence[Organisation]:
        """Return every organisation served here."""
        ...


class Users(Protocol):
    """Keep users and their passwords' hashes."""

    async def by_login(self, org_id: str, login: str) -> Credentials | None:
        """Return a user with what signing in needs."""
        ...

    async def get(self, org_id: str, user_id: str) -> User:
        """Return a user; raise NotFound."""
        ...

    async def list(self, org_id: str) -> Sequence[User]:
        """Return all users."""
        ...

    async def create(
        self, org_id: str, *, login: str, name: str, role: Role, locale: str, password_hash: str, now_ms: int
    ) -> User:
        """Create a user; raise Conflict(login-taken)."""
        ...

    async def update(self, org_id: str, user_id: str, *, changes: Mapping[str, object]) -> User:
        """Change name, role, active, locale; raise NotFound, Conflict(last-admin).

        Another role or activity ends the user's sessions in the same transaction.
        """
        ...


class Passwords(Protocol):
    """Keep the hashes of passwords and count failures."""

    async def set_password(self, org_id: str, user_id: str, password_hash: str) -> None:
        """Replace a user's hash and end his sessions, in one transaction."""
        ...

    async def rehash(self, org_id: str, user_id: str, *, before: str, after: str) -> bool:
        """Replace the hash of the same password, unless it is another by now."""
        ...

    async def record_failure(self, org_id: str, user_id: str, *, lock_after: int, lock_ms: int, now_ms: int) -> object:
        """Count a wrong password; lock at the limit."""
        ...

    async def record_success(self, org_id: str, user_id: str) -> None:
        """Forget the failures."""
        ...


class Sessions(Protocol):
    """Keep signed-in browsers; the token itself is never kept."""

    async def create(
        self,
        token_hash: str,
        *,
        user: User,
        csrf: str,
        expires_ms: int,
        address: str,
        user_agent: str,
        now_ms: int,
        password_hash: str,
    ) -> Session:
        """Begin a session; raise Unauthenticated(login-failed) when the password is another by now."""
        ...

    async def get(self, token_hash: str, now_ms: int) -> Session | None:
        """Return a session that has not expired."""
        ...

    async def touch(self, token_hash: str, *, expires_ms: int, now_ms: int) -> None:
        """Note that the session is in use."""
        ...

    async def delete(self, token_hash: str) -> None:
        """End a session. Idempotent."""
        ...


class Tokens(Protocol):
    """Keep API tokens; the secret itself is never kept."""

    async def create(
        self,
        org_id: str,
        *,
        name: str,
        token_hash: str,
        role: Role,
        user_id: str,
        expires_ms: int,
        now_ms: int,
        scopes: Sequence[Scope] = (),
    ) -> ApiToken:
        """Keep a new token."""
        ...

    async def get(self, token_hash: str, now_ms: int) -> Principal | None:
        """Return whom the token speaks for."""
        ...

    async def list(self, org_id: str) -> Sequence[ApiToken]:
        """Return all tokens."""
        ...

    async def revoke(self, org_id: str, token_id: str, *, now_ms: int) -> str:
        """End a token and return its hash; raise NotFound."""
        ...


class WorkItems(Protocol):
    """Read work items."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...

    async def list(
        self,
        org_id: str,
        *,
        state: str | None,
        queue: str | None,
        wanted: Mapping[str, str],
        limit: int,
        before_id: str | None,
        sight: Sight,
    ) -> Sequence[WorkItem]:
        """Return work items, newest first; ``wanted`` filters by kind, reference, case, contact or parent."""
        ...


class History(Protocol):
    """Read routing history."""

    async def history(self, org_id: str, item_id: str) -> Sequence[RoutingEvent]:
        """Return an item's events, oldest first."""
        ...


class Explainer(Protocol):
    """Explain the live board."""

    async def explain(self, org_id: str, item_id: str) -> Mapping[str, object]:
        """Say which agents qualify, and why each other does not."""
        ...


class Conversations(Protocol):
    """Read conversations."""

    async def get(self, org_id: str, interaction_id: str) -> Interaction:
        """Return the interaction; raise NotFound."""
        ...

    async def overview(self, org_id: str, interaction_id: str) -> Overview:
        """Return the interaction with contact, case and work item; raise NotFound."""
        ...


class Transcripts(Protocol):
    """Read transcripts."""

    async def since(self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = 200) -> Sequence[Entry]:
        """Return the entries after a number, in order."""
        ...


class CaseReader(Protocol):
    """Read cases."""

    async def lines(self, org_id: str, case_id: str) -> int:
        """Return how many lines a case's history has; raise NotFound."""
        ...

    async def get(self, org_id: str, case_id: str) -> Case:
        """Return a case; raise NotFound."""
        ...

    async def events(
        self, org_id: str, case_id: str, *, after_number: int = 0, limit: int | None = None
    ) -> Sequence[CaseEvent]:
        """Return a case's history, oldest first."""
        ...

    async def timeline(self, org_id: str, case_id: str, *, limit: int) -> CaseTimeline:
        """Return a case with everything that happened to it; raise NotFound."""
        ...


class Customers(Protocol):
    """Read contacts."""

    async def names(self, org_id: str, contact_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the names of contacts by id."""
        ...

    async def get(self, org_id: str, contact_id: str) -> Contact:
        """Return a contact; raise NotFound."""
        ...

    async def list(self, org_id: str, text: str, limit: int) -> Sequence[Contact]:
        """Return contacts whose name or address holds ``text``."""
        ...

    async def interactions(self, org_id: str, contact_id: str, limit: int) -> Sequence[Interaction]:
        """Return a contact's conversations, newest first."""
        ...


class Alerts(Protocol):
    """Read and acknowledge alerts."""

    async def list(self, org_id: str, *, user_id: str, supervisor: bool, limit: int, sight: Sight) -> Sequence[Alert]:
        """Return a user's newest alerts, and to a supervisor those of all supervisors that he sees."""
        ...

    async def acknowledge(
        self, org_id: str, alert_id: str, *, user_id: str, supervisor: bool, now_ms: int, sight: Sight
    ) -> Alert:
        """Note who saw it; raise NotFound. Idempotent."""
        ...


class Configuration(Protocol):
    """Read the numbered snapshots of the configuration."""

    async def versions(self, org_id: str, limit: int) -> Sequence[Snapshot]:
        """Return the newest snapshots."""
        ...


class IdempotencyKeys(Protocol):
    """Keep answers by idempotency key for a day."""

    async def begin(self, org_id: str, *, key: str, actor: str, digest: str, now_ms: int) -> Kept | None:
        """Claim a key; return the kept answer. Raises Conflict(idempotency-mismatch, idempotency-busy)."""
        ...

    async def finish(self, org_id: str, key: str, actor: str, *, status: int, body: str) -> None:
        """Keep the answer."""
        ...

    async def release(self, org_id: str, key: str, actor: str) -> None:
        """Let the key be used again: nothing happened."""
        ...


class Audit(Protocol):
    """Keep who did what."""

    async def add(
        self,
        org_id: str,
        *,
        actor_id: str,
        action: str,
        target: str,
        data: Mapping[str, object],
        now_ms: int,
    ) -> object:
        """Write one line."""
        ...

    async def list(self, org_id: str, limit: int) -> Sequence[AuditEvent]:
        """Return the newest lines."""
        ...
