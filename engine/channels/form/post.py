"""What a browser sends, and what it is answered, free of HTTP's forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.channels.form.parse import Sent


class PostedFile(Protocol):
    """A file that was sent and lies aside, complete."""

    @property
    def name(self) -> str:
        """Return its name as the browser says it."""
        ...

    @property
    def media_type(self) -> str:
        """Return its type as the browser says it."""
        ...

    @property
    def size(self) -> int:
        """Return its bytes."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield its content from the beginning."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """Everything that was sent."""

    values: Sent
    files: Sequence[PostedFile] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who sent it, as far as a network knows."""

    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a browser is shown."""

    status: int
    html: str  # the whole page; the part that thanks, where ``location`` says where its page is
    policy: str = ""  # content security policy of the page
    location: str = ""  # of the page that thanks
    number: int = 0  # of the case; 0 = not told
    notice: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)  # by field
    token: str = ""  # with which it may be sent again
    wait_ms: int = 0
