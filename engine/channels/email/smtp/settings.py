"""How the mail server is set up: where it listens, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class MailServerSettings:
    """What a mail server is told; times in seconds."""

    name: str  # of this server, as it greets
    smtp: str = ""  # where SMTP listens: "host:port"; "" = nowhere
    lmtp: str = ""  # … and LMTP, "/path" of a socket too
    certificate: Path | None = None  # for STARTTLS
    key: Path | None = None
    users: Path | None = None  # file of "user:password" lines; None = no AUTH
    networks: tuple[str, ...] = ()  # that are neither slowed down nor counted by address
    most_bytes: int = 104_857_600  # of a mail
    connections: int = 500  # at once
    connections_per_address: int = 20
    rate: int = 600  # mails from one address in a minute
    drain_s: float = 10.0  # at the end, for mails that are on their way in

    command_s: float = 300.0  # a client is silent so long (RFC 5321, section 4.5.3.2.7)
    data_s: float = 180.0  # … within a mail
    mail_s: float = 1_800.0  # for a whole mail
    take_s: float = 600.0  # for our own part, once it is there
    most_recipients: int = 100  # of a mail (RFC 5321, section 4.5.3.1.8)
    most_unknown: int = 20  # addresses that we do not have, of a connection
    most_commands: int = 10_000  # of one kind, of a connection
