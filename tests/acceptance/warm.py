"""Engines that start from a process that has imported the program: what each would do again for seconds is done once.

A fork takes the place of ``python -m engine`` only: the command line, its environment, its output and its end are an
engine's own, and it is killed as any process is. Run as a program, this is that process; it reads its orders from the
socket whose number it is told.
"""

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any, cast

ANSWER_S = 120.0
LONGEST = 1 << 20
POSSIBLE = hasattr(os, "pidfd_open")
"""Who is not a process's parent can wait for its end: Linux."""


class Forked:
    """A process that another one forked, as ``subprocess.Popen`` shows its own."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery
        self._end = os.pidfd_open(pid)  # it stays this process's: nobody else takes it off the kernel's list
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code when it has ended; ``timeout`` in seconds. Raises subprocess.TimeoutExpired."""
        waiting = select.poll()
        waiting.register(self._end, select.POLLIN)
        if not waiting.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired("engine", timeout or 0)
        with self._lock:
            if self.returncode is None:
                self.returncode = self._nursery.take_leave(self.pid)
            return self.returncode

    def __del__(self) -> None:
        os.close(self._end)  # not before: several threads may wait for the end

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens once it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # another thread waited for it meanwhile
                signal.pidfd_send_signal(self._end, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that forks engines; it ends with ours."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(ANSWER_S)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(theirs.fileno(),),
        )  # fmt: skip
        theirs.close()
        atexit.register(self.close)

    def close(self) -> None:
        """Let the process end, and wait for that."""
        self._socket.close()
        self._process.wait(ANSWER_S)

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], output: IO[bytes]) -> Forked:
        """Start an engine with the arguments of the command ``cordboard``."""
        order = {"arguments": list(arguments), "environment": dict(environment)}
        return Forked(self, self._ask(order, output.fileno()))

    def take_leave(self, pid: int) -> int:
        """Return the exit code of a process that has ended."""
        return self._ask({"ended": pid})

    def _ask(self, order: Mapping[str, object], *descriptors: int) -> int:
        with self._lock:
            try:
                socket.send_fds(self._socket, [json.dumps(order).encode()], descriptors)
                answer = self._socket.recv(LONGEST)
            except OSError:
                self._socket.close()  # an answer that comes late is not taken for the next one's
                raise
        assert answer, "the process that forks engines is gone"
        return cast("int", json.loads(answer))


@functools.cache
def nursery() -> Nursery:
    """Return this process's one."""
    return Nursery()


def _serve_orders(orders: socket.socket) -> None:
    """Fork and wait for the ended as told, until nobody asks any more; returns in each fork, too, as an engine."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, LONGEST, 1)
        if not message:
            sys.exit(0)
        order = json.loads(message)
        if "ended" in order:
            _, status = os.waitpid(order["ended"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                orders.close()
                _become(order, descriptors[0])
                return
            os.close(descriptors[0])
        orders.send(json.dumps(answer).encode())


def _become(order: dict[str, Any], output: int) -> None:
    """Take an engine's arguments, environment and output."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["cordboard", *order["arguments"]]


def _main() -> None:
    import gc  # noqa: PLC0415 -- only here, as the program below

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all of us; whoever asked us ends
    gc.disable()  # as the command does
    from fastapi import FastAPI  # noqa: PLC0415 -- who asks must not import it all

    import engine.cli.serve  # noqa: PLC0415, F401 -- the same
    from engine.api.operation import install  # noqa: PLC0415 -- the same
    from engine.api.routes.table import OPERATIONS  # noqa: PLC0415 -- the same
    from engine.cli import main  # noqa: PLC0415 -- the same

    install(FastAPI(), OPERATIONS)
    gc.freeze()
    _serve_orders(socket.socket(fileno=int(sys.argv[1])))
    gc.enable()
    main()


if __name__ == "__main__":
    _main()
