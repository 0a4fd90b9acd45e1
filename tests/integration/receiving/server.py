"""A mail server on real sockets, and a client that says what it is told to, however wrong."""

import asyncio
import shutil
import ssl
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from engine.channels.email.addresses import AddressBook
from engine.channels.email.smtp.server import MailServer
from engine.channels.email.smtp.settings import MailServerSettings
from engine.clock import SystemClock
from engine.model.mail_channel import Email
from engine.model.organisation import Channel, Organisation
from tests.integration.receiving.house import House
from tests.organisations import small_organisation


class Organisations:
    """Two organisations, one with two channels."""

    def __init__(self) -> None:
        self.held = [
            _with_mail("acme", desk=Email(address="desk@shop.example"), sales=Email(address="sales@shop.example")),
            _with_mail("zeta", post=Email(address="post@zeta.example")),
        ]

    def all(self) -> list[Organisation]:
        return self.held


def _with_mail(org_id: str, **emails: Email) -> Organisation:
    channels = {
        key: Channel(key=key, kind="email", name=key, queue="support", email=email) for key, email in emails.items()
    }
    return replace(small_organisation(org_id), channels=channels)


@dataclass
class Running:
    """A mail server that runs."""

    server: MailServer
    organisations: Organisations
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def port(self) -> int:
        return self.server.ports[0]


@asynccontextmanager
async def receiving(house: House, **settings: Any) -> AsyncIterator[Running]:
    """Run a mail server: SMTP on a free port unless told otherwise."""
    organisations = Organisations()
    counts: Counter[tuple[str, str]] = Counter()
    told = MailServerSettings(**({"name": "mx.shop.example", "smtp": "127.0.0.1:0"} | settings))
    server = MailServer(
        settings=told,
        book=AddressBook(organisations),
        inlet=house.inlet,
        clock=SystemClock(),
        count=lambda kind, reason: counts.update([(kind, reason)]),
    )
    await server.start()
    try:
        yield Running(server, organisations, counts)
    finally:
        await server.stop()


class Wire:
    """A connection to a mail server, line by line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    async def greeted(cls, port: int, word: str = "EHLO") -> Self:
        """Connect and say who calls."""
        wire = cls(*await asyncio.open_connection("127.0.0.1", port))
        assert (await wire.reply()).startswith("220 ")
        assert (await wire.say(f"{word} customer.example")).startswith("250")
        return wire

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    def send(self, sent: bytes | str) -> None:
        self.writer.write(sent if isinstance(sent, bytes) else f"{sent}\r\n".encode())

    async def reply(self) -> str:
        """Return the next reply, its lines joined; "" when the connection is closed."""
        lines: list[str] = []
        async with asyncio.timeout(20):
            while True:
                try:
                    line = (await self.reader.readline()).decode()
                except ConnectionError:
                    line = ""
                lines.append(line.rstrip("\r\n"))
                if line[3:4] != "-":
                    return "\n".join(lines)

    async def say(self, sent: bytes | str) -> str:
        self.send(sent)
        return await self.reply()

    async def begin(self, *recipients: str, sender: str = "ada@customer.example") -> list[str]:
        """Say MAIL and RCPT; return the replies."""
        replies = [await self.say(f"MAIL FROM:<{sender}>")]
        return replies + [await self.say(f"RCPT TO:<{one}>") for one in recipients or ("desk@shop.example",)]

    async def mail(self, source: bytes, *recipients: str) -> str:
        """Hand a mail over; return the last reply."""
        assert all(one.startswith("250") for one in await self.begin(*recipients))
        assert (await self.say("DATA")).startswith("354")
        return await self.say(source + b".\r\n")

    async def closed(self) -> bool:
        """Say whether the server has closed the connection; whatever it still says is passed over."""
        async with asyncio.timeout(20):
            with suppress(ConnectionError):
                await self.reader.read()
        return self.reader.at_eof() or self.reader.exception() is not None

    async def secure(self) -> None:
        """Begin TLS."""
        assert (await self.say("STARTTLS")).startswith("220")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await self.writer.start_tls(context)


def make_certificate(folder: Path, name: str = "mx") -> tuple[Path, Path]:
    """Make a certificate that signs itself; return it and its key."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "openssl is missing; Debian: apt-get install openssl"
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={name}.shop.example", "-out", str(chain), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return chain, key
