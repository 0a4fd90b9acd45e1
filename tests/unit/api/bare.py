"""The application without anything behind it: enough to look at its routes."""

from dataclasses import fields
from typing import Any, cast

from fastapi import FastAPI

from engine.api.application import create_api
from engine.api.metrics import Metrics
from engine.api.parts import ApiParts, ApiSettings
from engine.clock import SystemClock


def bare_api() -> FastAPI:
    """Return the application; a request that reaches a part fails."""
    absent: dict[str, Any] = {one.name: None for one in fields(ApiParts)}
    known = {
        "settings": ApiSettings(),
        "clock": SystemClock(),
        "metrics": Metrics(),
        "schemas": {},
        "probes": {},
        "draining": lambda: False,
    }
    return create_api(cast("Any", ApiParts)(**{**absent, **known}))
