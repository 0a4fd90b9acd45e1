"""Settings of the chat channel that are the process's, not an organisation's. Times in milliseconds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatSettings:
    """How patient the process is with chat sockets."""

    first_frame_ms: int = 10_000  # a new socket must say something within
    send_timeout_ms: int = 5_000  # a client that does not read for so long is dropped (1013)
    receipt_interval_ms: int = 500  # receipts of one socket are written at most this often
    typing_interval_ms: int = 1_000  # "writes" is passed on at most this often
    position_interval_ms: int = 2_000  # how often queue positions are looked up
    presence_refresh_ms: int = 5_000  # how often the leases of open sockets are renewed
    presence_lease_ms: int = 15_000  # a process that died keeps its visitors "there" for so long
    keeper_interval_ms: int = 1_000  # how often gone and idle visitors are looked for
    stop_timeout_ms: int = 2_000  # sockets have so long to close at shutdown
