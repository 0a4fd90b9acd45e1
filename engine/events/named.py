"""Post one message to the webhook of a name, at once: for what is told because a rule says so, not because it happened.

The same address, secret, signature and checks as for routing events; whether and when to try again is the caller's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Protocol

import httpx
import msgspec

from engine.clock import Clock, rfc3339
from engine.errors import Conflict, NotFound, Unavailable
from engine.events.post import Posting
from engine.model.outside import Webhook

DELIVERY = "Cordboard-Delivery"
"""Header with what tells a delivery from every other, the same however often it is sent."""


class HookList(Protocol):
    """The organisation's webhooks, in the record."""

    async def list(self, org_id: str) -> Sequence[Webhook]:
        """Return all webhooks of an organisation, oldest first."""
        ...


class Secrets(Protocol):
    """The secrets of webhooks."""

    def read(self, org_id: str, name: str) -> Sequence[bytes]:
        """Return the secrets of a name; raise NotFound, InvalidInput."""
        ...


class NamedPost:
    """Post to webhooks by name."""

    def __init__(
        self, *, hooks: HookList, secrets: Secrets, clock: Clock, private: bool, timeout_s: float = 15.0
    ) -> None:
        """``private``: also to the operator's own network, and over plain HTTP."""
        self._hooks = hooks
        self._secrets = secrets
        self._clock = clock
        self._private = private
        self._timeout_s = timeout_s
        self._trusted: ssl.SSLContext | None = None

    async def post(
        self, org_id: str, name: str, *, message_id: str, kind: str, at_ms: int, data: Mapping[str, object]
    ) -> None:
        """Post a message of type ``kind``. Safe to repeat under the same ``message_id``.

        Raises NotFound: there is no such webhook or secret. Conflict: it wants no more, ever. Unavailable: it was not
        taken; try again later.
        """
        hook = next((one for one in await self._hooks.list(org_id) if one.name == name), None)
        if hook is None:
            raise NotFound(f"there is no webhook {name!r}", slug="unknown-webhook")
        keys = await asyncio.to_thread(self._secrets.read, org_id, hook.secret)
        if self._trusted is None:  # takes a while: once for all
            self._trusted = await asyncio.to_thread(httpx.create_ssl_context)
        posting = Posting(
            hook=hook,
            keys=keys,
            clock=self._clock,
            private=self._private,
            timeout_s=self._timeout_s,
            trusted=self._trusted,
        )
        body = msgspec.json.encode({"type": kind, "timestamp": rfc3339(at_ms), "data": dict(data)})
        async with posting:
            result = await posting.send_body(message_id, body, {DELIVERY: message_id})
        if result.gone:
            raise Conflict(f"the webhook {name!r} wants no more: {result.fault}")
        if not result.ok:
            raise Unavailable(f"the webhook {name!r} did not take it: {result.fault}")
