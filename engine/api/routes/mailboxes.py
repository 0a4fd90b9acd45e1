"""Mailboxes that are polled, and channels that cannot send."""

from engine.api.access import Parts, SeeingAll
from engine.api.operation import Operation
from engine.api.schemas.mailboxes import BlockedChannelAnswer, PolledMailboxAnswer
from engine.api.schemas.model import Page

TAG = "E-mail"


async def list_mailboxes(parts: Parts, who: SeeingAll) -> Page[PolledMailboxAnswer]:
    """List the mailboxes that are polled.

    With what is wrong with each. Mails stay in their mailbox while they cannot be taken.
    """
    return Page(items=[PolledMailboxAnswer.of(one) for one in await parts.service.mailboxes.list(who.org_id)])


async def list_blocked_channels(parts: Parts, who: SeeingAll) -> Page[BlockedChannelAnswer]:
    """List the channels that cannot send mail now.

    Because their relay is away, will not have us, or is not configured. Their mail goes by itself once it can.
    """
    found = await parts.service.outgoing_blocked.of_organisation(who.org_id)
    return Page(items=[BlockedChannelAnswer.of(one) for one in found])


OPERATIONS = (
    Operation(method="GET", path="/mailboxes", handler=list_mailboxes, tag=TAG),
    Operation(method="GET", path="/mail-channels/blocked", handler=list_blocked_channels, tag=TAG),
)
