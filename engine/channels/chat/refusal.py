"""Tell a visitor's client what was wrong, in words and numbers that stay the same, and close."""

import structlog

from engine.channels.chat.frames import ErrorFrame
from engine.channels.chat.outlet import Outlet
from engine.channels.chat.protocol import CLOSE_CODES
from engine.channels.socket import SocketClosed
from engine.errors import Conflict, CordboardError, Forbidden, NotFound, ProtocolError, TooFast

log = structlog.get_logger(__name__)

RETRY_MS = 1_000


async def refuse(outlet: Outlet, error: BaseException) -> None:
    """Send the error frame for ``error`` and close with its code. Raises nothing."""
    frame = explain(error)
    try:
        await outlet.send(frame)
    except SocketClosed:
        return
    await outlet.close(CLOSE_CODES[frame.slug], frame.slug)


def explain(error: BaseException) -> ErrorFrame:
    """Return the error frame for an error; what is not the client's concern becomes ``unavailable``."""
    slug = error.slug if isinstance(error, CordboardError) else ""
    if isinstance(error, ProtocolError):
        return ErrorFrame(slug=slug if slug in CLOSE_CODES else "bad-frame", detail=error.detail)
    if isinstance(error, TooFast):
        wait = error.fields.get("retry_after_ms", RETRY_MS)
        slug = slug if slug in CLOSE_CODES else "too-fast"
        return ErrorFrame(slug=slug, detail=error.detail, retry_after_ms=wait if isinstance(wait, int) else RETRY_MS)
    if isinstance(error, NotFound):
        slug = "unknown-channel" if slug in ("unknown-channel", "unknown-organisation") else "unknown-session"
        return ErrorFrame(slug=slug, detail=error.detail)
    if isinstance(error, Forbidden | Conflict) and slug in CLOSE_CODES:
        return ErrorFrame(slug=slug, detail=error.detail)
    if isinstance(error, CordboardError):
        log.warning("chat socket given up", slug=slug, why=str(error))
    else:
        log.error("chat socket failed", exc_info=error)
    return ErrorFrame(slug="unavailable", detail="Not possible at the moment; try again.", retry_after_ms=RETRY_MS)
