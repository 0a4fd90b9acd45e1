"""A PostgreSQL cluster in a temporary directory, reachable on a Unix socket only, for one measurement."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from engine.errors import Unavailable

MEND = "Install a PostgreSQL server; Debian: apt-get install postgresql"
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "5s",
    "jit": "off",
    "random_page_cost": "1.1",
}
"""As a careful operator would set them on a machine of this size."""
_DEBIAN = Path("/usr/lib/postgresql")
_START_S = 30.0
_STOP_S = 20.0


class Cluster:
    """Make, start, stop and remove a cluster; it runs as a user who is not root."""

    def __init__(self) -> None:
        self._bin = _programs()
        self._user = _owner()
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def dsn(self) -> str:
        """Return the address of the cluster's one database."""
        return f"postgresql://postgres@/postgres?host={self._directory}"

    async def start(self, *, directory: Path | None = None) -> None:
        """Start it below ``directory`` (None: the system's temporary one); raises Unavailable."""
        self._directory = Path(tempfile.mkdtemp(prefix="cordboard-bench-pg-", dir=directory))
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(self._directory, owner.pw_uid, owner.pw_gid)
        try:
            await asyncio.to_thread(self._create)
            self._process = self._spawn()  # from the main thread: the server ends with the thread that started it
            await self._ready()
        except subprocess.CalledProcessError as error:
            raise Unavailable(f"PostgreSQL did not start: {error}") from error

    async def version(self) -> str:
        """Return name and version."""
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            return f"PostgreSQL {connection.info.server_version // 10_000}.{connection.info.server_version % 10_000}"

    async def stop(self) -> None:
        """Stop it and remove its directory."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                await asyncio.to_thread(self._process.wait, _STOP_S)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                await asyncio.to_thread(self._process.wait)
        if self._directory is not None:
            await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    def _create(self) -> None:
        words = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "--no-sync")
        subprocess.run(  # noqa: S603 -- a program found on this machine, with arguments of our own
            [str(self._bin / "initdb"), "-D", f"{self._directory}/data", *words],
            check=True, user=self._user, cwd=self._directory, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _spawn(self) -> subprocess.Popen[bytes]:
        assert self._directory is not None
        settings = {"listen_addresses": "", "unix_socket_directories": str(self._directory), **SETTINGS}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self._directory / "log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603 -- as above
                [str(self._bin / "postgres"), "-D", f"{self._directory}/data", *words],
                user=self._user, cwd=self._directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,  # noqa: PLW1509 -- one call into the kernel
            )  # fmt: skip

    async def _ready(self) -> None:
        assert self._process is not None
        assert self._directory is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while self._process.poll() is None:
                    with contextlib.suppress(psycopg.OperationalError):
                        await (await psycopg.AsyncConnection.connect(self.dsn)).close()
                        return
                    await asyncio.sleep(0.05)
        log = await asyncio.to_thread((self._directory / "log").read_text, encoding="utf-8", errors="replace")
        raise Unavailable(f"PostgreSQL did not start: {' '.join(log.split()[-40:])}")


def _programs() -> Path:
    """Return the directory of the newest installed server's programs (Debian keeps them off PATH)."""
    debian = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise Unavailable("PostgreSQL is not installed.", mend=MEND)
    return Path(on_path).resolve().parent


def _owner() -> str | None:
    """Return whom to run PostgreSQL as: it refuses root. None: as ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Unavailable("PostgreSQL does not run as root, and there is no other user.", mend=MEND)


def _end_with_parent() -> None:
    """Have the kernel stop the server with this process (Linux; prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT, 0, 0, 0)
