"""One end of a WebSocket as a test holds it: frames as dictionaries, all of them kept, in the order they came."""

import contextlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

T = TypeVar("T")
Frame = dict[str, Any]

WITHIN_S = 20.0


class Peer:
    """Hold one socket at a time; what it heard outlives it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.close_code = 0
        self._connection: ClientConnection | None = None

    def connect(self, url: str, *, origin: str = "", **headers: str) -> None:
        """Open a socket at an ``http`` address."""
        self.close_code = 0
        opened = connect(  # entered for as long as the test likes, so not in a with statement
            url.replace("http", "ws", 1),
            origin=Origin(origin) if origin else None,
            additional_headers=headers,
            proxy=None,
            compression=None,
            max_queue=None,
            ping_interval=None,
            close_timeout=2,
        )
        self._connection = opened.__enter__()

    @property
    def connected(self) -> bool:
        """Say whether the socket is open, as far as was read."""
        return self._connection is not None and not self.close_code

    def send(self, kind: str, **fields: object) -> None:
        """Send a frame."""
        self.send_text(json.dumps({"type": kind, **fields}))

    def send_text(self, text: str) -> None:
        """Send whatever text; that the socket is closed meanwhile is found out by reading."""
        assert self._connection is not None
        with contextlib.suppress(ConnectionClosed):
            self._connection.send(text)

    def wait(self, predicate: Callable[[], T | None], *, within_s: float = WITHIN_S, what: str = "") -> T:
        """Read frames until ``predicate`` returns something true; return that."""
        deadline = time.monotonic() + within_s
        while True:
            value = predicate()
            if value:
                return value
            left = deadline - time.monotonic()
            if left < 0 or not self.connected:
                why = f"closed with {self.close_code}" if not self.connected else f"not within {within_s:g} s"
                raise AssertionError(f"{why}: {what or predicate!r}; last frames: {self.frames[-5:]}")
            self.read(min(left, 0.1))

    def read(self, within_s: float = 0.0) -> bool:
        """Take in one frame if there is one within the time; say whether there was."""
        if self._connection is None or self.close_code:
            return False
        try:
            frame: Frame = json.loads(self._connection.recv(timeout=within_s))
        except TimeoutError:
            return False
        except ConnectionClosed as end:
            self._ended(end)
            return False
        self.frames.append(frame)
        self.take(frame)
        return True

    def read_all(self) -> None:
        """Take in what has arrived."""
        while self.read():
            pass

    def take(self, frame: Frame) -> None:
        """Learn from a frame."""

    def seen(self, kind: str, **wanted: object) -> Frame | None:
        """Return the last frame of a kind with such fields, or None."""
        for frame in reversed(self.frames):
            if frame["type"] == kind and all(frame.get(key) == value for key, value in wanted.items()):
                return frame
        return None

    def hear(self, kind: str, *, within_s: float = WITHIN_S, **wanted: object) -> Frame:
        """Wait for a frame of a kind with such fields, heard before or now."""
        return self.wait(lambda: self.seen(kind, **wanted), within_s=within_s, what=f"{kind} {wanted}")

    def hear_close(self, within_s: float = WITHIN_S) -> int:
        """Read until the other side closes; return the code."""
        deadline = time.monotonic() + within_s
        while self.connected:
            assert time.monotonic() < deadline, f"not closed; last frames: {self.frames[-5:]}"
            self.read(0.1)
        return self.close_code

    def refused(self) -> tuple[str, int]:
        """Wait for the error frame and the close; return slug and code."""
        code = self.hear_close()
        errors = [frame["slug"] for frame in self.frames if frame["type"] == "error"]
        return (errors[-1] if errors else "", code)

    def cut(self) -> None:
        """Lose the network: the connection ends without a close frame."""
        if self._connection is not None and self.connected:
            with contextlib.suppress(OSError):  # the other side was faster
                self._connection.socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Close the socket, if any."""
        if self._connection is not None:
            self._connection.close()
            self.close_code = self.close_code or 1000

    def _ended(self, end: ConnectionClosed) -> None:
        self.close_code = end.rcvd.code if end.rcvd else 1006
