"""Hand mail to a relay over SMTP (RFC 5321), with TLS from the start or by STARTTLS (RFC 8314, RFC 3207)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from engine.cases.effects import Undeliverable
from engine.errors import InvalidInput, Unavailable

PORTS: Mapping[str, int] = {"smtps": 465, "smtp": 587, "smtp-plain": 25}
"""Schemes of a relay's address: TLS from the start, STARTTLS required, no TLS at all; with their usual ports."""
FOR_GOOD = 500
"""Replies from here on mean: do not try again (RFC 5321, 4.2.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relay:
    """A mail relay."""

    host: str
    port: int
    scheme: str = "smtp"
    user: str = ""
    password: str = field(default="", repr=False)


def relay_of(url: str) -> Relay | None:
    """Read a relay's address such as ``smtp://user:password@relay.example:587``; "" = None. Raises InvalidInput."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("the mail relay's address cannot be read") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise InvalidInput(f"write the mail relay as scheme://host, with a scheme of {', '.join(PORTS)}")
    return Relay(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        scheme=parts.scheme,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


class SmtpMailer:
    """Send mail through one relay; each message over a connection of its own."""

    def __init__(self, *, relay: Relay | None, sender: str, timeout_s: float = 15.0) -> None:
        """``sender``: the address that mail comes from. ``timeout_s`` is for each exchange with the relay."""
        self._relay = relay
        self.sender = sender if relay else ""
        self._timeout_s = timeout_s

    async def send(self, message: EmailMessage, recipients: Sequence[str]) -> None:
        """Hand a message to the relay for all recipients.

        Raises Undeliverable when the relay refuses it, or somebody, for good; Unavailable when it may take it later.
        """
        if self._relay is None:
            raise Undeliverable("no mail relay is configured")
        try:
            refused = await self._hand_over(self._relay, message, recipients)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal({one.recipient: one.code for one in error.recipients}) from error
        except aiosmtplib.SMTPResponseException as error:
            fault = f"the relay answered {error.code} {error.message}"[:300]
            if error.code >= FOR_GOOD and not isinstance(error, aiosmtplib.SMTPAuthenticationError):
                raise Undeliverable(fault) from error
            raise Unavailable(fault) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the relay: {error}"[:300]) from error
        if refused:
            raise _refusal({address: answer.code for address, answer in refused.items()})

    async def _hand_over(
        self, relay: Relay, message: EmailMessage, recipients: Sequence[str]
    ) -> Mapping[str, aiosmtplib.SMTPResponse]:
        refused, _said = await aiosmtplib.send(
            message,
            recipients=list(recipients),
            hostname=relay.host,
            port=relay.port,
            username=relay.user or None,
            password=relay.password or None,
            use_tls=relay.scheme == "smtps",
            start_tls=relay.scheme == "smtp",
            timeout=self._timeout_s,
        )
        return refused


def _refusal(codes: Mapping[str, int]) -> Exception:
    """Return what to raise when the relay would not have some recipients; the others may have got the message."""
    said = ", ".join(f"{address} ({code})" for address, code in sorted(codes.items()))
    if all(code >= FOR_GOOD for code in codes.values()):
        return Undeliverable(f"the relay refused {said}")
    return Unavailable(f"the relay would not have {said} now")
