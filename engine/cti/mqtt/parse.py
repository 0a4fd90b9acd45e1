"""Reports as MQTT messages bring them: JSON or CloudEvents, as requests do. Pure.

CloudEvents: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/mqtt-protocol-binding.md, structured
mode; the batch is as over HTTP. Who cannot say a content type (MQTT 3) is understood by what he writes.
"""

from __future__ import annotations

from engine.cti.reports import BATCH, JSON, STRUCTURED, Report, decoded, media_type, reports_of
from engine.errors import InvalidInput

MOST_BYTES = 1_048_576


def read(payload: bytes, content_type: str, *, now_ms: int) -> list[Report]:
    """Read the reports of a message, in their order; what is wrong with one, or with all, stands in its place."""
    if len(payload) > MOST_BYTES:
        return [InvalidInput(f"A message has at most {MOST_BYTES} bytes.", slug="too-large")]
    try:
        written = decoded(payload)
        return reports_of(written, media_type(content_type) or _kind(written), now_ms=now_ms)
    except InvalidInput as error:
        return [error]


def _kind(written: object) -> str:
    """Return what a message is by what it says."""
    first = written[0] if isinstance(written, list) and written else written
    if not isinstance(first, dict) or "specversion" not in first:
        return JSON
    return BATCH if isinstance(written, list) else STRUCTURED
