"""Tell people and other systems what an escalation wants told: on the console, by mail, by webhook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from email.message import EmailMessage
from typing import Protocol

from engine.cases.effects import Undeliverable
from engine.clock import Clock
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.casework import PendingEffect
from engine.model.mail import unencoded
from engine.model.organisation import Organisation
from engine.model.oversight import sight_in
from engine.model.user import Principal, User
from engine.model.visibility import Guarded, Right, Sight

ESCALATED = "case.escalated"
"""What a webhook's ``type`` says, unless the effect has an ``event`` of its own."""
HIDDEN = frozenset({"to", "webhook", "event"})
"""Of an effect's data: for the engine alone."""


class ToldRecord(Protocol):
    """Who is told, and that it was shown; each method is one transaction."""

    async def recipients(
        self, org_id: str, *, user_ids: Iterable[str] = (), logins: Iterable[str] = (), roles: Iterable[str] = ()
    ) -> Sequence[User]:
        """Return the active users of these ids, log-ins and roles."""
        ...

    async def show(self, pending: PendingEffect, *, user_ids: Iterable[str], now_ms: int) -> None:
        """Raise an alert for users ("" = all supervisors) and note the effect as done. Idempotent."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation as configured now; raise NotFound."""
        ...


class Mailer(Protocol):
    """Send mail."""

    @property
    def sender(self) -> str:
        """Return the address that mail comes from; "" = no relay is configured."""
        ...

    async def send(self, message: EmailMessage, recipients: Sequence[str]) -> None:
        """Hand a message to the relay; raise Undeliverable or Unavailable."""
        ...


class NamedPost(Protocol):
    """Post signed messages to webhooks by name."""

    async def post(
        self, org_id: str, name: str, *, message_id: str, kind: str, at_ms: int, data: Mapping[str, object]
    ) -> None:
        """Post one; raise NotFound, InvalidInput, Conflict (never again) or Unavailable (later)."""
        ...


class Sights(Protocol):
    """Know who sees what."""

    async def right(self, org_id: str, sight: Sight, what: Guarded, of_id: str) -> Right | None:
        """Return what somebody may do with one thing; None: it is not there for him."""
        ...


class Whom:
    """Who is meant: people by name, and of a role those who see the case."""

    def __init__(self, *, record: ToldRecord, organisations: Organisations, sights: Sights) -> None:
        self._record = record
        self._organisations = organisations
        self._sights = sights

    async def users(self, pending: PendingEffect) -> Sequence[User]:
        """Return the users an effect is for, each once; of "all supervisors" none. Raises NotFound, Unavailable."""
        org_id, to = pending.org_id, _to(pending)
        ids, logins, roles = (_several(to, name) for name in ("user_ids", "logins", "roles"))
        named = await self._record.recipients(org_id, user_ids=ids, logins=logins) if ids or logins else ()
        return list({one.id: one for one in (*named, *await self.of_roles(pending, roles))}.values())

    async def of_roles(self, pending: PendingEffect, roles: Sequence[str]) -> Sequence[User]:
        """Return the users of these roles who see the case; one who does not is not told what it is about."""
        found = await self._record.recipients(pending.org_id, roles=roles) if roles else ()
        return [one for one in found if await self._sees(one, pending.case_id)]

    async def _sees(self, user: User, case_id: str) -> bool:
        who = Principal(
            org_id=user.org_id, user_id=user.id, login=user.login, name=user.name, role=user.role, via="session"
        )
        sight = sight_in(self._organisations.get(user.org_id), who)
        return sight.everything or await self._sights.right(user.org_id, sight, Guarded.CASE, case_id) is not None


class ConsoleTelling:
    """Show alerts on the consoles of users, or of all supervisors: exactly once."""

    def __init__(self, *, record: ToldRecord, whom: Whom, clock: Clock, wake: Callable[[str, str], None]) -> None:
        """``wake`` hears of each organisation and user ("" = supervisors) with a new alert."""
        self._record = record
        self._whom = whom
        self._clock = clock
        self._wake = wake

    async def handle(self, pending: PendingEffect) -> None:
        """Raise the alerts; raise Undeliverable when there is nobody. Idempotent."""
        user_ids = {user.id for user in await self._whom.users(pending)}
        user_ids |= {""} if _to(pending).get("supervisors") else set()
        if not user_ids:
            raise Undeliverable("nobody is there to be shown it")
        await self._record.show(pending, user_ids=user_ids, now_ms=self._clock.now_ms())
        for user_id in user_ids:
            self._wake(pending.org_id, user_id)


class EmailTelling:
    """Send mail to users who have an address, and to addresses."""

    def __init__(self, *, whom: Whom, organisations: Organisations, mailer: Mailer) -> None:
        self._whom = whom
        self._organisations = organisations
        self._mailer = mailer

    async def handle(self, pending: PendingEffect) -> None:
        """Send it; raise Undeliverable or Unavailable. A repetition has the same Message-ID."""
        if not self._mailer.sender:
            raise Undeliverable("no mail relay is configured")
        addresses = await self._addresses(pending)
        if not addresses:
            raise Undeliverable("nobody who is to be told has an address")
        message = message_of(pending, sender=self._mailer.sender, addresses=addresses)
        await self._mailer.send(message, addresses)

    async def _addresses(self, pending: PendingEffect) -> Sequence[str]:
        to = _to(pending)
        users = await self._whom.users(pending)
        if to.get("supervisors"):
            users = [*users, *await self._whom.of_roles(pending, ["supervisor"])]
        agents = self._organisations.get(pending.org_id).agents
        found = {str(address) for address in _several(to, "addresses")}
        for user in users:
            setup = agents.get(user.login)
            found.add((setup.email if setup else "") or (user.login if "@" in user.login else ""))
        return sorted(found - {""})


class WebhookTelling:
    """Post signed messages to webhooks."""

    def __init__(self, *, posts: NamedPost) -> None:
        self._posts = posts

    async def handle(self, pending: PendingEffect) -> None:
        """Post it; raise Undeliverable or Unavailable. A repetition has the same id."""
        data = {name: value for name, value in pending.effect.data.items() if name not in HIDDEN}
        try:
            await self._posts.post(
                pending.org_id,
                str(pending.effect.data.get("webhook", "")),
                message_id=pending.effect.id,
                kind=str(pending.effect.data.get("event") or ESCALATED),
                at_ms=pending.created_ms,
                data={**data, "case_id": pending.case_id},
            )
        except (NotFound, InvalidInput, Conflict) as error:
            raise Undeliverable(error.detail) from error


def message_of(pending: PendingEffect, *, sender: str, addresses: Sequence[str]) -> EmailMessage:
    """Write the mail; the same effect gives the same Message-ID (RFC 5322, 3.6.4)."""
    data = pending.effect.data
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(addresses)
    message["Subject"] = _line(f"[{data.get('number', '')}] {data.get('name', '')}: {data.get('subject', '')}")
    message["Message-ID"] = f"<{pending.effect.id}@{sender.rpartition('@')[2].rstrip('>')}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence notice is to answer it
    message["Cordboard-Delivery"] = pending.effect.id
    message.set_content(f"{data.get('text', '')}\n")
    return message


def _line(text: str) -> str:
    return unencoded(" ".join(text.split()))[:200]


def _to(pending: PendingEffect) -> Mapping[str, object]:
    to = pending.effect.data.get("to")
    return to if isinstance(to, dict) else {}


def _several(to: Mapping[str, object], name: str) -> Sequence[str]:
    found = to.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []
