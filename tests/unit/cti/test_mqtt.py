"""What an MQTT message says, and where a source stands in the configuration."""

import json

import pytest

from engine.cti.mqtt import parse
from engine.cti.mqtt.parse import read
from engine.errors import InvalidInput
from engine.model.call import CallEvent

SAID = {"call": "7", "kind": "ringing", "party": "201"}
CLOUD = {"specversion": "1.0", "id": "e1", "source": "/p", "type": "call.ringing", "data": {"call": "7"}}


@pytest.mark.parametrize(
    ("written", "content_type"),
    [
        (SAID, ""),
        ([SAID], ""),
        (SAID, "application/json; charset=utf-8"),
        (CLOUD, ""),
        ([CLOUD], ""),
        (CLOUD, "application/cloudevents+json"),
        ([CLOUD], "application/cloudevents-batch+json"),
    ],
)
def test_a_message_is_read_as_a_request_is(written: object, content_type: str) -> None:
    (event,) = read(json.dumps(written).encode(), content_type, now_ms=1_790_000_000_000)
    assert isinstance(event, CallEvent)
    assert event.reference == "7"


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{", b"7", b"[" * 100_000, b'{"specversion": "2.0"}'])
def test_what_cannot_be_read_is_told_and_never_raised(body: bytes) -> None:
    (error,) = read(body, "", now_ms=1)
    assert isinstance(error, InvalidInput)


def test_a_message_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MOST_BYTES", 9)
    (error,) = read(json.dumps(SAID).encode(), "", now_ms=1)
    assert isinstance(error, InvalidInput)
    assert error.slug == "too-large"


def test_a_repetition_without_id_or_time_is_the_same_report() -> None:
    one, other = (
        read(json.dumps(SAID).encode(), "", now_ms=now_ms)[0] for now_ms in (1_790_000_000_000, 1_790_000_009_000)
    )
    assert isinstance(one, CallEvent)
    assert isinstance(other, CallEvent)
    assert one.event_id == other.event_id
