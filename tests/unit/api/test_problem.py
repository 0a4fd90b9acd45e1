"""The table of slugs is complete, and so is its reference."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from engine import errors
from engine.api.problem import BY_CLASS, BY_STATUS, SLUGS, of_error, on_http, on_invalid, problem_of
from engine.errors import Conflict, CordboardError, Forbidden, InvalidInput, NotFound, Refused, TooFast, Unavailable
from engine.model.work import Outcome

ROOT = Path(__file__).parents[3]
REFERENCE = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
AT_START = ("cli", "valkey", "wiring", "settings.py", "config", "app.py", "bench", "demo", "installation")
"""Parts whose own slugs are seen on the command line only; what they share with others is in the table anyway."""


def slugs_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "slug" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def test_every_slug_that_is_raised_is_in_the_table() -> None:
    used = {
        slug
        for path in (ROOT / "engine").rglob("*.py")
        if path.relative_to(ROOT / "engine").parts[0] not in AT_START
        for slug in slugs_in(path)
    }
    used |= {cls.slug for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, CordboardError)}
    used |= {outcome.value for outcome in Outcome if outcome not in (Outcome.OK, Outcome.REPEATED)}
    assert not used - SLUGS.keys()


def test_every_slug_stands_in_the_reference() -> None:
    rows = {line.split("|")[1].strip(): line for line in REFERENCE.splitlines() if line.startswith("| `")}
    assert {f"`{slug}`" for slug in SLUGS} == set(rows)
    for slug, (status, _) in SLUGS.items():
        assert f"| {status} |" in rows[f"`{slug}`"], slug


def test_statuses_and_classes_point_into_the_table() -> None:
    assert set(BY_STATUS.values()) <= SLUGS.keys()
    assert {slug for _, slug in BY_CLASS} <= SLUGS.keys()
    for status, slug in BY_STATUS.items():
        assert SLUGS[slug][0] == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("x"), 400),
        (Forbidden("x"), 403),
        (NotFound("x", slug="unheard-of"), 404),
        (Conflict("x", slug="unheard-of"), 409),
        (TooFast("x", retry_after_ms=1_500), 429),
        (Unavailable("x"), 503),
        (Unavailable("SELECT secret", slug="store-unavailable"), 503),
        (CordboardError("secret", slug="board-fault"), 503),
        (Refused("x", slug="no-board"), 503),
        (Refused("x", slug="not-yours"), 403),
        (CordboardError("secret"), 500),
    ],
)
def test_an_error_becomes_a_problem(error: CordboardError, status: int) -> None:
    response = of_error(error)
    body = json.loads(bytes(response.body))
    assert response.status_code == body["status"] == status
    assert response.media_type == "application/problem+json"
    assert body["type"].endswith(body["slug"])
    assert "secret" not in str(body)


def test_fields_and_the_mend_go_along() -> None:
    body = problem_of(Conflict("open", slug="open-work", mend="Say what.", items=[{"item_id": "1"}]))
    assert body["items"] == [{"item_id": "1"}]
    assert body["mend"] == "Say what."
    assert problem_of(InvalidInput("no", status="draft"))["status"] == 400, "a field never replaces a member"


def test_a_limit_says_when_to_come_back() -> None:
    assert of_error(TooFast("x", retry_after_ms=1_500)).headers["retry-after"] == "2"
    assert of_error(errors.Unauthenticated("x")).headers["www-authenticate"] == "Bearer"


async def test_a_wrong_field_is_named() -> None:
    error = RequestValidationError([{"loc": ("body", "login"), "msg": "too long", "type": "x"}])
    response = await on_invalid(Request({"type": "http"}), error)
    body = json.loads(bytes(response.body))
    assert body["errors"] == [{"field": "login", "detail": "too long"}]
    assert body["detail"] == "login: too long"


async def test_the_framework_s_refusals_are_problems() -> None:
    response = await on_http(Request({"type": "http"}), HTTPException(405, headers={"Allow": "GET"}))
    assert json.loads(bytes(response.body))["slug"] == "method-not-allowed"
    assert response.headers["allow"] == "GET"
