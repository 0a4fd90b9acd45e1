"""Every kind of source of call reports that requests bring. One that fetches them itself is a role instead."""

from collections.abc import Callable, Mapping

from engine.cti.http import parse as http
from engine.cti.reports import Report

Read = Callable[[Mapping[str, str], bytes, int], list[Report]]
"""Read the reports of a request: headers, body, now."""


def _http(headers: Mapping[str, str], body: bytes, now_ms: int) -> list[Report]:
    return http.read(headers, body, now_ms=now_ms)


READERS: Mapping[str, Read] = {"http": _http}
"""By the kind that the configuration names."""
