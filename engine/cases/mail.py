"""Hand mail to a relay over SMTP (RFC 5321), with TLS from the start or by STARTTLS (RFC 8314, RFC 3207)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

from engine.cases.effects import Undeliverable
from engine.errors import Unavailable
from engine.model.relay import FOLDER, FOR_GOOD, Relay


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
        if self._relay.scheme == FOLDER:
            await asyncio.to_thread(_file, Path(self._relay.folder), message)
            return
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


def _file(folder: Path, message: EmailMessage) -> None:
    """Write a message into a folder, for who tries things out."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"notice-{time.time_ns()}.eml").write_bytes(bytes(message))


def _refusal(codes: Mapping[str, int]) -> Exception:
    """Return what to raise when the relay would not have some recipients; the others may have got the message."""
    said = ", ".join(f"{address} ({code})" for address, code in sorted(codes.items()))
    if all(code >= FOR_GOOD for code in codes.values()):
        return Undeliverable(f"the relay refused {said}")
    return Unavailable(f"the relay would not have {said} now")
