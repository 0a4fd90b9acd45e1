"""The table of permissions knows every operation, and the document shows it."""

from engine.api.routes.table import OPERATIONS
from scripts.steps.permission_reference import REFERENCE, render
from tests.permission_table import UNDECIDED, decided_by, needs_of
from tests.unit.api.bare import bare_api


def test_every_operation_has_been_decided_on() -> None:
    undecided = {one.handler.__name__ for one in OPERATIONS if decided_by(one) == UNDECIDED}
    assert not undecided, "say in tests/permission_table.py what they show, and to whom"


def test_the_table_demands_what_the_operations_demand() -> None:
    document = bare_api().openapi()
    for one in OPERATIONS:
        told = document["paths"][one.prefix + one.path][one.method.lower()]
        needs = needs_of(one)
        assert told.get("x-role") == (needs.role.value if needs else None), one.path
        assert told.get("x-scope") == (needs.scope.value if needs and needs.scope else None), one.path


def test_the_document_shows_the_table() -> None:
    written = REFERENCE.read_text(encoding="utf-8")
    assert render(written) == written, "run scripts/reference"
