"""A folder of a mailbox that is polled, and how that goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class FolderKey(NamedTuple):
    """Which folder of which mailbox."""

    org_id: str
    channel: str
    mailbox: str  # key in the configuration
    folder: str = ""  # "" = the mailbox as a whole


@dataclass(frozen=True, kw_only=True, slots=True)
class PolledFolder:
    """How far a folder's mails are taken, and what is wrong with it."""

    key: FolderKey
    uid_validity: int = 0  # numbers of mails count under it only (RFC 3501, 2.3.1.1); 0 = never polled
    last_uid: int = 0  # all mails up to it are taken, or left on purpose
    first_uid: int = 0  # mails below it lay there when the folder was polled first under this validity
    first_ms: int = 0  # when it was polled first
    polled_ms: int = 0  # when it was polled last without fault
    fault: str = ""  # slug; "" = nothing is wrong
    detail: str = ""  # … as the server puts it
    fault_ms: int = 0  # since when
