"""Ports for servers that are told theirs before they start."""

from __future__ import annotations

import contextlib
import random
import socket

LISTENING = (10_000, 32_000)
"""Linux gives outgoing connections the ports from 32768 on."""
_given: set[int] = set()


def free_port() -> int:
    """Return a TCP port of loopback that nobody uses now and no outgoing connection is given; never twice. Blocks.

    A server that is killed needs its port again; meanwhile somebody else's connection could have got it, even one of
    those that ask whether it is back, which then talks to itself.
    """
    while True:
        port = random.randrange(*LISTENING)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
