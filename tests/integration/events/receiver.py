"""A real HTTP server that takes webhooks: it keeps what came, and answers as told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body, type=dict[str, Any])

    @property
    def seq(self) -> int:
        return int(self.message["data"]["seq"])


@dataclass
class Receiver:
    port: int = 0
    came: list[Received] = field(default_factory=list)
    answer: Callable[[Received], str] = lambda _: "200 OK"
    more: str = ""  # further header lines
    silent: bool = False  # take everything, answer nothing

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?from=cordboard"

    def seqs(self) -> list[int]:
        return [one.seq for one in self.came]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
                body = await reader.readexactly(int(headers["content-length"]))
                one = Received(headers=headers, body=body, path=first.split()[1])
                self.came.append(one)
                if self.silent:
                    await asyncio.Event().wait()
                writer.write(f"HTTP/1.1 {self.answer(one)}\r\n{self.more}Content-Length: 0\r\n\r\n".encode())
                await writer.drain()


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
