"""Where keys lie in a cluster: the slot of a command, and who serves which slots (Valkey cluster specification).

Pure: no connection, no waiting.
"""

from binascii import crc_hqx
from collections.abc import Iterator, Sequence
from typing import Any

from engine.valkey.address import Endpoint
from engine.valkey.pipe import Command

SLOTS = 16_384

_KEYLESS = frozenset(
    {"ACL", "CLIENT", "CLUSTER", "CONFIG", "DBSIZE", "ECHO", "FUNCTION", "INFO", "LATENCY", "PING", "SCRIPT", "SLOWLOG"}
    | {"TIME", "WAIT"}
)
_COUNTED = frozenset({"EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"})
_AFTER_SUBCOMMAND = frozenset({"MEMORY", "OBJECT", "XGROUP", "XINFO"})
_AFTER_STREAMS = frozenset({"XREAD", "XREADGROUP"})

CLOCK_SLOT = 0
"""Where commands without a key go: always to one and the same node, because every node has a clock of its own."""

Range = tuple[int, int, Endpoint, tuple[Endpoint, ...]]
"""First and last slot, the primary that serves them, its replicas."""


def slot_of_key(key: str | int | bytes) -> int:
    """Return the slot of a key, or of the hash tag in it."""
    name = key if isinstance(key, bytes) else str(key).encode()
    start = name.find(b"{")
    if start >= 0:
        end = name.find(b"}", start + 1)
        if end > start + 1:
            name = name[start + 1 : end]
    return crc_hqx(name, 0) % SLOTS


def slot_of(command: Command) -> int:
    """Return the slot of a command's first key; all its keys must lie there, which the server checks."""
    name = command[0]
    if name in _COUNTED:
        return slot_of_key(command[3]) if int(command[2]) else CLOCK_SLOT
    if name in _KEYLESS or len(command) < 2:
        return CLOCK_SLOT
    if name in _AFTER_SUBCOMMAND:
        return slot_of_key(command[2])
    if name in _AFTER_STREAMS:
        return slot_of_key(command[command.index("STREAMS") + 1])
    return slot_of_key(command[1])


def read_slots(answer: Sequence[Sequence[Any]], asked: str) -> Iterator[Range]:
    """Yield the ranges in an answer to ``CLUSTER SLOTS``; ``asked`` is the host that gave it.

    A node that does not know its own host says so by an empty one or none: it is the one that was reached.
    """
    for first, last, primary, *replicas in answer:
        yield int(first), int(last), _endpoint(primary, asked), tuple(_endpoint(node, asked) for node in replicas)


def _endpoint(node: Sequence[Any], asked: str) -> Endpoint:
    host = str(node[0] or "")
    return (asked if host in ("", "?") else host), int(node[1])
