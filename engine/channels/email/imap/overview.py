"""How the polled mailboxes of an organisation are doing: what is configured, with what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.model.mail_channel import MailboxSource
from engine.model.organisation import Organisation
from engine.model.polled_folder import FolderKey, PolledFolder


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return an organisation; raise NotFound."""
        ...


class KnownFolders(Protocol):
    """What is known of folders."""

    async def list(self, org_id: str) -> Sequence[PolledFolder]:
        """Return every folder of an organisation that was ever polled."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxOverview:
    """A configured mailbox, and how it goes."""

    key: FolderKey
    source: MailboxSource
    whole: PolledFolder
    folders: tuple[PolledFolder, ...]  # as configured, in their order

    @property
    def fault(self) -> PolledFolder | None:
        """Return where something is wrong: the mailbox as a whole, else its first folder; None: all is well."""
        return next((one for one in (self.whole, *self.folders) if one.fault), None)


def configured(organisation: Organisation) -> list[tuple[FolderKey, MailboxSource]]:
    """Return the mailboxes that an organisation has polled."""
    return [
        (FolderKey(organisation.id, channel.key, source.key), source)
        for channel in organisation.channels.values()
        if channel.email is not None
        for source in channel.email.mailboxes
    ]


class PolledMailboxes:
    """Show how mailboxes are doing."""

    def __init__(self, *, organisations: Organisations, record: KnownFolders) -> None:
        self._organisations = organisations
        self._record = record

    async def list(self, org_id: str) -> list[MailboxOverview]:
        """Return every configured mailbox, by channel and name. Raises NotFound, Unavailable."""
        known = {one.key: one for one in await self._record.list(org_id)}

        def folder(key: FolderKey) -> PolledFolder:
            return known.get(key) or PolledFolder(key=key)

        return [
            MailboxOverview(
                key=key,
                source=source,
                whole=folder(key),
                folders=tuple(folder(key._replace(folder=name)) for name in source.folders),
            )
            for key, source in sorted(configured(self._organisations.get(org_id)), key=lambda pair: pair[0])
        ]
