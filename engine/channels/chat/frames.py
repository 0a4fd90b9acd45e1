"""The frames of the visitor's socket, as they travel. Documented in docs/reference/chat-protocol.md.

Fields that are not known are ignored, so that a newer side may talk to an older one; types are not.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from engine.model.organisation import Overflow

VERSION = 1
MAX_SEQ = 2**53 - 1  # what JavaScript counts exactly

# "(?!\n)$": Python's "$" also matches before a last line feed, JavaScript's does not.
Version = Annotated[int, Meta(description="Protocol version, 1.")]
Token = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{43}(?!\n)$",
        description="Session token made by the client: 32 random bytes, base64url without padding.",
    ),
]
Locale = Annotated[
    str,
    Meta(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*(?!\n)$", description="Language tag (BCP 47)."),
]
ClientId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._:-]{1,64}(?!\n)$", description="The client's own id of a message: a repeat is the same."
    ),
]
Seq = Annotated[int, Meta(ge=0, le=MAX_SEQ, description="Number of a transcript entry.")]


class Form(Struct):
    """The pre-chat form."""

    name: Annotated[str, Meta(max_length=100)] = ""
    email: Annotated[str, Meta(max_length=254, pattern=r"^([^@\s\x00]+@[^@\s\x00]+)?(?!\n)$")] = ""
    topic: Annotated[str, Meta(max_length=40)] = ""
    phone: Annotated[str, Meta(max_length=40, description="Number to call back; of `leave` only.")] = ""


class Open(Struct, tag="open"):
    """Begin a conversation; the same token is the same conversation."""

    v: Version
    token: Token
    locale: Locale = "en"
    form: Form = msgspec.field(default_factory=Form)
    client_id: ClientId | None = None
    body: str = ""


class Resume(Struct, tag="resume"):
    """Go on with a conversation after a disconnection; ``last_seq`` is the last entry received."""

    v: Version
    token: Token
    last_seq: Seq = 0


class Leave(Struct, tag="leave"):
    """Leave a message while nobody is there; with ``callback``, ask to be called back.

    ``after`` is the token of the conversation that was turned away before, if one was: both become one case.
    """

    v: Version
    token: Token
    client_id: ClientId
    body: str
    locale: Locale = "en"
    form: Form = msgspec.field(default_factory=Form)
    callback: bool = False
    after: Token | None = None


class Message(Struct, tag="message"):
    """Say something."""

    client_id: ClientId
    body: str


class VisitorTyping(Struct, tag="typing"):
    """Tell that the visitor writes, or no longer does."""

    on: bool


class Received(Struct, tag="received"):
    """Tell how far the transcript has arrived."""

    seq: Seq


class Read(Struct, tag="read"):
    """Tell how far the transcript has been read."""

    seq: Seq


class End(Struct, tag="end"):
    """End the conversation."""


class Ping(Struct, tag="ping"):
    """Ask for a ``pong``."""


ClientFrame = Open | Resume | Leave | Message | VisitorTyping | Received | Read | End | Ping


class SessionLine(Struct):
    """The conversation as the visitor may know it."""

    interaction_id: str
    state: Literal["open", "closed"]


class LimitsLine(Struct):
    """Bounds the client should keep."""

    message_bytes: int


class EntryLine(Struct, omit_defaults=True):
    """One line of the transcript; ``client_id`` is given back on the visitor's own."""

    seq: int
    id: str
    kind: Literal["message", "joined", "left", "warning", "ended"]
    author: Literal["visitor", "agent", "system"]
    at: str
    name: str = msgspec.field(default="")
    body: str = msgspec.field(default="")
    client_id: str = ""


class Opened(Struct, tag="opened"):
    """The conversation is open on this socket; the missed entries follow."""

    session: SessionLine
    last_seq: int
    resumed: bool
    limits: LimitsLine


class EntryFrame(Struct, tag="entry"):
    """A new or missed transcript line."""

    entry: EntryLine


class Ack(Struct, tag="ack"):
    """A message is committed, now or before."""

    client_id: str
    seq: int
    at: str


class AgentTyping(Struct, tag="typing"):
    """An agent writes, or no longer does."""

    on: bool
    name: str


class ReceiptFrame(Struct, tag="receipt"):
    """How far the agent has received and read the transcript."""

    received_seq: int
    read_seq: int


class WaitLine(Struct):
    """How long the wait will probably be: with 60 % between these, in whole minutes."""

    low_ms: int
    high_ms: int


class PositionFrame(Struct, tag="position", omit_defaults=True):
    """Place in the queue: 1 = next, 0 = not waiting any more; with the wait from now on, where it can be told."""

    position: int
    wait: WaitLine | None = None


class Offline(Struct, tag="offline", omit_defaults=True):
    """Nobody is there; the fields of the form to leave a message with (with ``phone``: to be called back), if any."""

    reason: Literal["closed", "unstaffed"]
    form: list[str]
    text: str = ""


class LeftMessage(Struct, tag="left_message"):
    """The message left is a case now."""

    case_number: int


class Ended(Struct, tag="ended", omit_defaults=True):
    """The conversation is over; the socket closes."""

    reason: str
    text: str = ""


class Pong(Struct, tag="pong"):
    """The answer to ``ping``."""


class ErrorFrame(Struct, tag="error", omit_defaults=True):
    """What was wrong; the socket closes."""

    slug: str
    detail: str
    retry_after_ms: int = 0


def offline_form(do: Overflow | None) -> list[str]:
    """Return the fields of the form that is shown where nobody is there; ``do`` None: as for a message."""
    if do is Overflow.REFUSE:
        return []
    return ["name", "email", *(["phone"] if do is Overflow.CALLBACK else []), "topic", "body"]


ServerFrame = (
    Opened
    | EntryFrame
    | Ack
    | AgentTyping
    | ReceiptFrame
    | PositionFrame
    | Offline
    | LeftMessage
    | Ended
    | Pong
    | ErrorFrame
)
