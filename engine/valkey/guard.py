"""Run a command that must not outlive the process that started it. A script, never imported by the engine.

    python -I -S guard.py PARENT_PID WATCH_FD COMMAND...

Linux: the kernel is asked to kill this process when its parent's starting thread ends
(``PR_SET_PDEATHSIG``, prctl(2)); the request survives ``exec``, so the command then takes this
process over. Elsewhere this process stays, and kills the command when WATCH_FD reaches its end,
which happens when the parent, who holds the other end of the pipe, is gone.

Rejected: ``preexec_fn``, which may deadlock in a program with threads.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import types

PR_SET_PDEATHSIG = 1
ALLOCATOR = "glibc.malloc.trim_threshold=1073741824:glibc.malloc.top_pad=16777216"
"""Keep what Lua's collector frees, instead of giving it back to the system and asking for it again: the server in the
wheel has no allocator of its own, and none may be found for it (allocator.py). About a tenth of a routing step. C
libraries other than glibc do not know it."""


def exec_bound_to_parent(parent: int, command: list[str]) -> None:
    """Become ``command``; the kernel kills it with the parent. Linux only.

    Raises:
        OSError: the kernel refused, or there is no such program.
        ProcessLookupError: the parent died before it could be watched.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        raise ProcessLookupError("the parent is gone")
    os.putenv("GLIBC_TUNABLES", ALLOCATOR)
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


def run_watching_pipe(watch_fd: int, command: list[str]) -> int:
    """Run ``command`` until it ends or ``watch_fd`` reaches its end; return its exit status."""
    child = subprocess.Popen(command, close_fds=False)  # noqa: S603 -- the engine's own command

    def kill_at_end_of_pipe() -> None:
        while os.read(watch_fd, 1):
            pass
        child.kill()

    def hand_on(number: int, _frame: types.FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGTERM, hand_on)
    threading.Thread(target=kill_at_end_of_pipe, daemon=True).start()
    return child.wait()


def main(arguments: list[str]) -> int:
    """Read the command line and run the command."""
    parent, watch_fd, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    if sys.platform == "linux":
        exec_bound_to_parent(parent, command)
    return run_watching_pipe(watch_fd, command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
