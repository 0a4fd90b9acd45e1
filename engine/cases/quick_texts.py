"""Quick texts, ready to be inserted: in the customer's language, with what is known put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.cases.deeds import Cause, merge_values
from engine.cases.draft import CaseRules, begin
from engine.cases.saying import filled
from engine.clock import Clock
from engine.model.casework import CaseFacts
from engine.model.conversation import Interaction
from engine.model.customer import Contact
from engine.model.macro import QuickText
from engine.model.organisation import Organisation

NO_CAUSE = Cause(rule_set="", name="", why="")


class FactsRecord(Protocol):
    """Read cases."""

    async def facts(self, org_id: str, case_id: str, *, now_ms: int) -> CaseFacts:
        """Return what a decision would see now; raise NotFound."""
        ...


class Conversations(Protocol):
    """Read conversations."""

    async def get(self, org_id: str, interaction_id: str) -> Interaction:
        """Return a conversation; raise NotFound."""
        ...


class Contacts(Protocol):
    """Read contacts."""

    async def get(self, org_id: str, contact_id: str) -> Contact:
        """Return a contact; raise NotFound."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a text is to be inserted, as far as it is known."""

    case_id: str = ""
    interaction_id: str = ""
    queue: str = ""
    locale: str = ""  # goes before the customer's language


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyText:
    """A quick text as it would be inserted."""

    quick_text: QuickText
    body: str


class QuickTexts:
    """Make quick texts ready."""

    def __init__(
        self,
        *,
        cases: FactsRecord,
        conversations: Conversations,
        contacts: Contacts,
        organisations: Organisations,
        clock: Clock,
    ) -> None:
        self._cases = cases
        self._conversations = conversations
        self._contacts = contacts
        self._organisations = organisations
        self._clock = clock

    async def ready(self, org_id: str, place: Place, *, agent_name: str) -> Sequence[ReadyText]:
        """Return the texts that fit a place, in the order of the files, with values; raise NotFound.

        The language is the place's, else the contact's, else the conversation's.
        """
        texts = self._organisations.get(org_id).quick_texts.values()
        if not texts:
            return []
        talk = await self._conversations.get(org_id, place.interaction_id) if place.interaction_id else None
        case_id = place.case_id or (talk.case_id if talk else "")
        facts = await self._cases.facts(org_id, case_id, now_ms=self._clock.now_ms()) if case_id else None
        contact = await self._contact(org_id, talk, facts)
        values = {**self._values(org_id, contact, facts), "agent.name": agent_name}
        locale = place.locale or (contact.language if contact else "") or (talk.locale if talk else "")
        queue = place.queue or (facts.case.queue if facts else "")
        channel = talk.channel if talk else ""
        return [
            ReadyText(quick_text=one, body=filled(one, locale, values)) for one in texts if one.fits(channel, queue)
        ]

    async def values(self, org_id: str, case_id: str, *, agent_name: str) -> tuple[Contact | None, Mapping[str, str]]:
        """Return a case's customer and what may be put into texts about it; raise NotFound."""
        facts = await self._cases.facts(org_id, case_id, now_ms=self._clock.now_ms())
        return facts.contact, {**self._values(org_id, facts.contact, facts), "agent.name": agent_name}

    async def _contact(self, org_id: str, talk: Interaction | None, facts: CaseFacts | None) -> Contact | None:
        """Return whom the text is for: the conversation's contact, else the case's."""
        if talk is None or not talk.contact_id:
            return facts.contact if facts else None
        if facts and facts.contact and facts.contact.id == talk.contact_id:
            return facts.contact
        return await self._contacts.get(org_id, talk.contact_id)

    def _values(self, org_id: str, contact: Contact | None, facts: CaseFacts | None) -> Mapping[str, str]:
        told = {"contact.name": contact.name} if contact else {}
        if facts is None:
            return told
        rules = CaseRules(organisation=self._organisations.get(org_id), new_id=str)
        return {**merge_values(begin(facts), rules, NO_CAUSE), **told}
