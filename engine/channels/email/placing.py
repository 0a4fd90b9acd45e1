"""Where a mail came in, by the configuration in force."""

from __future__ import annotations

from engine.channels.email.judging import Place, place_of
from engine.channels.email.parts import MailParts
from engine.errors import NotFound
from engine.model.mail_record import ReceivedMail


def place_in(parts: MailParts, received: ReceivedMail) -> Place | None:
    """Return where a mail came in; None where its organisation or channel is configured no more."""
    where = (received.envelope.org_id, received.envelope.channel)
    try:
        organisation = parts.organisations.get(where[0])
        known = parts.places.get(where)
        if known is None or known.organisation is not organisation:
            channel = organisation.channels[where[1]]
            known = place_of(organisation, channel, classify=parts.classify, reopen=parts.reopen(organisation))
            parts.places[where] = known
    except (NotFound, KeyError):
        parts.places.pop(where, None)
        return None
    return known
