"""Reports as they are posted: plain, or as CloudEvents in each of their forms."""

import json
from collections.abc import Mapping

import pytest

from engine.cti.http.parse import read
from engine.cti.reports import BATCH, JSON, MOST, STRUCTURED, Report
from engine.errors import InvalidInput
from engine.model.call import CallEvent, CallKind, Direction

NOW_MS = 1_790_000_000_000
PLAIN: Mapping[str, object] = {
    "id": "7-1", "call": "7", "kind": "ringing", "at": "2026-09-21T13:33:20.250Z", "direction": "inbound",
    "from": "+441632960001", "to": "600", "party": "201", "queue": "Sales", "given": {"account": "K-7"},
}  # fmt: skip


def reports(body: object, kind: str = JSON, **headers: str) -> list[Report]:
    given = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return read(given, json.dumps(body).encode(), now_ms=NOW_MS)


def one(body: object, kind: str = JSON, **headers: str) -> CallEvent:
    (report,) = reports(body, kind, **headers)
    assert isinstance(report, CallEvent), report
    return report


def wrong(body: object, kind: str = JSON) -> InvalidInput:
    (report,) = reports(body, kind)
    assert isinstance(report, InvalidInput)
    return report


def test_a_plain_report() -> None:
    assert one(PLAIN) == CallEvent(
        event_id="7-1",
        reference="7",
        leg_id="201",
        kind=CallKind.RINGING,
        at_ms=1_789_997_600_250,
        received_ms=NOW_MS,
        direction=Direction.INBOUND,
        from_number="+441632960001",
        to_number="600",
        party="201",
        queue="Sales",
        given={"account": "K-7"},
    )


def test_what_has_no_id_is_known_by_what_it_says() -> None:
    said = {"call": "7", "kind": "answered", "party": "201", "at": 1_790_000_000_001}
    turned = dict(reversed(said.items()))
    assert one(said).event_id == one(turned).event_id
    assert one(said).event_id != one({**said, "party": "202"}).event_id


def test_a_leg_of_another_name_is_of_the_call_it_is_linked_to() -> None:
    event = one({"call": "8", "linked_to": "7", "kind": "answered", "party": "202"})
    assert (event.reference, event.leg_id, event.at_ms) == ("7", "8", NOW_MS)


@pytest.mark.parametrize("data_content_type", ["", "application/json"])
def test_a_structured_cloud_event(data_content_type: str) -> None:
    data = {name: value for name, value in PLAIN.items() if name not in ("id", "kind", "at")}
    event = {
        "specversion": "1.0", "id": "7-1", "source": "/pbx", "type": "example.pbx.call.ringing",
        "time": PLAIN["at"], "datacontenttype": data_content_type, "data": data,
    }  # fmt: skip
    assert one(event, f"{STRUCTURED}; charset=UTF-8") == one(PLAIN)
    assert one([event], BATCH) == one(PLAIN)


def test_a_binary_cloud_event() -> None:
    data = {name: value for name, value in PLAIN.items() if name not in ("id", "kind", "at")}
    headers = {"ce_specversion": "1.0", "ce_id": "7-1", "ce_type": "call.ringing", "ce_time": str(PLAIN["at"])}
    assert one(data, JSON, **headers, webhook_id="7-1") == one(PLAIN)


@pytest.mark.parametrize("signed", [{}, {"webhook_id": "7-2"}])
def test_a_binary_cloud_event_of_another_id_than_was_signed(signed: Mapping[str, str]) -> None:
    with pytest.raises(InvalidInput, match="webhook-id"):
        one(PLAIN, JSON, ce_specversion="1.0", ce_id="7-1", ce_type="call.ended", **signed)


def test_one_that_is_wrong_holds_up_no_other() -> None:
    good, bad, last = reports([PLAIN, {**PLAIN, "kind": "sneezed"}, {**PLAIN, "id": "7-2"}])
    assert isinstance(good, CallEvent)
    assert isinstance(last, CallEvent)
    assert isinstance(bad, InvalidInput)
    assert "$.kind" in bad.detail


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"call": ""}, "$.call"),
        ({"at": 12}, "`at` is no time"),
        ({"at": "yesterday"}, "`at` is no time"),
        ({"at": "9999-12-31T23:59:59-23:59"}, "`at` is no time"),
        ({"recording": "javascript:alert(1)"}, "$.recording"),
        ({"given": {"a": "x" * 201}}, "$.given"),
        ({"given": {str(number): "x" for number in range(21)}}, "$.given"),
        ({"from": "1" * 101}, "$.from"),
        ({"from": "+44\0"}, "$.from"),
        ({"id": "7\0"}, "$.id"),
        ({"call": "7\0"}, "$.call"),
        ({"given": {"a\0": "x"}}, "$.given"),
        ({"recording": "https://x.example/\0"}, "$.recording"),
    ],
)
def test_what_is_wrong_is_named(change: Mapping[str, object], told: str) -> None:
    assert told in wrong({**PLAIN, **change}).detail


@pytest.mark.parametrize("event", [[1], [{"specversion": "0.3"}], [{"specversion": "1.0", "data": 1}]])
def test_what_is_no_cloud_event_is_named(event: object) -> None:
    assert wrong(event, BATCH).slug == "invalid-input"


@pytest.mark.parametrize(
    ("body", "kind", "slug"),
    [
        (b"{", JSON, "invalid-input"),
        (b"[]", JSON, "invalid-input"),
        (b"\xff", JSON, "invalid-input"),
        (b"[" * 100_000, JSON, "invalid-input"),
        (b"{}", BATCH, "invalid-input"),
        (b"{}", "text/plain", "unsupported-media-type"),
        (json.dumps([1] * (MOST + 1)).encode(), JSON, "too-large"),
    ],
)
def test_what_cannot_be_read_at_all(body: bytes, kind: str, slug: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read({"content-type": kind}, body, now_ms=NOW_MS)
    assert refused.value.slug == slug
