"""The visitor's protocol: whatever comes in, only ProtocolError comes out; only the legal order passes."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels.chat import frames
from engine.channels.chat.protocol import (
    CLOSE_CODES,
    Phase,
    VisitorProtocol,
    decode,
    encode,
    encode_entry,
    hash_token,
)
from engine.channels.chat.schema import chat_schema
from engine.errors import ProtocolError
from engine.model.chat_limits import ChatLimits
from engine.model.conversation import Author, Entry, EntryKind

TOKEN = "a" * 43
LIMITS = ChatLimits(message_bytes=64, frame_bytes=2_048)
OPEN: dict[str, Any] = {"type": "open", "v": 1, "token": TOKEN, "locale": "en", "form": {"name": "Eve"}}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["open", "resume", "leave", "message", "typing", "received", "read", "end", "ping"]
FIELDS = ["v", "token", "locale", "form", "client_id", "body", "on", "seq", "last_seq", "name", "email", "topic"]


def protocol(phase: Phase = Phase.NEW, known_seq: int = 0) -> VisitorProtocol:
    made = VisitorProtocol(LIMITS)
    if phase is Phase.OPEN:
        made.opened(known_seq)
    elif phase is Phase.OFFLINE:
        made.offline()
    return made


def slug_of(made: VisitorProtocol, frame: object) -> str:
    with pytest.raises(ProtocolError) as caught:
        made.receive(frame if isinstance(frame, str) else json.dumps(frame))
    return caught.value.slug


KNOWN = {"", *CLOSE_CODES}


def verdict(made: VisitorProtocol, text: str) -> str:
    """Return the slug of the refusal, "" when the frame is accepted."""
    try:
        made.receive(text)
    except ProtocolError as error:
        return error.slug
    return ""


@given(st.text())
def test_any_text_raises_nothing_but_protocol_errors(text: str) -> None:
    for phase in Phase:
        assert verdict(protocol(phase), text) in KNOWN


@given(st.binary())
def test_any_bytes_raise_nothing_but_protocol_errors(raw: bytes) -> None:
    for text in (raw.decode("latin-1"), raw.decode("utf-8", "surrogateescape")):
        assert verdict(protocol(), text) in KNOWN


@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(FIELDS), JSON), st.sampled_from(list(Phase)))
def test_any_frame_raises_nothing_but_protocol_errors(name: str, fields: dict[str, Any], phase: Phase) -> None:
    assert verdict(protocol(phase), json.dumps({**fields, "type": name})) in KNOWN


@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_what_is_accepted_is_bounded(name: str, fields: dict[str, Any]) -> None:
    try:
        frame = protocol(Phase.OPEN if name in NAMES[3:] else Phase.NEW, 10).receive(
            json.dumps({"v": 1, "token": TOKEN, "client_id": "c-1", **fields, "type": name})
        )
    except ProtocolError:
        return
    body = getattr(frame, "body", "")
    assert len(body.encode()) <= LIMITS.message_bytes + 2  # a NUL becomes three bytes
    assert "\0" not in body
    if isinstance(frame, frames.Message | frames.Leave):
        assert body.strip()


@pytest.mark.parametrize(
    ("frame", "slug"),
    [
        ("", "bad-frame"),
        ("[]", "bad-frame"),
        ("{}", "bad-frame"),
        ({"type": "shout"}, "bad-frame"),
        ({"type": "open"}, "bad-frame"),
        ({**OPEN, "v": 2}, "bad-frame"),
        ({**OPEN, "token": "short"}, "bad-frame"),
        ({**OPEN, "token": TOKEN + "\n"}, "bad-frame"),
        ({**OPEN, "token": "a" * 42 + "="}, "bad-frame"),
        ({**OPEN, "locale": "e" * 40}, "bad-frame"),
        ({**OPEN, "form": {"email": "a\0@shop.example"}}, "bad-frame"),
        ({**OPEN, "form": {"name": "n" * 101}}, "bad-frame"),
        ({**OPEN, "form": {"email": "nobody"}}, "bad-frame"),
        ({**OPEN, "form": {"topic": "t" * 41}}, "bad-frame"),
        ({**OPEN, "body": "hello"}, "bad-frame"),
        ({**OPEN, "body": "x" * 65, "client_id": "c"}, "too-large"),
        ({**OPEN, "x": "y" * 4_000}, "too-large"),
        ('{"type":"ping","x":' + "[" * 1_000 + "]" * 1_000 + "}", "bad-frame"),
        ("\ud800", "bad-frame"),
        ({"type": "message", "client_id": "c", "body": "hi"}, "out-of-order"),
        ({"type": "received", "seq": 1}, "out-of-order"),
        ({"type": "end"}, "out-of-order"),
        ({"type": "leave", "v": 1, "token": TOKEN, "client_id": "c", "body": " "}, "bad-frame"),
        ({"type": "resume", "v": 1, "token": TOKEN, "last_seq": -1}, "bad-frame"),
        ({"type": "resume", "v": 1, "token": TOKEN, "last_seq": 2**53}, "bad-frame"),
    ],
)
def test_a_new_socket_refuses(frame: object, slug: str) -> None:
    assert slug_of(protocol(), frame) == slug


@pytest.mark.parametrize(
    ("frame", "slug"),
    [
        (OPEN, "out-of-order"),
        ({"type": "resume", "v": 1, "token": TOKEN, "last_seq": 0}, "out-of-order"),
        ({"type": "message", "client_id": "c\n", "body": "hi"}, "bad-frame"),
        ({"type": "message", "client_id": "", "body": "hi"}, "bad-frame"),
        ({"type": "message", "client_id": "c", "body": ""}, "bad-frame"),
        ({"type": "message", "client_id": "c", "body": "é" * 33}, "too-large"),
        ({"type": "received", "seq": 8}, "out-of-order"),
        ({"type": "read", "seq": 8}, "out-of-order"),
        ({"type": "typing"}, "bad-frame"),
    ],
)
def test_an_open_socket_refuses(frame: object, slug: str) -> None:
    assert slug_of(protocol(Phase.OPEN, known_seq=7), frame) == slug


def test_what_was_sent_may_be_acknowledged() -> None:
    made = protocol(Phase.OPEN, known_seq=7)
    made.sent(9)
    assert made.receive('{"type":"received","seq":9}') == frames.Received(seq=9)
    assert made.receive('{"type":"read","seq":3}') == frames.Read(seq=3)


def test_unknown_fields_are_ignored() -> None:
    assert protocol().receive('{"type":"ping","later":[1,{"x":2}]}') == frames.Ping()


def test_after_offline_one_may_leave_a_message_or_try_again() -> None:
    made = protocol(Phase.OFFLINE)
    left = made.receive(json.dumps({**OPEN, "type": "leave", "client_id": "c", "body": "call me\0"}))
    assert isinstance(left, frames.Leave)
    assert left.body == "call me\ufffd"
    assert isinstance(made.receive(json.dumps(OPEN)), frames.Open)


def entry(kind: EntryKind, author: Author = Author.AGENT) -> Entry:
    return Entry(
        id="e", interaction_id="i", seq=3, kind=kind, author=author, author_name="Ana", client_id="1:2",
        body="hello", at_ms=0, data={"secret": 1},
    )  # fmt: skip


@pytest.mark.parametrize("kind", list(EntryKind))
def test_internal_entries_cannot_even_be_encoded(kind: EntryKind) -> None:
    if not entry(kind).public:
        with pytest.raises(ValueError, match="internal"):
            encode_entry(entry(kind))
        return
    line = json.loads(encode_entry(entry(kind)))["entry"]
    assert line == {
        "seq": 3, "id": "e", "kind": kind.value, "author": "agent", "at": "1970-01-01T00:00:00.000Z",
        "name": "Ana", "body": "hello",
    }  # fmt: skip


def test_a_visitor_gets_his_own_client_ids_back() -> None:
    assert json.loads(encode_entry(entry(EntryKind.MESSAGE, Author.VISITOR)))["entry"]["client_id"] == "1:2"


def test_frames_match_their_schema() -> None:
    schema = chat_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    examples = [
        encode(frames.Ack(client_id="c", seq=1, at="1970-01-01T00:00:00.000Z")),
        encode(frames.ErrorFrame(slug="too-fast", detail="…", retry_after_ms=10)),
        encode(frames.Pong()),
        encode_entry(entry(EntryKind.ENDED)),
        json.dumps(OPEN),
    ]
    for text in examples:
        jsonschema.validate(json.loads(text), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"type": "open", "v": 1, "token": "short"}, schema)


def test_decode_and_hash_are_what_the_other_side_relies_on() -> None:
    assert decode('{"type":"end"}', 100) == frames.End()
    assert hash_token(TOKEN) == hash_token(TOKEN)
    assert len(hash_token(TOKEN)) == 64
