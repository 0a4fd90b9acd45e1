"""The server's directory: locked, and with a socket path that fits.

Two servers on one directory interleave their append-only files silently. The lock is an ``flock`` on an open file
whose descriptor the server inherits: it holds as long as *either* process lives, so a server left behind by a
killed engine still keeps others out. (A pid file would lie after a crash; the server itself has no lock.)

A Unix socket's path has at most 107 bytes (Linux, unix(7)) or 103 (macOS).
"""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from engine.errors import Unavailable

LONGEST_SOCKET_PATH = 100
"""Bytes; below the limit of every system we run on."""


class Lock:
    """Hold a directory for one server and whoever inherits ``fd``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "lock"
        self.fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Try to take the lock without waiting; return whether it is held now."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def in_place(self) -> bool:
        """Say whether the file that is locked still lies in the directory."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self.fd))
        except FileNotFoundError:
            return False

    def note(self, pid: int) -> None:
        """Write down the server's process number, for the error message of whoever comes second."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, f"{pid}\n".encode(), 0)

    def refusal(self) -> Unavailable:
        """Return the error for whoever comes second."""
        holder = self._path.read_text(encoding="ascii", errors="replace").strip() or "unknown"
        return Unavailable(
            f"Another Valkey server (process {holder}) is using {self._directory}.",
            slug="board-locked",
            mend="Stop the Cordboard that runs on this data directory, or choose another one with --data.",
            directory=str(self._directory),
            process=holder,
        )

    def close(self) -> None:
        """Let go; whoever inherited the descriptor still holds the lock."""
        with contextlib.suppress(OSError):
            os.close(self.fd)


def make_private(directory: Path) -> None:
    """Create ``directory``, for the owner only.

    Raises:
        Unavailable: ``board-directory`` when it cannot be made or written to.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(directory, error.strerror or str(error)) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise _unusable(directory, "it is not writable")


def socket_path(directory: Path) -> Path:
    """Return where the socket of the server in ``directory`` goes.

    Inside; or where that is too long, in a private directory under the system's temporary one. The same
    ``directory`` always gives the same path.

    Raises:
        Unavailable: ``board-directory`` when the fallback is not ours, or too long as well.
    """
    inside = directory / "valkey.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"cordboard-{os.getuid()}-{digest}"
    make_private(private)
    state = private.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or stat.S_IMODE(state.st_mode) & 0o077:
        raise _unusable(private, "somebody else can enter it")
    fallback = private / "valkey.sock"
    if len(os.fsencode(fallback)) > LONGEST_SOCKET_PATH:
        raise _unusable(private, "its path is too long for a socket; point TMPDIR to a shorter one")
    return fallback


def _unusable(directory: Path, why: str) -> Unavailable:
    return Unavailable(
        f"Cannot use the directory {directory}: {why}.",
        slug="board-directory",
        mend="Make it writable for this user only, or choose another one with --data.",
        directory=str(directory),
    )
