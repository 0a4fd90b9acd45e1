"""The agent socket's frames: read strictly, written as documented."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from engine.agents.frames import (
    CLIENT_FRAMES,
    SERVER_FRAMES,
    Ack,
    ClientFrame,
    ErrorFrame,
    Heartbeat,
    SendMessage,
    ServerFrame,
    agent_schema,
    decode,
    encode,
    tag_of,
)
from engine.errors import ProtocolError

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "agent-protocol.md").read_text(encoding="utf-8")


def test_a_frame_is_read() -> None:
    frame = decode('{"type": "message", "interaction_id": "i", "client_id": "c", "body": "hello", "new_field": 1}')
    assert frame == SendMessage(interaction_id="i", client_id="c", body="hello", note=False)
    assert decode('{"type": "heartbeat"}') == Heartbeat()


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "bad-frame"),
        ("{", "bad-frame"),
        ("[]", "bad-frame"),
        ("null", "bad-frame"),
        ("{}", "bad-frame"),
        ('{"type": "dance"}', "bad-frame"),
        ('{"type": "entry"}', "bad-frame"),  # a server's
        ('{"type": "typing", "interaction_id": "i", "on": "yes"}', "bad-frame"),
        ('{"type": "read", "interaction_id": "i", "seq": 1.5}', "bad-frame"),
        ('{"type": "message", "interaction_id": 7, "client_id": "c", "body": "b"}', "bad-frame"),
        ('{"type": "accept", "item_id": "w", "assignment": 0}', "bad-frame"),
        ('{"type": "accept", "item_id": "w", "assignment": 9007199254740992}', "bad-frame"),
        ("\udcff", "bad-frame"),
        ('{"type": "message", "body": "' + "x" * 70_000 + '"}', "too-large"),
    ],
)
def test_a_bad_frame_is_refused(text: str, slug: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode(text)
    assert refused.value.slug == slug


def test_written_frames_fit_the_schema() -> None:
    schema = agent_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    frames: list[ServerFrame] = [
        Ack(client_id="c", interaction_id="i", seq=1, at="2026-01-01T00:00:00.000Z"),
        ErrorFrame(slug="bad-frame", detail="no"),
    ]
    for frame in frames:
        validator.validate(json.loads(encode(frame)))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"type": "ack"})


def test_frames_are_told_apart_by_type() -> None:
    tags = [tag_of(frame) for frame in SERVER_FRAMES]
    assert len(tags) == len(set(tags))
    assert set(CLIENT_FRAMES) == set(ClientFrame.__subclasses__())
    assert set(SERVER_FRAMES) == set(ServerFrame.__subclasses__())


@pytest.mark.parametrize("frame", [*CLIENT_FRAMES, *SERVER_FRAMES])
def test_every_frame_and_field_stands_in_the_reference(frame: type[msgspec.Struct]) -> None:
    direction = "client" if frame in CLIENT_FRAMES else "server"
    heading = f"### `{tag_of(frame)}` ({direction})"
    lines = REFERENCE.splitlines()
    assert heading in lines
    start = lines.index(heading) + 1
    end = next((at for at in range(start, len(lines)) if lines[at].startswith("#")), len(lines))
    text = "\n".join(lines[start:end])
    for field in frame.__struct_fields__:
        assert f"`{field}`" in text, f"{heading}: {field}"
