"""What a failed exchange means: the server is away, it refused for now, or the fault is ours."""

import contextlib
from collections.abc import Iterator

from redis.exceptions import BusyLoadingError, RedisError, ResponseError

from engine.errors import CordboardError, Unavailable
from engine.valkey.pipe import Unreached

_AWAY = frozenset(
    {"LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "OOM", "MISCONF", "BUSY", "UNBLOCKED"}
    | {"MOVED", "ASK", "NOREPLICAS"}
)
"""First words of answers that say "not now" (Valkey, src/server.c, shared objects)."""


class Unsent(Unavailable):
    """Say that a command never left this process, so that repeating it is safe."""


def unavailable(error: Exception) -> Unavailable:
    """Return the error for a server that does not answer."""
    kind = Unsent if isinstance(error, Unreached) else Unavailable
    text = str(error).rstrip(".") or type(error).__name__
    return kind(f"Valkey does not answer: {text}.", slug="board-unavailable")


def word_of(error: RedisError) -> str:
    """Return the first word of an answer that is an error; redis-py takes those it knows off the text."""
    return str(getattr(error, "status_code", None) or str(error).split(" ", 1)[0])


def refused(error: RedisError) -> CordboardError:
    """Return the error for an answer that is an error: "not now", or a fault of ours."""
    if not isinstance(error, ResponseError | BusyLoadingError):
        return unavailable(error)
    if word_of(error) in _AWAY:
        return Unavailable(f"Valkey does not serve now: {word_of(error)} {error}", slug="board-unavailable")
    return CordboardError(f"Valkey refused a call: {error}", slug="board-fault")


@contextlib.contextmanager
def as_ours() -> Iterator[None]:
    """Turn what redis-py raises within into errors of ours."""
    try:
        yield
    except RedisError as error:
        raise refused(error) from error
    except (OSError, TimeoutError) as error:
        raise unavailable(error) from error
