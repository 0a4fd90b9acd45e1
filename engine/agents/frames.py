"""The frames of the agent socket, version 1: JSON objects told apart by ``type``.

msgspec structs, because frames are the hot path: an entry is encoded in microseconds and a client's
frame is checked while it is decoded. Unknown fields are ignored, so that a newer console may talk
to an older engine; an unknown ``type`` is a bad frame. Times are RFC 3339 strings, ``None`` = never.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from engine.agents.parts import (
    BoardAgent,
    BoardQueue,
    CallPart,
    CasePart,
    ContactPart,
    EntryPart,
    HeldPart,
    InteractionPart,
    LoadPart,
    NamedPart,
    OfferPart,
    OrganisationPart,
    StatusNow,
    StatusPart,
    UserPart,
    VisitorPart,
    WaitingPart,
)
from engine.errors import ProtocolError

VERSION = 1
MAX_FRAME_BYTES = 65_536
"""Longest frame a client may send."""


# --- client → server -------------------------------------------------------------------------


class ClientFrame(msgspec.Struct, frozen=True, tag_field="type"):
    """A frame that the console sends."""


class ClientHello(ClientFrame, frozen=True, tag="hello"):
    """Begin; with ``token`` (an API token) where there is no session cookie."""

    v: int
    token: str = ""


class Heartbeat(ClientFrame, frozen=True, tag="heartbeat"):
    """Say that somebody is there; at least every ``heartbeat_ms``. Renews the presence lease."""


class SendMessage(ClientFrame, frozen=True, tag="message"):
    """Say something to the visitor, or leave an internal note. Repeatable by ``client_id``."""

    interaction_id: str
    client_id: str
    body: str
    note: bool = False
    consult_id: str = ""  # of a note: the consult whose thread it belongs to


class Accept(ClientFrame, frozen=True, tag="accept"):
    """Accept an offer; answered with ``accepted`` or an ``error``. Repeatable, like the HTTP route of this name."""

    item_id: Annotated[str, msgspec.Meta(max_length=100)]
    assignment: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    client_id: Annotated[str, msgspec.Meta(max_length=100)] = ""


class SendTyping(ClientFrame, frozen=True, tag="typing"):
    """Begin or stop to type."""

    interaction_id: str
    on: bool


class SendRead(ClientFrame, frozen=True, tag="read"):
    """Say that the agent has read up to ``seq``."""

    interaction_id: str
    seq: int


class Sync(ClientFrame, frozen=True, tag="sync"):
    """Ask for the entries after ``after_seq``."""

    interaction_id: str
    after_seq: int = 0


class WatchTopic(ClientFrame, frozen=True, tag="watch"):
    """Begin or stop to watch a topic: ``waiting``, or ``board``, which is for supervisors and admins."""

    topic: str
    on: bool = True


class Look(ClientFrame, frozen=True, tag="look"):
    """Ask for the state: it is sent when it is another. After what the board tells nobody of."""


CLIENT_FRAMES: tuple[type[ClientFrame], ...] = (
    ClientHello,
    Heartbeat,
    SendMessage,
    Accept,
    SendTyping,
    SendRead,
    Sync,
    WatchTopic,
    Look,
)


_decode = msgspec.json.Decoder(
    ClientHello | Heartbeat | SendMessage | Accept | SendTyping | SendRead | Sync | WatchTopic | Look
).decode
"""Made once: to read the types anew for each frame takes forty times as long as the frame."""


# --- server → client -------------------------------------------------------------------------


class ServerFrame(msgspec.Struct, frozen=True, tag_field="type"):
    """A frame that the engine sends."""


class Hello(ServerFrame, frozen=True, tag="hello"):
    """Welcome: who is signed in, and the lists to choose from."""

    v: int
    user: UserPart
    organisation: OrganisationPart
    statuses: Sequence[StatusPart]
    queues: Sequence[NamedPart]
    dispositions: Sequence[NamedPart]
    skills: Sequence[NamedPart]
    decline_reasons: Sequence[NamedPart]
    heartbeat_ms: int


class State(ServerFrame, frozen=True, tag="state"):
    """The agent's whole state; replaces the one before. ``version`` counts per socket."""

    status: StatusNow
    connected: bool
    load: LoadPart
    offers: Sequence[OfferPart]
    items: Sequence[HeldPart]
    version: int


class Withdrawn(ServerFrame, frozen=True, tag="withdrawn"):
    """An offer is gone though the agent did nothing; ``reason`` says why. The state without it comes by itself."""

    item_id: str
    assignment: int
    reason: str


class WaitingFrame(ServerFrame, frozen=True, tag="waiting"):
    """The oldest work that waits in the agent's queues, while watched; ``more`` waits than is told."""

    items: Sequence[WaitingPart]
    more: bool


