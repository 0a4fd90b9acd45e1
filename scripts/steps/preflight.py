"""Look, before anything takes time, whether the demo can start at all."""

import errno
import shutil
import socket
import tempfile
from pathlib import Path

from scripts.steps.progress import Problem

NEEDED_BYTES = 100_000_000


def require_port(host: str, port: int) -> None:
    """Make sure that a server can listen on ``host`` and ``port`` (0: any).

    Raises:
        Problem: it cannot.
    """
    try:
        [(family, kind, _, _, address), *_] = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Problem(
                f"Port {port} is taken by another program.", f"Stop that one, or choose another port: --port {port + 1}"
            ) from error
        if error.errno == errno.EACCES:
            raise Problem(f"This user may not open port {port}.", "Choose one above 1023: --port 8400") from error
        raise Problem(
            f"Cannot listen on {host}:{port} ({error.strerror}).", "Choose an address of this machine: --host 127.0.0.1"
        ) from error


def require_data(directory: Path) -> None:
    """Make sure that ``directory`` can hold the data.

    Raises:
        Problem: it cannot.
    """
    mend = "Choose another directory: --data DIR"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"x" * 4096)
            file.flush()
    except OSError as error:
        raise Problem(f"Cannot write to the data directory {directory} ({error.strerror}).", mend) from error
    free = shutil.disk_usage(directory).free
    if free < NEEDED_BYTES:
        raise Problem(f"Only {free // 1_000_000} MB are free on the disk of {directory}.", f"Make room. Or: {mend}")
