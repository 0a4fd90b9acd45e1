"""Find what a call pops, for one agent: what he may see, by the rules of the call's channel."""

from __future__ import annotations

from typing import Protocol

from engine.cti.contract import Organisations
from engine.cti.pop import pop, question
from engine.cti.terms import PhoneKey, terms_of
from engine.model.call import Call
from engine.model.pop import Found, Pop, PopQuestion
from engine.model.visibility import Sight


class CustomerRecord(Protocol):
    """Find whom a call is about."""

    async def found(self, org_id: str, sight: Sight, wanted: PopQuestion, *, call: Call) -> Found:
        """Return what somebody sees of what is looked for. Raises Unavailable."""
        ...


class Screen:
    """Say what a call pops."""

    def __init__(self, *, record: CustomerRecord, organisations: Organisations, phone_key: PhoneKey) -> None:
        self._record = record
        self._organisations = organisations
        self._phone_key = phone_key

    async def pop(self, call: Call, *, agent_id: str, sight: Sight) -> Pop:
        """Return what an agent's screen does for a call. Raises NotFound (``unknown-organisation``), Unavailable."""
        organisation = self._organisations.get(call.org_id)
        channel = organisation.channels.get(call.channel)
        if channel is None or channel.voice is None or not call.interaction_id:
            return Pop()
        rules = channel.voice.pop
        phone = terms_of(organisation, channel, self._phone_key).phone_key(call.picture)
        wanted = question(rules, call.picture, phone=phone, contact_id=call.contact_id if call.known else "")
        found = await self._record.found(call.org_id, sight, wanted, call=call)
        return pop(rules, call, found, phone=phone, agent_id=agent_id)
