"""Opening, changing and commenting on cases.

A case is opened by the channel's policy: with the first message (in the arrival's own transaction,
by the store), at the conversation's end (here, after the ending is in the record), or by hand.
Opening is idempotent: an interaction has at most one case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.clock import Clock
from engine.failpoints import failpoint
from engine.model.case import Case, CaseEvent
from engine.model.conversation import Interaction, InteractionState
from engine.model.organisation import CasePolicy, Organisation
from engine.model.record import Applied

SUBJECT_LENGTH = 200


class CaseRecord(Protocol):
    """Keep cases in SQL; each method is one transaction."""

    async def open_for(
        self, org_id: str, interaction_id: str, *, subject: str, actor_id: str, now_ms: int, watched: bool = False
    ) -> Case:
        """Open the interaction's case, or return the one it has."""
        ...

    async def change(
        self,
        org_id: str,
        case_id: str,
        *,
        version: int,
        changes: Mapping[str, object],
        actor_id: str,
        now_ms: int,
    ) -> Case:
        """Write ``changes`` if ``version`` is the case's present version."""
        ...

    async def comment(
        self,
        org_id: str,
        case_id: str,
        *,
        body: str,
        actor_id: str,
        client_id: str,
        now_ms: int,
    ) -> CaseEvent:
        """Add a comment; the same ``client_id`` is the same comment."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Cases:
    """Open, change and comment on cases."""

    def __init__(self, *, record: CaseRecord, organisations: Organisations, clock: Clock) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock

    async def follow(self, applied: Sequence[Applied]) -> None:
        """Open the cases that ended interactions call for. Idempotent; a crash is swept up."""
        for one in applied:
            if one.interaction is not None and self.owes_case(one.interaction):
                await self.open_at_end(one.interaction)

    def owes_case(self, interaction: Interaction) -> bool:
        """Say whether the channel's policy wants a case for this ended interaction."""
        if interaction.state is not InteractionState.CLOSED or interaction.case_id:
            return False
        channel = self._organisations.get(interaction.org_id).channels.get(interaction.channel)
        return channel is not None and channel.case_policy is CasePolicy.END

    async def open_at_end(self, interaction: Interaction) -> Case:
        """Open the case of an ended interaction. Idempotent."""
        failpoint("case.before-commit")
        case = await self._record.open_for(
            interaction.org_id,
            interaction.id,
            subject=self.subject_for(interaction),
            actor_id="",
            now_ms=self._clock.now_ms(),
            watched=self._organisations.get(interaction.org_id).watches_cases,
        )
        failpoint("case.after-commit")
        return case

    async def open_by_hand(self, org_id: str, interaction_id: str, *, subject: str, actor_id: str) -> Case:
        """Open a case for the interaction, or return the one it has. Idempotent."""
        return await self._record.open_for(
            org_id,
            interaction_id,
            subject=subject[:SUBJECT_LENGTH],
            actor_id=actor_id,
            now_ms=self._clock.now_ms(),
            watched=self._organisations.get(org_id).watches_cases,
        )

    async def change(
        self,
        org_id: str,
        case_id: str,
        *,
        version: int,
        changes: Mapping[str, object],
        actor_id: str,
    ) -> Case:
        """Change status, subject, priority or owner; raise Conflict on a stale ``version``."""
        return await self._record.change(
            org_id,
            case_id,
            version=version,
            changes=changes,
            actor_id=actor_id,
            now_ms=self._clock.now_ms(),
        )

    async def comment(self, org_id: str, case_id: str, *, body: str, actor_id: str, client_id: str) -> CaseEvent:
        """Add an internal comment. Idempotent by ``client_id``."""
        return await self._record.comment(
            org_id,
            case_id,
            body=body,
            actor_id=actor_id,
            client_id=client_id,
            now_ms=self._clock.now_ms(),
        )

    def subject_for(self, interaction: Interaction) -> str:
        """Write a subject from what is known: the topic's name, else the channel's."""
        channel = self._organisations.get(interaction.org_id).channels.get(interaction.channel)
        if channel is None:
            return interaction.topic or interaction.channel
        return dict(channel.topics).get(interaction.topic, interaction.topic) or channel.name
