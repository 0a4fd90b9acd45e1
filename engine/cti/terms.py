"""What the configuration says of a channel's calls. Pure but for the way numbers are read, which is handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.errors import InvalidInput, NotFound
from engine.model.call import CallPicture, CallTerms
from engine.model.organisation import Channel, Organisation
from engine.model.voice import CallSource
from engine.model.work import Plan, Requirement

PhoneKey = Callable[[str, str], str]
"""Return a number (and the country that it is of where it names none) as E.164; raises InvalidInput."""


def source_of(organisation: Organisation, key: str) -> tuple[Channel, CallSource]:
    """Return a source of call reports and its channel; raise NotFound (``unknown-source``)."""
    for channel in organisation.channels.values():
        if channel.voice is not None and key in channel.voice.sources:
            return channel, channel.voice.sources[key]
    raise NotFound(f"there is no telephone system {key!r}", slug="unknown-source")


def agents_of(organisation: Organisation) -> Mapping[str, str]:
    """Return whose each telephone is: extension, device or user → user id of who may sign in."""
    return {name: one.user_id for one in organisation.agents.values() if one.user_id for name in one.phone.names}


def terms_of(organisation: Organisation, channel: Channel, phone_key: PhoneKey) -> CallTerms:
    """Return on which terms a channel's calls are kept."""
    queues = channel.voice.queues if channel.voice is not None else {}

    def plan(picture: CallPicture) -> Plan:
        queue = queues.get(picture.queue, channel.queue)
        return Plan(queue=queue, requirement=Requirement(skills=dict(organisation.queues[queue].skills)))

    def key(picture: CallPicture) -> str:
        try:
            return phone_key(picture.customer_number, organisation.region) if picture.customer_number else ""
        except InvalidInput:
            return ""  # withheld, or an extension

    return CallTerms(
        channel=channel.key,
        plan=plan,
        phone_key=key,
        subject=channel.name,
        case_policy=channel.case_policy,
        filing=organisation.filing,
    )
