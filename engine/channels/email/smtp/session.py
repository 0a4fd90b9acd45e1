"""One connection over which mail comes: aiosmtpd's, but a mail is streamed to the disk and never held in memory."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, cast

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from engine.channels.email.inlet import Outcome, Taken
from engine.channels.email.smtp import answers
from engine.channels.email.smtp.data import DataReader
from engine.channels.email.smtp.gate import Gate, MailEnvelope, handed_of
from engine.errors import CordboardError, InvalidInput
from engine.model.mail_record import Envelope as Handed
from engine.model.mail_record import Source

log = structlog.get_logger(__name__)

PIECE = 32_768
"""Bytes read at once."""
ABORT_S = 10.0
"""A client that takes no answer is cut off so long after its connection was closed."""
LONGEST_COMMAND = 2_048
LONGEST_NAME = 255
MOST_GUESSES = 3
_USUAL = re.compile(r"<([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255})>(.*)", re.ASCII)
"""An address as nearly all are; aiosmtpd's own reader, which takes 50 µs for one, reads the others."""


class SmtpSession(SMTP):
    """Talk SMTP with one client."""

    line_length_limit = PIECE  # of the stream's buffer; a mail's lines may have any length
    command_size_limit = LONGEST_COMMAND
    source = Source.SMTP
    protocol = "ESMTP"

    def __init__(self, gate: Gate, *, loop: asyncio.AbstractEventLoop, tls: ssl.SSLContext | None) -> None:
        settings = gate.settings
        self._gate = gate
        self.address = ""  # of the client; "" = over a socket file
        self.unknown = 0  # addresses it named that we do not have
        self._guesses = 0
        self._inside = False
        self._greeted = False
        self._greets = False
        self._last_word = ""  # said after the present mail, before the connection is closed
        self._transaction: asyncio.Task[list[Outcome]] | None = None
        super().__init__(
            gate,
            data_size_limit=settings.most_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.name,
            ident=self.protocol,
            tls_context=tls,
            timeout=settings.command_s,
            auth_required=self.offers_auth,
            authenticator=self._check,
            command_call_limit=settings.most_commands,
            loop=loop,
        )
        self.command_size_limits = defaultdict(lambda: LONGEST_COMMAND)  # not shared with others, as aiosmtpd's is

    @property
    def offers_auth(self) -> bool:
        """Say whether mail is taken from known users only."""
        return self._gate.users is not None

    # -- the connection -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or say why not; also called when TLS is there."""
        if not self._inside:
            peer = transport.get_extra_info("peername")
            self.address = str(peer[0]) if isinstance(peer, tuple) else ""
            reason = self._admission()
            if reason:
                refusing = cast("asyncio.WriteTransport", transport)
                refusing.write(f"{self._gate.refuse(reason, answers.MANY_CONNECTIONS[reason])}\r\n".encode())
                refusing.close()
                return
            self._inside = True
            self._gate.sessions.add(self)
        super().connection_made(transport)

    def _admission(self) -> str:
        return self._gate.door.enter(self.address)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client; aiosmtpd may call this twice. A mail that it sent whole is taken all the same."""
        if self in self._gate.sessions:
            self._gate.sessions.discard(self)
            self._gate.door.leave(self.address)
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Take bytes of a client that was let in."""
        if self._inside:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """Take the end of what the client sends."""
        return super().eof_received() if self._inside else False

    @property
    def handler(self) -> asyncio.Task[None] | None:
        """Return the task that talks with the client."""
        return self._handler_coroutine

    def end(self) -> None:
        """End the connection before its next mail; one that is on its way in is taken first."""
        self._last_word = answers.STOPPING
        if self._closing:
            self.abort()
        elif self._transaction is None:
            self._leave()

    def end_soon(self) -> None:
        """End the connection once the present answer is given."""
        self.loop.call_soon(self._close)

    def abort(self) -> None:
        """Cut the connection off: what lies beneath TLS, since closing that waits for the client."""
        beneath = self._original_transport or self.transport
        if beneath is not None:
            cast("asyncio.WriteTransport", beneath).abort()
            self.loop.call_soon(self.connection_lost, None)  # a lost TLS connection may forget to

    @property
    def _closing(self) -> bool:
        return self.transport is None or self.transport.is_closing()

    def _leave(self) -> None:
        self._say(self._last_word)
        self._close()

    def _close(self) -> None:
        """Close the connection; nothing that is still there is read as commands."""
        if self.transport is not None and not self._closing:  # TLS of Python 3.11 breaks when it is closed twice
            self._reader._buffer.clear()  # type: ignore[attr-defined] # noqa: SLF001 - as aiosmtpd does itself
            self.transport.close()
            self.loop.call_later(ABORT_S, self.abort)

    def _timeout_cb(self) -> None:
        if self._closing:
            self.abort()
            return
        self._say(self._gate.refuse("time-out", answers.TIMED_OUT))
        self._close()

    def _say(self, reply: str) -> None:
        if not self._closing:
            self._writer.write(f"{reply}\r\n".encode())

    async def push(self, status: Any) -> None:  # noqa: ANN401 - text or bytes, as aiosmtpd has it
        """Send an answer with its enhanced status code, which greetings have not (RFC 2034)."""
        text = status.decode("utf-8", "replace") if isinstance(status, bytes) else status
        plain = self._greets or not self._greeted
        self._greeted = True
        await super().push((text if plain else answers.enhanced(text)).encode("utf-8", "replace"))

    # -- commands -----------------------------------------------------------------------------------------------

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        usual = _USUAL.fullmatch(arg or "")
        return (usual[1], usual[2]) if usual else super()._getaddr(arg)

    def _create_envelope(self) -> Envelope:
        return MailEnvelope()

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802 -- aiosmtpd calls them so
        """Greet."""
        await self._greet(super().smtp_HELO(hostname))

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 -- as above
        """Greet, and say what there is."""
        await self._greet(super().smtp_EHLO(hostname))

    async def _greet(self, greeting: Awaitable[None]) -> None:
        self._greets = True
        try:
            await greeting
        finally:
            self._greets = False

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 -- as above
        """Begin TLS, once; whatever came in the clear behind the command is dropped."""
        if self._tls_protocol is not None:
            await self.push(answers.NO_TLS_TWICE)
            return
        await super().smtp_STARTTLS(arg)
        self._look_at_handshake()

    def _look_at_handshake(self) -> None:
        if self._tls_protocol is not None and self.session is not None and self.session.ssl is None:
            self.connection_lost(None)  # the client went within the handshake, which asyncio tells nobody

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 -- as above
        """Let a user in; few wrong passwords end the connection."""
        if not self.offers_auth:
            await self.push(answers.NO_AUTH)
            return
        if self._tls_protocol is not None and self._gate.door.guess(self.address, self._gate.clock.now_ms()):
            await self.push(self._gate.refuse("guesses", answers.TOO_MANY_GUESSES))
            self._close()
            return
        await super().smtp_AUTH(arg)
        assert self.session is not None
        self._guesses += not self.session.authenticated
        if self._guesses >= MOST_GUESSES:
            await self.push(answers.TOO_MANY_GUESSES)
            self._close()

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:  # noqa: ANN401 - aiosmtpd's
        right = isinstance(given, LoginPassword) and self._gate.knows(self.address, given)
        return AuthResult(success=right, handled=False, auth_data=given if right else None)

    async def smtp_HELP(self, _arg: str) -> None:  # noqa: N802 -- as above
        """Say where help is."""
        await self.push("214 2.0.0 See RFC 5321")

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 -- as above
        """Take a mail: 250 only once it is on the disk and on the record."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        assert isinstance(envelope, MailEnvelope)
        if not envelope.rcpt_tos:
            await self.push("503 5.5.1 Name a recipient first")
            return
        if arg:
            await self.push("501 5.5.4 DATA stands alone")
            return
        await self.push("354 End the mail with <CR><LF>.<CR><LF>")
        handed = handed_of(envelope, source=self.source, peer=self._peer())
        outcomes = await self._transact(list(handed.values()))
        self.envelope = self._create_envelope()
        if not outcomes:  # the client went
            self._close()
            return
        became = dict(zip(handed, outcomes, strict=True))
        await self._report([became[place.org_id] for place in envelope.places])
        if self._last_word:
            self._leave()

    async def _report(self, outcomes: Sequence[Outcome]) -> None:
        """Answer for all recipients at once: taken only if it was for each of them."""
        failed = [one for one in outcomes if not isinstance(one, Taken)]
        later = [one for one in failed if not isinstance(one, InvalidInput)]
        await self.push(answers.answer_of((later or failed or outcomes)[0]))

    # -- a mail -------------------------------------------------------------------------------------------------

    async def _transact(self, handed: Sequence[Handed]) -> list[Outcome]:
        """Take what the client sends; a mail that it sent whole is taken even if it does not wait for the answer."""
        data = DataReader()
        task = asyncio.create_task(self._take(handed, data), name="mail")
        self._transaction = task
        self._gate.transactions.add(task)
        task.add_done_callback(self._gate.transactions.discard)
        try:
            return await asyncio.shield(task)
        finally:
            self._transaction = None

    async def _take(self, handed: Sequence[Handed], data: DataReader) -> list[Outcome]:
        """Return what became of the mail for each; nothing when the client went in its middle."""
        deadline = self.loop.time() + self._gate.settings.mail_s
        most = self._gate.settings.most_bytes
        outcomes: list[Outcome]
        try:
            try:
                outcomes = await self._gate.inlet.take_each(handed, self._pieces(data, deadline), most_bytes=most)
            except CordboardError as error:
                await self._pass_over(data, deadline)
                outcomes = [error] * len(handed)
        except ConnectionError:
            self._gate.count("refused", "connection-lost")
            return []
        except Exception:
            log.exception("a mail was not taken")
            self._last_word = answers.FAULT
            outcomes = [CordboardError("not taken")] * len(handed)
        for outcome in outcomes:
            self._gate.count(*answers.counted(outcome))
        return outcomes

    async def _pieces(self, data: DataReader, deadline: float) -> AsyncIterator[bytes]:
        """Yield the mail's content; raise InvalidInput (``mail-smuggled``) at its end if it has a false one."""
        while not data.ended:
            content = await self._piece(data, deadline)
            if content:
                yield content
        if data.smuggled:
            raise InvalidInput("a dot stands between bare line ends", slug="mail-smuggled")

    async def _pass_over(self, data: DataReader, deadline: float) -> None:
        """Read the rest of a mail that is not taken, so that its end is answered; of a very long one it is not."""
        most = data.size + self._gate.settings.most_bytes
        while not data.ended and data.size < most:
            await self._piece(data, deadline)
        if not data.ended:
            self._last_word = answers.NOT_READ

    async def _piece(self, data: DataReader, deadline: float) -> bytes:
        try:
            piece = await self._reader.read(PIECE)
        except OSError as error:  # of TLS, for one
            raise ConnectionResetError(str(error)) from error
        if not piece:
            raise ConnectionResetError("the client went in the middle of a mail")
        content = data.take(piece)
        if data.ended:
            self._reader._buffer[:0] = data.rest  # type: ignore[attr-defined] # noqa: SLF001 - as aiosmtpd does itself
        elif self.loop.time() > deadline:
            self._say(answers.TOO_LATE)
            self._close()
            raise ConnectionAbortedError("the mail took too long")
        if self.transport is not None:
            self._reset_timeout(self._gate.settings.take_s if data.ended else self._gate.settings.data_s)
        return content

    def _peer(self) -> str:
        """Return who hands the mail over: address, the name it gave, TLS, user; printable."""
        session = self.session
        assert session is not None
        tls = self.transport.get_extra_info("cipher") if self.transport and self._tls_protocol else None
        words = [f"[{self.address or 'local'}]", (session.host_name or "")[:LONGEST_NAME]]
        words.append(f"{tls[1]} {tls[0]}" if tls else "")
        user: object = session.auth_data  # aiosmtpd declares it as None
        if isinstance(user, LoginPassword):
            words.append(f"as {user.login.decode('utf-8', 'replace')}")
        return "".join(one if one.isprintable() else "?" for one in " ".join(filter(None, words)))


class LmtpSession(SmtpSession):
    """Talk LMTP (RFC 2033): the same, but with an answer for each recipient."""

    source = Source.LMTP
    protocol = "LMTP"

    @property
    def offers_auth(self) -> bool:
        """Say that who reaches the socket may hand mail over."""
        return False

    def _admission(self) -> str:
        self.address = ""  # a mail server of ours: one address, many mails
        return super()._admission()

    async def smtp_LHLO(self, hostname: str) -> None:  # noqa: N802 -- aiosmtpd calls them so
        """Greet, and say what there is."""
        await super().smtp_EHLO(hostname)

    async def smtp_EHLO(self, _hostname: str) -> None:  # noqa: N802 -- as above
        """Tell a client of SMTP that it is wrong here."""
        await self.push(answers.LMTP_ONLY)

    async def smtp_HELO(self, _hostname: str) -> None:  # noqa: N802 -- as above
        """Tell a client of SMTP that it is wrong here."""
        await self.push(answers.LMTP_ONLY)

    async def _report(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            await self.push(answers.answer_of(outcome))
