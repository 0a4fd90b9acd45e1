"""The embedded Valkey server as a supervised child process.

The child listens on a Unix socket only, syncs every write before answering it, and never outlives this process
(`guard.py`). It is started from the main thread, because Linux ends it with the *thread* that started it.

The process is watched by polling rather than by an asyncio child watcher, so that a server may be started and
stopped from different event loops (tests do) and so that no watcher thread is needed on Python 3.11.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from engine.errors import CordboardError, Unavailable
from engine.valkey.allocator import environment_for
from engine.valkey.binary import find_binary
from engine.valkey.diagnosis import log_end, start_failure
from engine.valkey.place import Lock, make_private, socket_path

log = structlog.get_logger(__name__)

POLL_S = 0.05
GUARD = Path(__file__).with_name("guard.py")


@dataclass(frozen=True, kw_only=True)
class ValkeyRestart:
    """Tell that the server died and runs again."""

    exit_code: int
    """The dead server's status; negative: the signal that killed it."""
    restarts: int
    """Restarts since the first start, this one included."""
    down_ms: int
    """From noticing the death to the first answer."""


class ValkeyServer:
    """Run Valkey in ``data``/valkey; one instance is one server, started and stopped once."""

    def __init__(
        self,
        *,
        data: Path,
        binary: Path | None = None,
        fsync: Literal["always", "everysec", "no"] = "always",
        on_restart: Callable[[ValkeyRestart], None] | None = None,
        start_timeout_s: float = 30.0,
        load_timeout_s: float = 600.0,
        lock_timeout_s: float = 3.0,
        stop_timeout_s: float = 10.0,
        attempts: int = 5,
        backoff_s: tuple[float, float] = (0.05, 5.0),
    ) -> None:
        """Prepare a server; nothing happens before ``start``.

        Args:
            data: The installation's data directory.
            binary: The program; None: find one.
            fsync: When the append-only file is synced. Anything but ``always`` may lose answered writes.
            on_restart: Called after each restart, in the event loop, once the server answers again; must not block.
            start_timeout_s: How long a new server may be silent.
            load_timeout_s: How long it may load its data, which it says it does.
            lock_timeout_s: How long to wait for a dying predecessor to let go of the directory.
            stop_timeout_s: How long a graceful stop may take before the server is killed.
            attempts: Failed starts in a row after which ``run`` gives up.
            backoff_s: First and longest wait between restarts.
        """
        self.directory = (data / "valkey").absolute()
        self._binary = binary
        self._fsync = fsync
        self._on_restart = on_restart
        self._start_timeout_s = start_timeout_s
        self._load_timeout_s = load_timeout_s
        self._lock_timeout_s = lock_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._attempts = attempts
        self._backoff_s = backoff_s
        self._log_path = self.directory / "valkey.log"
        self._lock: Lock | None = None
        self._socket: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._life_line: int | None = None
        self._stopping = asyncio.Event()

    @property
    def address(self) -> str:
        """The server's address, ``unix://…``; known after ``start``, the same after every restart."""
        return f"unix://{self._socket_path()}"

    @property
    def pid(self) -> int | None:
        """The process number of the server that runs now, None when none runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    async def start(self) -> None:
        """Lock the directory, start the server and wait until it answers with all its data loaded.

        Cancellation safe: a cancelled or failed start leaves neither a process nor a lock behind.

        Raises:
            Unavailable: ``board-binary-missing``, ``board-directory``, ``board-locked``, ``board-start-failed`` or
                ``board-corrupt``, each with its mend.
            RuntimeError: not called from the main thread, or called twice.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start the Valkey server from the main thread: it ends with the thread that started it")
        if self._lock is not None:
            raise RuntimeError("this Valkey server was started already")
        self._stopping.clear()
        self._binary = self._binary or find_binary()
        make_private(self.directory)
        self._lock = Lock(self.directory)
        try:
            await self._take_lock(self._lock)
            self._socket = socket_path(self.directory)
            await self._launch()
        except BaseException:
            self._discard()
            raise

    async def run(self) -> None:
        """Watch the server and restart it when it dies, until ``stop``; the waits between restarts grow.

        Cancellation safe: the server keeps running when the watch is cancelled; ``stop`` ends it.

        Raises:
            Unavailable: the server failed to start again too often, or its data are damaged.
        """
        restarts, wait_s = 0, self._backoff_s[0]
        while True:
            began = time.monotonic()
            exit_code = await self._death()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > 2 * self._backoff_s[1]:
                wait_s = self._backoff_s[0]
            died = time.monotonic()
            log.error("valkey died", exit_code=exit_code, restart_in_s=wait_s, log=log_end(self._log_path))
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, self._backoff_s[1])
            if not await self._relaunch():
                return
            restarts += 1
            down_ms = int((time.monotonic() - died) * 1000)
            log.warning("valkey restarted", restarts=restarts, down_ms=down_ms)
            if self._on_restart is not None:
                self._on_restart(ValkeyRestart(exit_code=exit_code, restarts=restarts, down_ms=down_ms))

    async def stop(self) -> None:
        """End the server: ask it, then tell it, then kill it; let go of the directory. Idempotent.

        When cancelled, the server is killed at once; every answered write is on disk anyway.
        """
        self._stopping.set()
        process = self._process
        try:
            if process is not None and process.poll() is None:
                with contextlib.suppress(OSError, TimeoutError):
                    await self._ask("SHUTDOWN")
                if not await self._ended(process, self._stop_timeout_s / 2):
                    process.terminate()
                    await self._ended(process, self._stop_timeout_s / 2)
        finally:
            self._discard()

    async def _take_lock(self, lock: Lock) -> None:
        deadline = time.monotonic() + self._lock_timeout_s
        while not lock.take():
            if time.monotonic() > deadline:
                raise lock.refusal()
            await asyncio.sleep(POLL_S)

    async def _relaunch(self) -> bool:
        """Start the dead server again; return False when stopped meanwhile."""
        wait_s = self._backoff_s[0]
        for attempt in range(1, self._attempts + 1):
            if self._stopping.is_set():
                return False
            try:
                await self._find_directory()
                await self._launch()
            except CordboardError as error:
                if self._stopping.is_set():
                    return False
                if error.slug == "board-corrupt" or attempt == self._attempts:
                    raise
                log.exception("valkey did not start", attempt=attempt, retry_in_s=wait_s)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, self._backoff_s[1])
            else:
                return True
        return False

    async def _find_directory(self) -> None:
        """Make and lock the directory anew when somebody has removed it: an empty board is better than none."""
        assert self._lock is not None
        if self._lock.in_place():
            return
        log.error("the board's directory is gone; it is made anew", directory=str(self.directory))
        make_private(self.directory)
        lock = Lock(self.directory)
        try:
            await self._take_lock(lock)
        except BaseException:
            lock.close()
            raise
        self._lock.close()
        self._lock = lock

    async def _launch(self) -> None:
        """Start one process and wait until it serves; on failure the process is gone."""
        try:
            offset = self._begin_log()
            self._spawn()
        except OSError as error:
            raise Unavailable(f"Cannot start Valkey: {error}.", slug="board-start-failed") from error
        try:
            await self._until_ready(offset)
        except BaseException:
            self._kill()
            raise

    def _begin_log(self) -> int:
        """Put a long log aside; return where the new server's lines begin."""
        size = self._log_path.stat().st_size if self._log_path.exists() else 0
        if size < 8 * 1024 * 1024:
            return size
        self._log_path.replace(self._log_path.with_suffix(".log.1"))
        return 0

    def _spawn(self) -> None:
        assert self._lock is not None
        assert self._binary is not None
        read_end, write_end = os.pipe()
        guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(read_end)]
        try:
            with self._log_path.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603 -- our own guard and a server found by `find_binary`
                    [*guard, str(self._binary), *self._settings()],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(self._lock.fd, read_end),
                    env=environment_for(self._binary),
                    start_new_session=True,  # a terminal's Ctrl-C is for the engine, which then stops the server
                )
        except BaseException:
            os.close(write_end)
            raise
        finally:
            os.close(read_end)
        self._life_line = write_end
        self._lock.note(self._process.pid)

    def _settings(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self._socket_path()),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "logfile": str(self._log_path),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "no-appendfsync-on-rewrite": "no",
            "auto-aof-rewrite-percentage": "100",
            "auto-aof-rewrite-min-size": "64mb",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]

    async def _until_ready(self, log_offset: int) -> None:
        process = self._process
        assert process is not None
        deadline = time.monotonic() + self._start_timeout_s
        loading = False
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise start_failure(self.directory, self._log_path, log_offset, exit_code=process.returncode)
            with contextlib.suppress(OSError, TimeoutError):
                answer = await self._ask("PING")
                if answer.startswith("+PONG"):
                    return
                if answer.startswith("-LOADING") and not loading:
                    loading, deadline = True, time.monotonic() + self._load_timeout_s
                    log.info("valkey is loading its data", directory=str(self.directory))
            await asyncio.sleep(POLL_S / 5)
        raise start_failure(self.directory, self._log_path, log_offset, exit_code=None)

    async def _ask(self, command: str) -> str:
        """Send one command without arguments; return the first line of the answer, empty if the server closed."""
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_unix_connection(str(self._socket_path()))
            try:
                writer.write(f"{command}\r\n".encode())
                await writer.drain()
                return (await reader.readline()).decode(errors="replace").rstrip()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _death(self) -> int:
        process = self._process
        if process is None:
            raise RuntimeError("start the Valkey server before watching it")
        while (code := process.poll()) is None:  # noqa: ASYNC110 -- the end of a process sets no event
            await asyncio.sleep(POLL_S)
        return code

    async def _ended(self, process: subprocess.Popen[bytes], within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 -- as in `_death`
            await asyncio.sleep(POLL_S)
        return process.poll() is not None

    def _kill(self) -> None:
        """Kill the process, if any, and reap it; the guard's end of the pipe goes with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._life_line is not None:
            os.close(self._life_line)
            self._life_line = None

    def _discard(self) -> None:
        self._kill()
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)
            if self._socket.parent != self.directory:
                with contextlib.suppress(OSError):
                    self._socket.parent.rmdir()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _socket_path(self) -> Path:
        if self._socket is None:
            raise RuntimeError("the Valkey server has no address before it was started")
        return self._socket
