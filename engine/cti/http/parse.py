"""Reports of calls as they are posted: plain JSON, or CloudEvents 1.0 structured, binary or as a batch. Pure.

CloudEvents: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cti.reports import BATCH, JSON, STRUCTURED, Report, decoded, media_type, reports_of
from engine.errors import InvalidInput


def read(headers: Mapping[str, str], body: bytes, *, now_ms: int) -> list[Report]:
    """Read the reports of a request, in their order; what is wrong with one stands in its place.

    ``headers``: names in small letters. Raises InvalidInput where nothing can be read of the whole.
    """
    kind = media_type(headers.get("content-type", ""))
    written = decoded(body) if kind in (BATCH, STRUCTURED, JSON) else None
    if kind == JSON and "ce-specversion" in headers:
        written, kind = _binary(headers, written), STRUCTURED
    return reports_of(written, kind, now_ms=now_ms)


def _binary(headers: Mapping[str, str], data: object) -> dict[str, object]:
    """Return an event in binary mode as a structured one. Raises InvalidInput.

    Its attributes are headers, which nobody signed; only ``webhook-id`` is. Were another id taken, who listened could
    send what he heard again as reports of his own.
    """
    if headers.get("ce-id") != headers.get("webhook-id"):
        mend = "Send the same id in both, or structured events, all of which is signed."
        raise InvalidInput("ce-id is not webhook-id, which is signed.", field="ce-id", mend=mend)
    return {"data": data} | {name.removeprefix("ce-"): headers[name] for name in headers if name.startswith("ce-")}
