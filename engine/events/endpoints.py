"""Webhooks as an admin keeps them: checked before they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from engine.clock import Clock
from engine.errors import InvalidInput
from engine.events.address import target_of
from engine.ids import NewId
from engine.model.organisation import Organisation
from engine.model.outside import Interest, Place, ToldEvent, Webhook

PAGE = 200
MOST = 50
"""Webhooks of one organisation."""


class GoOn(StrEnum):
    """Where a webhook that was disabled goes on."""

    STOPPED = "stopped"  # with the event at which it stopped
    NEXT = "next"  # after it
    NOW = "now"  # with what happens from now on


class Hooks(Protocol):
    """Webhooks in the record."""

    async def create(self, hook: Webhook) -> Webhook:
        """Keep a new one, told from now on."""
        ...

    async def get(self, org_id: str, hook_id: str) -> Webhook:
        """Return one; raise NotFound."""
        ...

    async def list(self, org_id: str) -> Sequence[Webhook]:
        """Return all of an organisation."""
        ...

    async def change(self, hook: Webhook) -> Webhook:
        """Replace name, address, secret and interest; raise NotFound."""
        ...

    async def delete(self, org_id: str, hook_id: str) -> None:
        """Forget one. Idempotent."""
        ...

    async def enable(self, org_id: str, hook_id: str, *, place: Place | None) -> Webhook:
        """Tell it again; raise NotFound."""
        ...

    async def rewind(self, org_id: str, hook_id: str, *, place: Place) -> Webhook:
        """Tell it again of everything after a place; raise NotFound."""
        ...


class History(Protocol):
    """The record's routing history."""

    async def place(self, org_id: str) -> Place:
        """Return where it ends for now."""
        ...

    async def after(self, org_id: str, place: Place, *, limit: int) -> Sequence[ToldEvent]:
        """Return events after a place."""
        ...


class Secrets(Protocol):
    """The secrets of webhooks."""

    def read(self, org_id: str, name: str) -> Sequence[bytes]:
        """Return the secrets of a name; raise NotFound, InvalidInput."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return an organisation; raise NotFound."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """What an admin says of a webhook."""

    name: str
    url: str
    secret: str
    interest: Interest


class Endpoints:
    """Keep webhooks."""

    def __init__(
        self,
        *,
        hooks: Hooks,
        history: History,
        secrets: Secrets,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
        private: bool,
    ) -> None:
        """``private``: addresses of the operator's own network, and plain HTTP, are allowed."""
        self._hooks = hooks
        self._history = history
        self._secrets = secrets
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id
        self._private = private

    async def list(self, org_id: str) -> Sequence[Webhook]:
        """Return all of an organisation, oldest first."""
        return await self._hooks.list(org_id)

    async def get(self, org_id: str, hook_id: str) -> Webhook:
        """Return one; raise NotFound."""
        return await self._hooks.get(org_id, hook_id)

    async def create(self, org_id: str, endpoint: Endpoint) -> Webhook:
        """Keep a webhook; it is told of what happens from now on. Raises InvalidInput, NotFound naming the field."""
        await self._check(org_id, endpoint)
        if len(await self._hooks.list(org_id)) >= MOST:
            raise InvalidInput(f"An organisation has at most {MOST} webhooks.")
        hook = Webhook(
            id=self._new_id(),
            org_id=org_id,
            name=endpoint.name,
            url=endpoint.url,
            secret=endpoint.secret,
            interest=endpoint.interest,
            created_ms=self._clock.now_ms(),
        )
        return await self._hooks.create(hook)

    async def change(self, org_id: str, hook_id: str, endpoint: Endpoint) -> Webhook:
        """Replace what an admin says of it; what it was told stays. Raises InvalidInput, NotFound."""
        await self._check(org_id, endpoint)
        hook = await self._hooks.get(org_id, hook_id)
        return await self._hooks.change(
            replace(
                hook,
                name=endpoint.name,
                url=endpoint.url,
                secret=endpoint.secret,
                interest=endpoint.interest,
            )
        )

    async def delete(self, org_id: str, hook_id: str) -> None:
        """Forget one. Raises NotFound."""
        await self._hooks.get(org_id, hook_id)
        await self._hooks.delete(org_id, hook_id)

    async def enable(self, org_id: str, hook_id: str, go_on: GoOn) -> Webhook:
        """Tell it again, also at once where it waits for its next try. Raises NotFound."""
        hook = await self._hooks.get(org_id, hook_id)
        place = None
        if go_on is GoOn.NOW:
            place = await self._history.place(org_id)
        elif go_on is GoOn.NEXT:
            place = await self._next(hook)
        return await self._hooks.enable(org_id, hook_id, place=place)

    async def redeliver(self, org_id: str, hook_id: str, after: Place) -> Webhook:
        """Tell it again of everything after a place that lies behind it. Raises NotFound, InvalidInput."""
        hook = await self._hooks.get(org_id, hook_id)
        if after > hook.place:
            raise InvalidInput("It has not been told so far yet.", slug="unknown-place", field="after")
        return await self._hooks.rewind(org_id, hook_id, place=after)

    async def _next(self, hook: Webhook) -> Place:
        """Return the place of the first event it was not told of."""
        place = hook.place
        while page := await self._history.after(hook.org_id, place, limit=PAGE):
            for told in page:
                if hook.interest.wants(told.event):
                    return told.place
            place = page[-1].place
        return place

    async def _check(self, org_id: str, endpoint: Endpoint) -> None:
        target_of(endpoint.url, private=self._private)
        unknown = endpoint.interest.queues - self._organisations.get(org_id).queues.keys()
        if unknown:
            raise InvalidInput(f"There is no queue {min(unknown)[:40]!r}.", slug="unknown-queue", field="queues")
        await asyncio.to_thread(self._secrets.read, org_id, endpoint.secret)
