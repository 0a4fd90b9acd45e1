"""The role that deletes the function libraries of builds that are gone.

Every build loads its functions under a name of its own, and during a rolling upgrade several are in use. Each process
notes now and then that its library is in use; what nobody has noted for a day is deleted. That is safe whatever is
overlooked, such as a process of a build that takes no notes: who finds his library gone loads it again, and the call
that found it gone had no effect.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)

KEY = "cordboard:libraries"
EVERY_S = 1_800.0
UNUSED_MS = 86_400_000
_OURS = re.compile(r"cordboard_[0-9]+_[0-9a-f]{10}")


class Servers(Protocol):
    """The board's servers."""

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Return the answer to one plain command; raise Unavailable."""
        ...

    async def everywhere(self, *parts: str | int | bytes) -> Sequence[Any]:
        """Return what all servers that take writes answer, or the error of each; raise Unavailable when none does."""
        ...


class Libraries:
    """Note that this build's library is in use; delete those that have not been for a day (a role)."""

    name = "libraries"

    def __init__(self, *, servers: Servers, own: str) -> None:
        """``own`` is the name of this build's library."""
        self._servers = servers
        self._own = own

    async def step(self) -> float:
        """Look once; return the seconds to the next time. Raises Unavailable. Safe in several processes."""
        command = self._servers.command
        seconds, micros = await command("TIME")
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        await command("ZADD", KEY, now_ms, self._own)
        listed = await self._servers.everywhere("FUNCTION", "LIST", "LIBRARYNAME", "cordboard_*")
        others = {name for answer in listed for name in _names(answer)} - {self._own}
        for name in sorted(others):
            await command("ZADD", KEY, "NX", now_ms, name)  # its day begins when it is first seen
        for name in await command("ZRANGEBYSCORE", KEY, "-inf", now_ms - UNUSED_MS):
            if name in others:
                await self._servers.everywhere("FUNCTION", "DELETE", name)
                log.info("library of another build deleted: nobody has used it for a day", library=name)
            await command("ZREM", KEY, name)
        return EVERY_S


def _names(answer: object) -> Iterator[str]:
    """Yield the names of our libraries in what FUNCTION LIST answered; errors name none."""
    for library in answer if isinstance(answer, list) else ():
        fields = dict(zip(library[::2], library[1::2], strict=True))
        if _OURS.fullmatch(str(fields.get("library_name", ""))):
            yield str(fields["library_name"])
