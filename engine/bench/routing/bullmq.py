"""BullMQ under measurement: a Node process with BullMQ's own client, driven over its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from engine.bench.routing.result import Run
from engine.errors import Unavailable

PACKAGES = ("bullmq@6.7.0", "ioredis@6.0.0")
MEND = "cordboard bench routing --install-peers"
_PROGRAM = Path(__file__).with_name("bullmq.cjs")
_ANSWER_S = 120.0


def peers_directory() -> Path:
    """Return where the packages are kept unless another place is given."""
    return Path.home() / ".cache" / "cordboard" / "bench-peers"


async def install(directory: Path) -> None:
    """Install BullMQ and its client with npm; raises Unavailable."""
    npm = find_program("npm")
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    words = ("install", "--prefix", str(directory), "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
    process = await asyncio.create_subprocess_exec(
        npm, *words, "--loglevel=error", *PACKAGES,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    if process.returncode:
        raise Unavailable(f"npm failed: {' '.join(errors.decode(errors='replace').split())}")


def find_program(name: str) -> str:
    """Return the path of ``node`` or ``npm``: on PATH, else of a wheel beside this Python; raises Unavailable."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise Unavailable(
            "Node.js is not installed.", mend="Install Node.js 20 or newer; Debian: apt-get install nodejs npm"
        )
    return found


class BullMQ:
    """Queues and their workers in one Node process."""

    def __init__(self, directory: Path, *, cpu_s: Callable[[], Awaitable[float]]) -> None:
        """Use the packages in ``directory``; ``cpu_s`` asks the server for its processor time."""
        self._directory = directory
        self._cpu_s = cpu_s
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> dict[str, str]:
        """Start it; return the versions in use. Raises Unavailable."""
        node = find_program("node")
        if not await asyncio.to_thread((self._directory / "node_modules" / "bullmq").is_dir):
            raise Unavailable("BullMQ is not installed.", mend=MEND)
        self._process = await asyncio.create_subprocess_exec(
            node, str(_PROGRAM), str(self._directory), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return {name: str(version) for name, version in (await self._do("versions")).items()}

    async def stop(self) -> None:
        """End it."""
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def open(self, name: str, *, socket: str, concurrency: int, waiting: int) -> None:
        """Make a queue in which so many jobs wait, and a worker that does not work yet."""
        await self._do("open", name=name, socket=socket, concurrency=concurrency)
        await self._do("fill", name=name, jobs=waiting)

    async def measure(self, name: str, *, jobs: int, seconds: float, warmup: float) -> Run:
        """Work for so long, with ``jobs`` in the queue all the time."""
        await self._do("begin", name=name, jobs=jobs)
        await asyncio.sleep(warmup)
        server_s, before, began = await self._cpu_s(), await self._do("mark", name=name), time.perf_counter()
        await asyncio.sleep(seconds)
        after, took = await self._do("mark", name=name), time.perf_counter() - began
        server_s = await self._cpu_s() - server_s
        await self._do("end", name=name)
        client_s = after["cpu_s"] - before["cpu_s"]
        return Run(done=after["done"] - before["done"], seconds=took, server_s=server_s, client_s=client_s)

    async def _do(self, what: str, **words: str | int) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode({"do": what, **words}) + b"\n")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ANSWER_S):
                line = await process.stdout.readline()
                answer: dict[str, Any] = msgspec.json.decode(line) if line else {"error": "its process ended"}
                if "error" in answer:
                    raise Unavailable(f"BullMQ: {answer['error']}")
                return answer
        raise Unavailable(f"BullMQ did not answer within {_ANSWER_S:g} s.")
