"""The frames of the event stream, version 1: JSON objects told apart by ``type``. Pure."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from engine.errors import ProtocolError
from engine.events.payload import EventPart, Message
from engine.model.outside import Interest
from engine.model.work import EventKind

MAX_FRAME_BYTES = 16_384
MOST_NAMES = 200

Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Key = Annotated[str, msgspec.Meta(max_length=40)]


class PlacePart(msgspec.Struct, kw_only=True, frozen=True):
    """A place in the history: everything up to it, itself included, is known."""

    epoch: Number
    seq: Number


class Hello(msgspec.Struct, kw_only=True, frozen=True, tag="hello", tag_field="type"):
    """The subscriber's first and only frame: who it is, what it wants, and from where on."""

    token: Annotated[str, msgspec.Meta(max_length=200)] = ""
    kinds: Annotated[tuple[EventKind, ...], msgspec.Meta(max_length=MOST_NAMES)] = ()
    queues: Annotated[tuple[Key, ...], msgspec.Meta(max_length=MOST_NAMES)] = ()
    after: PlacePart | None = None  # None = from now on

    @property
    def interest(self) -> Interest:
        """Return what it wants."""
        return Interest(kinds=frozenset(self.kinds), queues=frozenset(self.queues))


class Welcome(msgspec.Struct, kw_only=True, frozen=True, tag="welcome", tag_field="type"):
    """The stream begins after this place."""

    after: PlacePart


class EventFrame(msgspec.Struct, kw_only=True, frozen=True, tag="event", tag_field="type"):
    """One routing event."""

    event: EventPart


class MarkFrame(msgspec.Struct, kw_only=True, frozen=True, tag="mark", tag_field="type"):
    """Nothing that is wanted lies up to this place but what was sent: resume from here. Every ten seconds at least."""

    after: PlacePart


class ErrorFrame(msgspec.Struct, kw_only=True, frozen=True, tag="error", tag_field="type"):
    """Something is wrong; the socket closes."""

    slug: str
    detail: str


SERVER_FRAMES = (Welcome, EventFrame, MarkFrame, ErrorFrame)
Frame = Welcome | EventFrame | MarkFrame | ErrorFrame

_HELLO = msgspec.json.Decoder(Hello)
_ENCODER = msgspec.json.Encoder()


def decode(text: str) -> Hello:
    """Read the first frame; raise ProtocolError."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame has at most {MAX_FRAME_BYTES} bytes", slug="too-large")
    try:
        return _HELLO.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise ProtocolError(str(error)) from None


def encode(frame: Frame) -> str:
    """Write a frame."""
    return _ENCODER.encode(frame).decode()


def event_schema() -> dict[str, Any]:
    """Return the JSON Schema of the stream's frames and of a webhook's body, published at ``/schemas/events.json``."""
    parts = [Hello, *SERVER_FRAMES, Message]
    references, definitions = msgspec.json.schema_components(parts, ref_template="#/$defs/{name}")
    named = {
        **definitions,
        "client": {"description": "The frame a subscriber sends.", **references[0]},
        "server": {"description": "Frames the engine sends.", "oneOf": list(references[1:-1])},
        "webhook": {"description": "The body of a webhook.", **references[-1]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cordboard routing events, version 1",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in ("client", "server", "webhook")],
        "$defs": named,
    }
