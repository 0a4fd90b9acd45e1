"""The record as the routes of the service desk need it: each method one transaction."""

from collections.abc import Sequence
from typing import Protocol

from engine.model.view import AccountView, ContactView, TimelineLine


class CustomerViews(Protocol):
    """Read everything about a customer at once."""

    async def contact(self, org_id: str, contact_id: str) -> ContactView:
        """Return everything about a contact; raise NotFound."""
        ...

    async def account(self, org_id: str, account_id: str) -> AccountView:
        """Return everything about an account; raise NotFound."""
        ...

    async def timeline(
        self, org_id: str, whose: str, of_id: str, *, before_id: str, limit: int
    ) -> Sequence[TimelineLine]:
        """Return conversations, newest first, ``before_id`` exclusive."""
        ...
