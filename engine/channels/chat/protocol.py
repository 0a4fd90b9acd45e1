"""The visitor's protocol without any I/O: text in, checked frames out, and the order that is legal.

``VisitorProtocol`` is told what was sent (``opened``, ``offline``, ``sent``) and judges what is received. It raises
nothing but ``ProtocolError``, whatever the bytes; each error's slug is in ``CLOSE_CODES``.
"""

import hashlib
from collections.abc import Mapping
from enum import Enum

import msgspec

from engine.channels.chat.frames import (
    VERSION,
    ClientFrame,
    End,
    EntryFrame,
    EntryLine,
    ErrorFrame,
    Leave,
    Message,
    Open,
    Ping,
    Read,
    Received,
    Resume,
    ServerFrame,
    VisitorTyping,
)
from engine.clock import rfc3339
from engine.errors import ProtocolError
from engine.model.chat_limits import ChatLimits
from engine.model.conversation import Author, Entry

POLICY, TOO_BIG, RESTART, TRY_LATER, INTERNAL, NORMAL = 1008, 1009, 1012, 1013, 1011, 1000

CLOSE_CODES: Mapping[str, int] = {
    "bad-frame": POLICY,
    "too-large": TOO_BIG,
    "out-of-order": POLICY,
    "too-fast": POLICY,
    "too-many-sockets": TRY_LATER,
    "origin-refused": POLICY,
    "unknown-channel": POLICY,
    "unknown-session": POLICY,
    "interaction-closed": POLICY,
    "unavailable": TRY_LATER,
}
"""Every slug an ``error`` frame may carry, with the code of the close that follows (RFC 6455, section 7.4)."""

_DETAIL_CHARS = 200

_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_encoder = msgspec.json.Encoder()


class Phase(Enum):
    """How far a socket has come."""

    NEW = "new"
    OFFLINE = "offline"  # told that nobody is there, or a message was left
    OPEN = "open"


_LEGAL: Mapping[Phase, tuple[type, ...]] = {
    Phase.NEW: (Open, Resume, Leave, Ping),
    Phase.OFFLINE: (Open, Resume, Leave, Ping),
    Phase.OPEN: (Message, VisitorTyping, Received, Read, End, Ping),
}
"""What may be received in each phase."""


class VisitorProtocol:
    """Judge one socket's incoming frames."""

    def __init__(self, limits: ChatLimits) -> None:
        self.phase = Phase.NEW
        self._limits = limits
        self._known_seq = 0

    def receive(self, text: str) -> ClientFrame:
        """Decode and check a frame; raise ProtocolError with one of the slugs of ``CLOSE_CODES``."""
        frame = decode(text, self._limits.frame_bytes)
        if not isinstance(frame, _LEGAL[self.phase]):
            raise ProtocolError(f"{_name(frame)} may not come while {self.phase.value}", slug="out-of-order")
        if isinstance(frame, Message):
            frame.body = self._body(frame.body)
        elif isinstance(frame, Received | Read):
            self._check_seq(frame.seq)
        elif isinstance(frame, Open | Leave | Resume):
            self._check_greeting(frame)
        return frame

    def opened(self, known_seq: int) -> None:
        """Note that the conversation is open here; the client has the entries up to ``known_seq``."""
        self.phase = Phase.OPEN
        self._known_seq = known_seq

    def offline(self) -> None:
        """Note that the client was told that nobody is there, or that its message was taken."""
        self.phase = Phase.OFFLINE

    def sent(self, seq: int) -> None:
        """Note that the entry ``seq`` is about to be sent."""
        self._known_seq = max(self._known_seq, seq)

    def _check_greeting(self, frame: Open | Leave | Resume) -> None:
        if frame.v != VERSION:
            raise ProtocolError(f"version {frame.v} is not spoken here; this side speaks {VERSION}")
        if isinstance(frame, Resume):
            return
        frame.form.name = _clean(frame.form.name).strip()
        frame.form.phone = _clean(frame.form.phone).strip()
        if isinstance(frame, Leave) or frame.body:
            frame.body = self._body(frame.body)
            if frame.client_id is None:
                raise ProtocolError("a body needs a client_id")

    def _body(self, body: str) -> str:
        if len(body.encode()) > self._limits.message_bytes:
            raise ProtocolError(f"a message has at most {self._limits.message_bytes} bytes", slug="too-large")
        body = _clean(body)
        if not body.strip():
            raise ProtocolError("a message needs a body")
        return body

    def _check_seq(self, seq: int) -> None:
        if seq > self._known_seq:
            raise ProtocolError(f"entry {seq} was never sent here", slug="out-of-order")


def decode(text: str, frame_bytes: int) -> ClientFrame:
    """Read one frame of at most ``frame_bytes``; raise ProtocolError (``bad-frame``, ``too-large``)."""
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise ProtocolError("the frame is no valid Unicode") from error
    if len(raw) > frame_bytes:
        raise ProtocolError(f"a frame has at most {frame_bytes} bytes", slug="too-large")
    try:
        return _decoder.decode(raw)
    except RecursionError as error:
        raise ProtocolError("the frame is nested too deep") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProtocolError(f"the frame is not understood: {str(error)[:_DETAIL_CHARS]}") from error


def encode(frame: ServerFrame) -> str:
    """Write one frame."""
    return _encoder.encode(frame).decode()


def encode_entry(entry: Entry) -> str:
    """Write an ``entry`` frame; raise ValueError for a kind the visitor must never see."""
    if not entry.public:
        raise ValueError(f"entries of kind {entry.kind.value} are internal")
    own = entry.author is Author.VISITOR
    return encode(
        EntryFrame(
            entry=EntryLine(
                seq=entry.seq,
                id=entry.id,
                kind=entry.kind.value,  # type: ignore[arg-type] # the public kinds are the literal's
                author=entry.author.value,
                at=rfc3339(entry.at_ms),
                name=entry.author_name,
                body=entry.body,
                client_id=entry.client_id if own else "",
            )
        )
    )


def error_frame(slug: str, detail: str, retry_after_ms: int = 0) -> str:
    """Write an ``error`` frame."""
    return encode(ErrorFrame(slug=slug, detail=detail, retry_after_ms=retry_after_ms))


def hash_token(token: str) -> str:
    """Return what the record keeps of a session token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd")  # PostgreSQL's text takes no NUL


def _name(frame: ClientFrame) -> str:
    return str(frame.__struct_config__.tag)
