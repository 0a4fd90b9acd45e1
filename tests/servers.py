"""Start the real servers that tests run against, from the packages of the system; and wait for conditions."""

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
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from inspect import isawaitable
from pathlib import Path
from typing import Literal, TypeVar, cast, overload

import psycopg
from psycopg import sql

from engine.valkey import ValkeyServer

T = TypeVar("T")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",  # CI runs as root, where Chromium's sandbox refuses to work
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Missing(Exception):
    """Say which program is missing and which package holds it."""


@overload
async def eventually(
    predicate: Callable[[], Awaitable[T]], *, within_s: float = ..., every_s: float = ..., what: str = ...
) -> T: ...
@overload
async def eventually(
    predicate: Callable[[], T], *, within_s: float = ..., every_s: float = ..., what: str = ...
) -> T: ...
async def eventually(
    predicate: Callable[[], Awaitable[T] | T], *, within_s: float = 30.0, every_s: float = 0.02, what: str = ""
) -> T:
    """Call ``predicate`` (sync or async) until it returns something true; return that.

    An ``AssertionError`` in the predicate counts as "not yet".

    Raises:
        AssertionError: it stayed false for ``within_s`` seconds; names ``what`` and the last value or error.
    """
    deadline = time.monotonic() + within_s
    while True:
        last: object
        try:
            answer = predicate()
            value = cast("T", await answer if isawaitable(answer) else answer)
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            name = what or getattr(predicate, "__qualname__", "condition")
            raise AssertionError(f"{name} did not come true within {within_s} s; last: {last!r}")
        await asyncio.sleep(every_s)


def find_chromium() -> Path:
    """Return the path of the system's Chromium.

    Raises:
        Missing: there is none.
    """
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise Missing("no Chromium on PATH; Debian: apt-get install chromium")


@contextlib.contextmanager
def running_valkey(fsync: Literal["always", "everysec", "no"] = "no") -> Iterator[str]:
    """Run an embedded Valkey in a directory of its own; yield its address."""
    with tempfile.TemporaryDirectory(prefix="cb-valkey-") as directory:
        server = ValkeyServer(data=Path(directory), fsync=fsync)
        asyncio.run(server.start())
        try:
            yield server.address
        finally:
            asyncio.run(server.stop())


class PostgresCluster:
    """Run a PostgreSQL cluster of our own, reachable on a Unix socket only, as a user who is not root."""

    def __init__(self) -> None:
        self._bin = _postgres_programs()
        self._user = _unprivileged_user()
        self.directory = Path(tempfile.mkdtemp(prefix="cb-pg-"))
        self._data = self.directory / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            os.chown(self.directory, pwd.getpwnam(self._user).pw_uid, pwd.getpwnam(self._user).pw_gid)

    def start(self) -> None:
        """Create the cluster, start its server and wait until it answers."""
        settings = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "--no-sync")
        subprocess.run(
            [str(self._bin / "initdb"), "-D", str(self._data), *settings],
            check=True, user=self._user, cwd=self.directory, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        options = ("listen_addresses=", f"unix_socket_directories={self.directory}", "fsync=on", "max_connections=200")
        arguments = [word for option in options for word in ("-c", option)]
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._data), *arguments],
                user=self._user, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,  # noqa: PLW1509 -- runs before tests start threads
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop the server (a fast shutdown) and remove the cluster."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def dsn(self, database: str) -> str:
        """Return the address of ``database`` (libpq and SQLAlchemy both read it)."""
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def create_database(self, template: str = "template0") -> str:
        """Create a fresh database as a copy of ``template`` (which nobody may be connected to); return its name."""
        name = f"t{uuid.uuid4().hex}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, ending whatever is connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.dsn("postgres")).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.directory / "log").read_text(encoding="utf-8")) from None
                time.sleep(0.05)
            else:
                return


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresCluster]:
    """Run a cluster; yield it."""
    cluster = PostgresCluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _postgres_programs() -> Path:
    """Return the directory of the newest installed PostgreSQL's programs (Debian keeps them off PATH)."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    raise Missing("no PostgreSQL server; Debian: apt-get install postgresql")


def _unprivileged_user() -> str | None:
    """Return whom to run PostgreSQL as: it refuses root. None: as ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Missing("a user other than root to run PostgreSQL as")


def _end_with_parent() -> None:
    """Have the kernel stop the server with this process (Linux; prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT, 0, 0, 0)