class ConversationFrame(ServerFrame, frozen=True, tag="conversation"):
    """A conversation the agent holds, with its last entries; sent once per socket and item."""

    item_id: str
    interaction: InteractionPart
    contact: ContactPart | None
    case: CasePart | None
    entries: Sequence[EntryPart]
    visitor: VisitorPart


class EntryFrame(ServerFrame, frozen=True, tag="entry"):
    """One more line of a transcript; in order of ``seq``, without gaps."""

    interaction_id: str
    entry: EntryPart


class Ack(ServerFrame, frozen=True, tag="ack"):
    """The agent's message is committed under ``seq``."""

    client_id: str
    interaction_id: str
    seq: int
    at: str


class Accepted(ServerFrame, frozen=True, tag="accepted"):
    """The offer is accepted, and the assignment in the record."""

    client_id: str
    item_id: str
    assignment: int


class TypingFrame(ServerFrame, frozen=True, tag="typing"):
    """Somebody else types, or stopped."""

    interaction_id: str
    on: bool
    who: str
    name: str


class ReceiptFrame(ServerFrame, frozen=True, tag="receipt"):
    """How far the visitor has received and read."""

    interaction_id: str
    received_seq: int
    read_seq: int


class VisitorFrame(ServerFrame, frozen=True, tag="visitor"):
    """The visitor went, or is back."""

    interaction_id: str
    online: bool


class CaseFrame(ServerFrame, frozen=True, tag="case"):
    """The case of a held conversation was opened or changed."""

    interaction_id: str
    case: CasePart


class AlertFrame(ServerFrame, frozen=True, tag="alert"):
    """Something supervisors should see."""

    id: str
    kind: str
    at: str
    data: dict[str, Any]


class AlertsFrame(ServerFrame, frozen=True, tag="alerts"):
    """How many alerts nobody has acknowledged yet, of the newest 50."""

    unread: int


class JobFrame(ServerFrame, frozen=True, tag="job"):
    """A job over cases began, got on or ended."""

    id: str
    kind: str
    state: str
    total: int
    done: int
    failed: int
    asked_by: str
    asked_at: str
    begun_at: str | None
    ended_at: str | None


class BoardFrame(ServerFrame, frozen=True, tag="board"):
    """The wallboard; at least once a second while watched."""

    at: str
    queues: Sequence[BoardQueue]
    agents: Sequence[BoardAgent]


class CallsFrame(ServerFrame, frozen=True, tag="calls"):
    """The calls that the agent's telephones ring for or take part in, newest first; replaces those before."""

    calls: Sequence[CallPart]


class ConfigFrame(ServerFrame, frozen=True, tag="config"):
    """Another configuration is in force: load the lists again."""

    version: int


class Ping(ServerFrame, frozen=True, tag="ping"):
    """A question whether the client is there: answer with a `heartbeat`."""


class Pong(ServerFrame, frozen=True, tag="pong"):
    """The answer to a heartbeat: the engine is there."""


class ErrorFrame(ServerFrame, frozen=True, tag="error"):
    """A frame was refused; ``client_id`` names the message or command it was about."""

    slug: str
    detail: str
    client_id: str = ""


SERVER_FRAMES: tuple[type[ServerFrame], ...] = (
    Hello,
    State,
    Withdrawn,
    WaitingFrame,
    ConversationFrame,
    EntryFrame,
    Ack,
    Accepted,
    TypingFrame,
    ReceiptFrame,
    VisitorFrame,
    CaseFrame,
    AlertFrame,
    AlertsFrame,
    JobFrame,
    BoardFrame,
    CallsFrame,
    ConfigFrame,
    Ping,
    Pong,
    ErrorFrame,
)


def decode(text: str | bytes) -> ClientFrame:
    """Read a client's frame; raise ProtocolError (``bad-frame``, ``too-large``)."""
    if len(text) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame has at most {MAX_FRAME_BYTES} bytes", slug="too-large")
    try:
        frame: ClientFrame = _decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ProtocolError(f"the frame cannot be read: {error}") from error
    return frame


def encode(frame: ServerFrame) -> str:
    """Write a server's frame."""
    return msgspec.json.encode(frame).decode()


def tag_of(frame: type[msgspec.Struct]) -> str:
    """Return the ``type`` of a frame's class."""
    return str(frame.__struct_config__.tag)


def agent_schema() -> dict[str, Any]:
    """Return the JSON Schema of both directions, published at ``/schemas/agent.json``."""
    frames = [*CLIENT_FRAMES, *SERVER_FRAMES]
    references, definitions = msgspec.json.schema_components(frames, ref_template="#/$defs/{name}")
    split = len(CLIENT_FRAMES)
    definitions = {
        **definitions,
        "client": {"description": "Frames the console sends.", "oneOf": list(references[:split])},
        "server": {"description": "Frames the engine sends.", "oneOf": list(references[split:])},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cordboard agent socket, version 1",
        "oneOf": [{"$ref": "#/$defs/client"}, {"$ref": "#/$defs/server"}],
        "$defs": definitions,
    }
