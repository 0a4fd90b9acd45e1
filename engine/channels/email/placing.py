"""Where a mail came in, by the configuration in force."""

from __future__ import annotations

from engine.channels.email.judging import Place, place_of
from engine.channels.email.parts import MailParts
from engine.errors import NotFound
from engine.model.mail_record import ReceivedMail


def place_in(parts: MailParts, received: ReceivedMail) -> Place | None:
    """Return where a mail came in; None where its organisation or channel is configured no more."""
    try:
        organisation = parts.organisations.get(received.envelope.org_id)
        channel = organisation.channels[received.envelope.channel]
        return place_of(organisation, channel, classify=parts.classify, reopen=parts.reopen(organisation))
    except (NotFound, KeyError):
        return None
