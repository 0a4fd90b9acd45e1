"""Times at the border: RFC 3339, ``null`` for never."""

from engine.clock import rfc3339


def moment(at_ms: int) -> str | None:
    """Write a time that may be "never" (0)."""
    return rfc3339(at_ms) if at_ms else None
