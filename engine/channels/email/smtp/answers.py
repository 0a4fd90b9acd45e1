"""What the mail server says: replies with their enhanced status codes (RFC 5321, RFC 3463). Pure."""

from __future__ import annotations

import re

from engine.channels.email.inlet import Outcome, Taken
from engine.errors import InvalidInput

UNKNOWN = "550 5.1.1 There is no such address here"
NO_RELAY = "550 5.7.1 This server takes mail for its own addresses only"
NOT_YET = "451 4.3.0 No address is known yet, try again"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients, send the others their own copy"
TOO_MANY_UNKNOWN = "421 4.7.0 Too many unknown addresses"
BAD_ADDRESS = "553 5.1.3 The address cannot be read"
STOPPING = "421 4.3.2 The server is stopping, try again"
TIMED_OUT = "421 4.4.2 Waited too long"
TOO_LATE = "421 4.4.2 The mail took too long"
TOO_LARGE = "552 5.3.4 The mail is too large"
LOOP = "554 5.4.6 The mail came through too many servers"
SMUGGLED = "554 5.5.2 A dot stands between bare CR or LF"
NOT_READ = "421 4.7.0 The rest of the mail is not read"
AWAY = "452 4.3.1 The mail cannot be kept now, try again"
FAULT = "451 4.3.0 Something went wrong here, try again"
MANY_CONNECTIONS = {
    "connections": "421 4.3.2 Too many connections, try again",
    "connections-of-address": "421 4.7.0 Too many connections from your address",
}
TOO_FAST = "451 4.7.1 Too many mails from your address, try again"
TOO_MANY_GUESSES = "421 4.7.0 Too many wrong passwords"
NO_TLS_TWICE = "503 5.5.1 TLS is there already"
NO_AUTH = "502 5.5.1 There is no AUTH here"
LMTP_ONLY = "500 5.5.1 This is LMTP: say LHLO"

_BY_SLUG = {"too-large": TOO_LARGE, "mail-loop": LOOP, "mail-smuggled": SMUGGLED}
_STATUS = {
    "220": "2.0.0", "221": "2.0.0", "235": "2.7.0", "250": "2.0.0", "252": "2.5.0",
    "421": "4.3.0", "450": "4.2.0", "451": "4.3.0", "452": "4.3.1", "454": "4.7.0",
    "500": "5.5.1", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1", "504": "5.5.4",
    "530": "5.7.0", "538": "5.7.11", "550": "5.1.1", "552": "5.3.4", "554": "5.0.0", "555": "5.5.4",
}  # fmt: skip
_REPLY = re.compile(r"(\d{3}) (?!\d\.\d{1,3}\.\d{1,3} )")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def answer_of(outcome: Outcome) -> str:
    """Return what is said of a mail."""
    if isinstance(outcome, Taken):
        return f"250 2.6.0 Taken as {outcome.mail_id}"
    if isinstance(outcome, InvalidInput):
        return _BY_SLUG.get(outcome.slug, FAULT)
    return AWAY


def counted(outcome: Outcome) -> tuple[str, str]:
    """Return what became of a mail, as it is counted: accepted, repeated or refused, and why."""
    if isinstance(outcome, Taken):
        return ("repeated" if outcome.repeated else "accepted", "")
    return ("refused", outcome.slug if isinstance(outcome, InvalidInput) else "away")


def enhanced(reply: str) -> str:
    """Return a reply with its enhanced status code, and without what would break the line."""
    clean = _UNPRINTABLE.sub("?", reply)
    found = _REPLY.match(clean)
    status = _STATUS.get(found[1]) if found else None
    return f"{clean[:4]}{status} {clean[4:]}" if status else clean
