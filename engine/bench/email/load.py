"""Mails that come over some connections, each as soon as the one before was answered."""

from __future__ import annotations

import asyncio
import base64
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from engine.bench.histogram import Histogram
from engine.errors import Unavailable

RECIPIENT = "desk@bench.example"
SEED = 4_711
ANSWER_S = 60.0


@dataclass(kw_only=True)
class Accepted:
    """What a server accepted."""

    mails: int = 0
    began: float = 0.0
    seconds: float = 0.0  # from the first connection to the last answer
    latency: Histogram = field(default_factory=Histogram)  # from MAIL to the answer behind the mail

    @property
    def rate(self) -> float:
        """Return mails a second."""
        return self.mails / self.seconds if self.seconds else 0.0


class Load:
    """So many mails of a size, each of another customer, with an attachment."""

    def __init__(self, *, mails: int, connections: int, size: int, first: int = 0) -> None:
        """``size``: bytes of a mail; ``first``: number of the first, so that those of two loads are others."""
        self._mails = mails
        self._first = first
        self._connections = connections
        rest = max(100, size - 1_000) * 57 // 78  # base64, in lines of 76
        self._file = base64.encodebytes(Random(SEED).randbytes(rest)).replace(b"\n", b"\r\n")

    async def run(self, port: int) -> Accepted:
        """Hand all mails over; raises Unavailable when one is refused."""
        accepted = Accepted(mails=self._mails, began=time.perf_counter())
        numbers = iter(range(self._first, self._first + self._mails))
        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(self._send(port, numbers, accepted.latency))
        accepted.seconds = time.perf_counter() - accepted.began
        return accepted

    async def _send(self, port: int, numbers: Iterator[int], latency: Histogram) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def say(sent: bytes, code: bytes) -> None:
            writer.write(sent)
            async with asyncio.timeout(ANSWER_S):
                line = await reader.readline()
                while line[3:4] == b"-":
                    line = await reader.readline()
            if not line.startswith(code):
                raise Unavailable(f"the mail server said {line.decode(errors='replace').strip()!r}")

        try:
            await say(b"", b"220")
            await say(b"EHLO bench.example\r\n", b"250")
            for number in numbers:
                began = time.perf_counter()
                await say(f"MAIL FROM:<customer-{number}@example.com>\r\n".encode(), b"250")
                await say(f"RCPT TO:<{RECIPIENT}>\r\n".encode(), b"250")
                await say(b"DATA\r\n", b"354")
                await say(self.mail(number), b"250")
                latency.record(time.perf_counter() - began)
            await say(b"QUIT\r\n", b"221")
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"the mail server went: {error}") from error
        finally:
            writer.close()

    def mail(self, number: int) -> bytes:
        """Return a mail with its end."""
        text = "\r\n".join(itertools.repeat("My order has not come yet; could you look where it is?", 8))
        head = (
            f"Received: from mx.example.com by mx.bench.example; Sun, 22 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{number}@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
            f"From: Customer {number} <customer-{number}@example.com>\r\nTo: {RECIPIENT}\r\n"
            f"Subject: Order {number}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            "--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename=photo.jpg\r\n\r\n"
        )
        own = base64.b64encode(f"{number:012}".encode())  # no two files are the same
        return b"%s%s\r\n%s--b--\r\n.\r\n" % (head.encode(), own, self._file)
