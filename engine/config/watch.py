"""Look for changed configuration files and hand on what is valid.

Polling, because file events do not come through network and container mounts; one look is a ``stat`` per file. A change
is read once two looks in a row agree, so that an editor may save several files. What is invalid changes nothing: the
configuration in force stays, one line in the log and ``status`` say what is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from engine.clock import Clock
from engine.config.compile import load
from engine.config.snapshot import pack
from engine.errors import ConfigurationError
from engine.model.organisation import Organisation

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0
SETTLE_S = 0.25

OnChange = Callable[[Organisation], Awaitable[None]]
"""Take a checked configuration that differs from the last one; when it raises, it is called again."""

Stamp = tuple[tuple[str, int, int, int], ...]
"""Name, size, time of change (ns) and inode of every file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchStatus:
    """What the files say at present."""

    directory: str
    digest: str  # of the configuration that was handed on last
    error: str = ""  # why the files as they are now are not in force
    since_ms: int = 0  # of the digest or error


class ConfigurationWatch:
    """Role: poll one directory, call ``on_change`` when its checked content has changed."""

    def __init__(self, *, directory: Path, org_id: str, in_force: str, on_change: OnChange, clock: Clock) -> None:
        self._directory = directory
        self._org_id = org_id
        self._on_change = on_change
        self._clock = clock
        self._seen: Stamp | None = None  # at the last look
        self._done: Stamp | None = None  # handed on, or found invalid
        self._status = WatchStatus(directory=str(directory), digest=in_force, since_ms=clock.now_ms())

    @property
    def name(self) -> str:
        """Name the role."""
        return f"configuration-watch:{self._directory.name}"

    @property
    def status(self) -> WatchStatus:
        """Say what is in force and what is wrong with the files, if anything is."""
        return self._status

    async def step(self) -> float:
        """Look once. Safe to cancel; raises what ``on_change`` raises, and tries again at the next step."""
        stamp = await asyncio.to_thread(look, self._directory)
        if stamp == self._done:
            self._seen = stamp
            return LOOK_EVERY_S
        if stamp != self._seen:
            self._seen = stamp
            return SETTLE_S
        await self._take()
        self._done = stamp
        return LOOK_EVERY_S

    async def _take(self) -> None:
        try:
            organisation, digest = await asyncio.to_thread(_load_packed, self._directory, self._org_id)
        except ConfigurationError as error:
            self._status = replace(self._status, error=str(error), since_ms=self._clock.now_ms())
            log.error("configuration refused; the one in force stays", reason=str(error))  # noqa: TRY400 - the user's mistake, no trace
            return
        if digest != self._status.digest:
            await self._on_change(organisation)
            log.info("configuration changed", organisation=organisation.id, digest=digest[:12])
        elif not self._status.error:
            return
        self._status = replace(self._status, digest=digest, error="", since_ms=self._clock.now_ms())


def look(directory: Path) -> Stamp:
    """Return what tells whether the files of ``directory`` have changed; () when it cannot be read. Blocks."""
    stamps = []
    try:
        for path in sorted((*directory.glob("*.y*ml"), *directory.glob("*.ics"))):
            found = path.stat()
            stamps.append((path.name, found.st_size, found.st_mtime_ns, found.st_ino))
    except OSError:
        return ()
    return tuple(stamps)


def _load_packed(directory: Path, org_id: str) -> tuple[Organisation, str]:
    organisation = load(directory)
    if organisation.id != org_id:
        raise ConfigurationError(
            f"the organisation's id changed from {org_id!r} to {organisation.id!r}, which a running engine cannot do.",
            file=str(directory),
            mend="Change it back, or start an engine for the other organisation.",
        )
    return organisation, pack(organisation).digest
