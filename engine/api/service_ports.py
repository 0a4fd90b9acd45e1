"""The record as the routes of the service desk need it: each method one transaction."""

from collections.abc import Sequence
from typing import Protocol

from engine.model.case_parts import CaseLink, Follower
from engine.model.mail_sending import BlockedChannel
from engine.model.view import AccountView, ContactView, TimelineLine
from engine.model.visibility import Sight


class CustomerViews(Protocol):
    """Read everything about a customer at once."""

    async def contact(self, org_id: str, contact_id: str, *, sight: Sight) -> ContactView:
        """Return everything about a contact; raise NotFound."""
        ...

    async def account(self, org_id: str, account_id: str, *, sight: Sight) -> AccountView:
        """Return everything about an account; raise NotFound."""
        ...

    async def timeline(
        self, org_id: str, whose: str, of_id: str, *, before_id: str, limit: int, sight: Sight
    ) -> Sequence[TimelineLine]:
        """Return conversations, newest first, ``before_id`` exclusive."""
        ...


class CasePartsReader(Protocol):
    """Keep what hangs on cases: those who follow it, and its links."""

    async def followers(self, org_id: str, case_id: str) -> Sequence[Follower]:
        """Return who follows a case; raise NotFound."""
        ...

    async def follow(self, org_id: str, case_id: str, user_id: str, *, now_ms: int) -> None:
        """Let a user follow a case."""
        ...

    async def unfollow(self, org_id: str, case_id: str, user_id: str) -> None:
        """Let a user follow a case no more."""
        ...

    async def links(self, org_id: str, case_id: str) -> Sequence[CaseLink]:
        """Return what a case is linked to; raise NotFound."""
        ...

    async def link(self, org_id: str, link: CaseLink) -> None:
        """Link a case to something."""
        ...

    async def unlink(self, org_id: str, link: CaseLink) -> None:
        """Undo ``link``."""
        ...


class BlockedChannels(Protocol):
    """Know which channels cannot send mail."""

    async def of_organisation(self, org_id: str) -> Sequence[BlockedChannel]:
        """Return those that have mail set aside, with why and since when."""
        ...
