"""Reports of calls as telephone systems write them: plain JSON, or CloudEvents 1.0, one or several. Pure.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. The ``id`` of a CloudEvent is the
report's id, its ``time`` the report's time, the last part of its ``type`` the kind; what else there is to say is its
``data``.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from engine.errors import InvalidInput
from engine.model.call import CallEvent, CallKind, Direction

MOST = 500
"""Reports of one request."""
MOST_GIVEN = 20
EARLIEST_MS, LATEST_MS = 946_684_800_000, 253_402_300_799_000
"""2000 to 9999: what is no time in milliseconds is refused, such as one in seconds."""
BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
JSON = "application/json"

Report = CallEvent | InvalidInput
_NO_NUL = r"^[^\x00]*\Z"
"""PostgreSQL keeps no text with one."""
Id = Annotated[str, msgspec.Meta(max_length=200, pattern=_NO_NUL)]
Text = Annotated[str, msgspec.Meta(max_length=100, pattern=_NO_NUL)]
Link = Annotated[str, msgspec.Meta(max_length=2_000, pattern=r"^(https?://[^\s\x00]+)?\Z")]
Given = dict[Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=_NO_NUL)], Id]


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """One report as it is posted. Fields that are not known are passed over."""

    id: Id = ""
    call: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_NO_NUL)]
    linked_to: Id = ""
    leg: Id = ""
    kind: CallKind
    at: str | int = ""
    direction: Direction = Direction.INBOUND
    from_: Text = msgspec.field(name="from", default="")
    to: Text = ""
    party: Text = ""
    queue: Text = ""
    target: Text = ""
    cause: Text = ""
    recording: Link = ""
    given: Annotated[Given, msgspec.Meta(max_length=MOST_GIVEN)] = {}


def decoded(body: bytes) -> Any:  # noqa: ANN401 -- whatever was written
    """Return what JSON says; raise InvalidInput where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"The body is no JSON: {error}.") from error


def reports_of(written: object, kind: str, *, now_ms: int) -> list[Report]:
    """Return reports in their order; what is wrong with one stands in its place.

    ``kind``: JSON, STRUCTURED or BATCH. Raises InvalidInput where nothing can be read of the whole.
    """
    if kind not in (BATCH, STRUCTURED, JSON):
        mend = f"Send {JSON}, {STRUCTURED} or {BATCH}."
        raise InvalidInput("The body is of another media type.", slug="unsupported-media-type", mend=mend)
    if kind != JSON and isinstance(written, list) != (kind == BATCH):
        raise InvalidInput("A structured CloudEvent is one object; several are a batch.")
    every = written if isinstance(written, list) else [written]
    if not every:
        raise InvalidInput("There is no report.")
    if len(every) > MOST:
        raise InvalidInput(f"At most {MOST} reports come together, not {len(every)}.", slug="too-large")
    return [_report(one if kind == JSON else _opened(one), now_ms=now_ms) for one in every]


def media_type(content_type: str) -> str:
    """Return a content type without its parameters, in small letters."""
    return content_type.partition(";")[0].strip().lower()


def _opened(written: Any) -> Any:  # noqa: ANN401 -- whatever was posted
    """Return what a CloudEvent says as plain JSON, or an error in its place."""
    if not isinstance(written, dict):
        return InvalidInput("A CloudEvent is an object.")
    if written.get("specversion") != "1.0":
        return InvalidInput("This is no CloudEvent 1.0.", field="specversion")
    data = written.get("data", {})
    if not isinstance(data, dict):
        return InvalidInput("The data of the CloudEvent is no object.", field="data")
    kind = str(written.get("type", "")).rpartition(".")[2]
    at = {"at": written["time"]} if "time" in written else {}
    return {**at, **data, "id": str(written.get("id", "")), "kind": data.get("kind") or kind}


def _report(written: Any, *, now_ms: int) -> Report:  # noqa: ANN401 -- whatever was posted
    if isinstance(written, InvalidInput):
        return written
    try:
        posted = msgspec.convert(written, Posted)
        at_ms = _time(posted.at, now_ms)
    except msgspec.ValidationError as error:
        return InvalidInput(f"The report cannot be read: {error}.")
    except InvalidInput as error:
        return error
    return CallEvent(
        event_id=posted.id or _named(written, at_ms=0 if posted.at == "" else at_ms),
        reference=posted.linked_to or posted.call,
        leg_id=posted.leg or (posted.call if posted.linked_to else posted.party),
        kind=posted.kind,
        at_ms=at_ms,
        received_ms=now_ms,
        direction=posted.direction,
        from_number=posted.from_.strip(),
        to_number=posted.to.strip(),
        party=posted.party.strip(),
        queue=posted.queue.strip(),
        to=posted.target.strip(),
        cause=posted.cause.strip(),
        recording=posted.recording,
        given=posted.given,
    )


def _time(written: str | int, now_ms: int) -> int:
    """Return a time in milliseconds; ``""`` is now. Raises InvalidInput."""
    if written == "":
        return now_ms
    try:
        at_ms = written if isinstance(written, int) else _milliseconds(written)
    except (ValueError, OverflowError):
        at_ms = 0
    if not EARLIEST_MS <= at_ms <= LATEST_MS:
        mend = "Write 2026-01-31T09:00:00.000Z, or milliseconds since 1970."
        raise InvalidInput("`at` is no time.", field="at", mend=mend)
    return at_ms


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


def _named(written: object, *, at_ms: int) -> str:
    """Name a report that has no id by what it says: said again, it is the same."""
    said = msgspec.json.encode((written, at_ms), order="deterministic")
    return f"sha256:{hashlib.sha256(said).hexdigest()}"
