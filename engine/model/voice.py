"""Telephony as configured: where reports of calls come from, and what telephones agents have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class CallSource:
    """One telephone system that reports calls."""

    key: str  # unique in the organisation
    kind: str  # "http"
    secret: str  # name of the file that holds it
    per_second: int = 100  # reports that are taken …
    burst: int = 1_000  # … after so many at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """The telephone side of a channel."""

    sources: Mapping[str, CallSource]
    queues: Mapping[str, str] = field(default_factory=dict)  # the telephone system's name of a queue → ours
    stale_ringing_ms: int = 1_800_000  # a call of which nothing was heard so long is lost: before it is answered …
    stale_talking_ms: int = 14_400_000  # … and after


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """By what a telephone system knows an agent."""

    extension: str = ""
    devices: tuple[str, ...] = ()
    user: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return all that he is known by."""
        return tuple(one for one in (self.extension, *self.devices, self.user) if one)
