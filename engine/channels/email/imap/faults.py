"""What can be wrong with a mailbox that is polled, as supervisors are told it."""

from __future__ import annotations

from enum import StrEnum

LONGEST_DETAIL = 300


class Fault(StrEnum):
    """What is wrong."""

    SECRET = "secret"  # noqa: S105 -- its file is missing or cannot be read
    UNREACHABLE = "unreachable"  # no connection, or one that broke or fell silent
    TLS = "tls"  # the connection cannot be protected, or the server is not the one it should be
    REFUSED = "refused"  # the server does not let us in
    TOKEN = "token"  # noqa: S105 -- no access token is given out
    FOLDER = "folder"  # there is no such folder, or it cannot be read
    AFTER = "after"  # mails are taken, and cannot be marked, moved or deleted
    PROTOCOL = "protocol"  # the server says what cannot be understood


PATIENT = frozenset({Fault.UNREACHABLE, Fault.PROTOCOL})
"""What passes by itself most of the time: people are told when it lasts."""


class Faulty(Exception):
    """Say what is wrong with a mailbox, and how the server put it."""

    def __init__(self, fault: Fault, detail: str) -> None:
        self.fault = fault
        self.detail = printable(detail)
        super().__init__(f"{fault.value}: {self.detail}")


class Dismissed(Faulty):
    """Say that the server ended the connection by itself, and with what words."""

    def __init__(self, words: str) -> None:
        super().__init__(Fault.UNREACHABLE, f"the server ended the connection: {words}")


def printable(text: str) -> str:
    """Return what a server said, short and without control characters."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:LONGEST_DETAIL].strip()
