"""Polled mailboxes at the border."""

from pydantic import Field

from engine.api.schemas.model import Answer
from engine.channels.email.imap.overview import MailboxOverview
from engine.clock import moment
from engine.model.mail_sending import BlockedChannel
from engine.model.polled_folder import PolledFolder

FAULT = (
    "What is wrong: `secret`, `token`, `refused`, `unreachable`, `tls`, `folder`, `after` (taken mails cannot be "
    "marked, moved or deleted) or `protocol`; empty when nothing is."
)


class PolledFolderAnswer(Answer):
    """A folder of a mailbox, and how it goes."""

    folder: str
    fault: str = Field(description=FAULT)
    detail: str = Field(description="What the server said.")
    fault_since: str | None
    polled_at: str | None = Field(description="When it was looked at last without fault.")
    last_uid: int = Field(description="Mails up to this number were taken, or left on purpose.")

    @classmethod
    def of(cls, folder: PolledFolder) -> "PolledFolderAnswer":
        """Build from the noun."""
        return cls(
            folder=folder.key.folder,
            fault=folder.fault,
            detail=folder.detail,
            fault_since=moment(folder.fault_ms),
            polled_at=moment(folder.polled_ms),
            last_uid=folder.last_uid,
        )


class PolledMailboxAnswer(Answer):
    """A mailbox that is polled, and how it goes."""

    channel: str
    mailbox: str = Field(description="Its key in the configuration.")
    server: str
    login: str
    fault: str = Field(description=FAULT)
    detail: str = Field(description="What the server said.")
    fault_since: str | None
    polled_at: str | None = Field(description="When it was looked at last without fault; null: never.")
    folders: list[PolledFolderAnswer]

    @classmethod
    def of(cls, mailbox: MailboxOverview) -> "PolledMailboxAnswer":
        """Build from the noun."""
        fault = mailbox.fault
        return cls(
            channel=mailbox.key.channel,
            mailbox=mailbox.key.mailbox,
            server=mailbox.source.server,
            login=mailbox.source.login,
            fault=fault.fault if fault else "",
            detail=fault.detail if fault else "",
            fault_since=moment(fault.fault_ms) if fault else None,
            polled_at=moment(mailbox.whole.polled_ms),
            folders=[PolledFolderAnswer.of(one) for one in mailbox.folders],
        )


class BlockedChannelAnswer(Answer):
    """A channel that cannot send now."""

    channel: str
    fault: str = Field(description="What is wrong with its relay, its secrets or itself.")
    mails: int = Field(description="So many are set aside until it can.")
    oldest_at: str | None = Field(description="When the oldest of them was written.")

    @classmethod
    def of(cls, one: BlockedChannel) -> "BlockedChannelAnswer":
        """Build from the noun."""
        return cls(channel=one.channel, fault=one.fault, mails=one.mails, oldest_at=moment(one.since_ms))
