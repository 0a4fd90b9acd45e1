"""Mailboxes that are polled."""

from engine.api.access import Parts, SeeingAll
from engine.api.operation import Operation
from engine.api.schemas.mailboxes import PolledMailboxAnswer
from engine.api.schemas.model import Page

TAG = "E-mail"


async def list_mailboxes(parts: Parts, who: SeeingAll) -> Page[PolledMailboxAnswer]:
    """List the mailboxes that are polled.

    With what is wrong with each. Mails stay in their mailbox while they cannot be taken.
    """
    return Page(items=[PolledMailboxAnswer.of(one) for one in await parts.service.mailboxes.list(who.org_id)])


OPERATIONS = (Operation(method="GET", path="/mailboxes", handler=list_mailboxes, tag=TAG),)
