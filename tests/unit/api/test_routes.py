"""Every route says whom it lets in, and stands in the reference."""

import gc
import weakref
from pathlib import Path

from fastapi.routing import APIRoute, APIWebSocketRoute

from engine.api.operation import PREFIX
from engine.api.published import public_reason, role_of
from engine.api.routes.table import OPERATIONS
from tests.unit.api.bare import bare_api

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
PAGES = {"/", "/console", "/wallboard", "/demo", "/widget.js", "/form.js", "/assets/{name:path}"}


def test_every_route_declares_a_role_or_why_it_is_public() -> None:
    undeclared = []
    for route in bare_api().routes:
        if isinstance(route, APIRoute):
            declared = bool(role_of(route)) != bool(public_reason(route.dependant))
        else:
            assert isinstance(route, APIWebSocketRoute), f"{route}: what is this?"
            declared = bool(public_reason(route.dependant))
        if not declared:
            undeclared.append(route.path)
    assert not undeclared


def test_every_route_stands_in_the_reference_with_its_role() -> None:
    missing = []
    for route in bare_api().routes:
        assert isinstance(route, APIRoute | APIWebSocketRoute)
        methods = sorted(route.methods or ()) if isinstance(route, APIRoute) else ["WebSocket"]
        for method in methods:
            heading = f"### {method} {route.path}"
            if route.path not in PAGES and heading not in REFERENCE.splitlines():
                missing.append(heading)
            role = role_of(route) if isinstance(route, APIRoute) else ""
            if role and f"Role: `{role}`" not in section(heading):
                missing.append(f"{heading}: role {role}")
    assert not missing, "\n".join(missing)


def test_the_reference_names_no_route_that_is_gone() -> None:
    known = {route.path for route in bare_api().routes if isinstance(route, APIRoute | APIWebSocketRoute)}
    named = [line.split()[-1] for line in REFERENCE.splitlines() if line.startswith("### ")]
    assert set(named) <= known


def test_every_error_of_a_route_stands_in_its_section() -> None:
    missing = [
        f"{one.method} {one.path}: {slug}"
        for one in OPERATIONS
        for slug in one.errors
        if f"`{slug}`" not in section(f"### {one.method} {one.prefix}{one.path}")
    ]
    assert not missing, "\n".join(missing)


def test_operations_live_under_the_version_but_for_the_widget_s() -> None:
    assert {one.prefix for one in OPERATIONS} == {PREFIX, ""}
    assert [one.path for one in OPERATIONS if not one.prefix] == ["/chat/{org_id}/{channel}"]


def test_names_of_operations_are_unique() -> None:
    names = [one.handler.__name__ for one in OPERATIONS]
    assert len(names) == len(set(names))


def section(heading: str) -> str:
    """Return the lines from ``heading`` to the next one."""
    lines = REFERENCE.splitlines()
    if heading not in lines:
        return ""
    start = lines.index(heading) + 1
    end = next((at for at in range(start, len(lines)) if lines[at].startswith("#")), len(lines))
    return "\n".join(lines[start:end])


def test_an_application_that_nobody_holds_goes() -> None:
    """The framework remembers the functions it served; none of ours may hold what it was served by."""
    held = weakref.ref(bare_api())
    gc.collect()
    assert held() is None


def test_two_applications_share_routes_but_not_their_parts() -> None:
    one, other = bare_api(), bare_api()
    paths = {route.path for route in one.routes if isinstance(route, APIRoute)}
    assert paths == {route.path for route in other.routes if isinstance(route, APIRoute)}
    assert one.state.parts is not other.state.parts
    assert one.openapi() == other.openapi()
