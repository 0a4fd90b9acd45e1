"""Turn what pip prints when it fails into one line that says what is wrong, and one that says how to mend it."""

import re
from dataclasses import dataclass

NOTHING_INSTALLED = frozenset({"no-index", "no-wheel", "hash"})
"""Kinds of failure that strike before pip changes anything."""

_UNREACHABLE = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Name or service not known",
    "ProxyError",
    "SSLError",
    "CERTIFICATE_VERIFY_FAILED",
    "Connection refused",
    "Network is unreachable",
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What went wrong with an installation."""

    kind: str
    """``no-index``, ``no-wheel``, ``hash``, ``no-space``, ``not-writable`` or ``other``."""
    what: str
    """What is wrong, one sentence."""
    mend: str
    """How to mend it, one sentence."""


def explain(output: str, log: str) -> Failure:
    """Explain pip's ``output``; ``log`` is where all of it can be read."""
    if "No space left on device" in output:
        return Failure(kind="no-space", what="The disk is full.", mend="Make room and run this again.")
    if "Permission denied" in output or "Read-only file system" in output:
        return Failure(kind="not-writable", what="pip may not write to .venv.", mend=f"Read {log}.")
    if "DO NOT MATCH THE HASHES" in output:
        return Failure(
            kind="hash",
            what="A downloaded package is not the one that the lock file names.",
            mend=f"Do not go on; read {log}, and ask whoever runs your package index or proxy.",
        )
    if any(sign in output for sign in _UNREACHABLE):
        return Failure(
            kind="no-index",
            what="No package index can be reached.",
            mend="Connect this machine to the network, or name a mirror: "
            f"PIP_INDEX_URL=https://mirror.example/simple (details: {log}).",
        )
    missing = re.search(r"No matching distribution found for ([\w.\-]+)", output)
    if missing:
        return Failure(
            kind="no-wheel",
            what=f"There is no ready-built {missing[1]} for this Python and machine, or the index does not have it.",
            mend="Use CPython 3.11 to 3.14 on Linux (glibc) or macOS: PYTHON=/path/to/python3 " + f"(details: {log}).",
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it said nothing"]
    errors = [line for line in lines if re.match(r"(?i)error\b|\w+Error:", line)]
    return Failure(kind="other", what=f"pip failed: {(errors or lines)[-1]}.", mend=f"Read {log}.")
