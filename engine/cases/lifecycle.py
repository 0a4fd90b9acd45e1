"""Opening, changing and commenting on cases.

A case is opened by the channel's policy: with the first message (in the arrival's own transaction,
by the store), at the conversation's end (here, after the ending is in the record), or by hand.
Opening is idempotent: an interaction has at most one case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from engine.cases.changes import Wish, checked_opening, wanted
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.clock import Clock
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.case import Case, CaseEvent, Comment, NewCase
from engine.model.case_setup import Filing
from engine.model.casework import Decide, Decided
from engine.model.conversation import Interaction, InteractionState
from engine.model.organisation import CasePolicy, Organisation
from engine.model.record import Applied

SUBJECT_LENGTH = 200


class CaseRecord(Protocol):
    """Keep cases in SQL; each method is one transaction."""

    async def open_for(
        self, org_id: str, interaction_id: str, *, subject: str, actor_id: str, now_ms: int, filing: Filing
    ) -> Case:
        """Open the interaction's case, or return the one it has."""
        ...

    async def open(self, new: NewCase, *, actor_id: str, now_ms: int) -> Case:
        """Open a case without a conversation; the same ``request_key`` is the same case."""
        ...

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Write what the pure function decides about the case."""
        ...

    async def comment(self, org_id: str, case_id: str, comment: Comment, *, now_ms: int) -> CaseEvent:
        """Add a comment; the same ``client_id`` is the same comment."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Cases:
    """Open, change and comment on cases."""

    def __init__(self, *, record: CaseRecord, organisations: Organisations, clock: Clock, new_id: NewId) -> None:
        self._record = record
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

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
            filing=self._organisations.get(interaction.org_id).filing,
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
            filing=self._organisations.get(org_id).filing,
        )

    async def open_alone(self, new: NewCase, *, actor_id: str) -> Case:
        """Open a case without a conversation; its ``request_key`` is the opener's own. Idempotent by it.

        Raises InvalidInput with the ``field`` that does not fit; NotFound, Conflict for what it refers to.
        """
        organisation = self._organisations.get(new.org_id)
        filed = replace(checked_opening(organisation, new), filing=organisation.filing)
        return await self._record.open(filed, actor_id=actor_id, now_ms=self._clock.now_ms())

    async def change(self, org_id: str, case_id: str, wish: Wish, *, actor_id: str) -> Case:
        """Change a case as wished, with all that follows from it by rules.

        Raises Conflict (``stale-version`` with the present ``case``, ``illegal-status``, ``case-circle``), InvalidInput
        with the ``field`` that does not fit, NotFound for what it refers to.
        """
        rules = CaseRules(organisation=self._organisations.get(org_id), new_id=self._new_id)
        decide = planner(rules, first=wanted(wish))
        decided = await self._record.decide(org_id, case_id, decide, actor_id=actor_id, now_ms=self._clock.now_ms())
        return decided.case

    async def comment(self, org_id: str, case_id: str, comment: Comment) -> CaseEvent:
        """Add a comment. Idempotent by its ``client_id``."""
        return await self._record.comment(org_id, case_id, comment, now_ms=self._clock.now_ms())

    def subject_for(self, interaction: Interaction) -> str:
        """Write a subject from what is known: the topic's name, else the channel's."""
        channel = self._organisations.get(interaction.org_id).channels.get(interaction.channel)
        if channel is None:
            return interaction.topic or interaction.channel
        return dict(channel.topics).get(interaction.topic, interaction.topic) or channel.name
