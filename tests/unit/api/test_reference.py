"""The reference of the API is what `scripts/reference` writes."""

import re

from engine.api.routes.table import OPERATIONS
from scripts.steps.api_reference import REFERENCE, render
from tests.unit.api.bare import bare_api

WRITTEN = REFERENCE.read_text(encoding="utf-8")


def test_the_reference_is_up_to_date() -> None:
    assert render(WRITTEN, bare_api().openapi(), OPERATIONS) == WRITTEN, "run scripts/reference"


def test_every_model_that_is_named_stands_in_the_table() -> None:
    models = set(bare_api().openapi()["components"]["schemas"])
    named = set(re.findall(r"`([A-Z]\w+)`", WRITTEN)) & models
    missing = sorted(name for name in named if f"\n| `{name}` | " not in WRITTEN)
    assert not missing
