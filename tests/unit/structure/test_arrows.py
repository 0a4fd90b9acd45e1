"""Imports run one way; pure files touch nothing outside; the environment is read in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "engine"

FOUNDATION = (
    "engine.model",
    "engine.errors",
    "engine.clock",
    "engine.ids",
    "engine.buckets",
    "engine.failpoints",
    "engine.loops",
)
STAGES = (
    "channels",
    "cti",
    "intake",
    "conversations",
    "router",
    "agents",
    "cases",
    "customers",
    "events",
    "search",
    "transfer",
)
PLURAL = ("channels", "cti")
"""Stages whose sub-folders are adapters: one per provider."""

ALLOWED: dict[str, tuple[str, ...]] = {
    "engine.model": ("engine.errors",),
    "engine.errors": (),
    "engine.clock": ("engine.errors",),
    "engine.ids": ("engine.errors", "engine.clock", "engine.model"),
    "engine.buckets": (),
    "engine.failpoints": ("engine.errors",),
    "engine.loops": ("engine.errors", "engine.clock", "engine.failpoints"),
    "engine.skills": ("engine.model", "engine.errors"),
    "engine.settings": (*FOUNDATION, "engine.settings_values"),
    "engine.settings_values": FOUNDATION,
    "engine.config": (*FOUNDATION, "engine.skills"),
    "engine.store": FOUNDATION,
    "engine.valkey": FOUNDATION,
    **{f"engine.{stage}": (*FOUNDATION, "engine.skills") for stage in STAGES},
    "engine.passwords": ("engine.errors",),
    "engine.api": (*FOUNDATION, "engine.skills", "engine.passwords", *(f"engine.{stage}" for stage in STAGES)),
    "engine.bench": (*FOUNDATION, "engine.skills", "engine.router", "engine.valkey"),
    "engine.demo": (*FOUNDATION, "engine.passwords"),
    "engine.demo_data": FOUNDATION,
    "engine.app": ("engine",),
    "engine.wiring": ("engine",),
    "engine.cli": ("engine",),
    "engine.__main__": ("engine.cli",),
}
"""What each part may import besides itself and the version in `engine`."""

PURE_FOLDERS = ("model", "skills")
PURE_FILES = ("parse.py", "protocol.py", "match.py")
IMPURE = {
    "asyncio", "socket", "redis", "sqlalchemy", "fastapi", "httpx", "os", "random", "time", "secrets",
}  # fmt: skip

ENVIRONMENT_READERS = {
    ENGINE / "settings.py", ENGINE / "failpoints.py", *(ENGINE / "settings").glob("*.py"),
    ENGINE / "valkey" / "allocator.py",  # hands it on to the server, and LD_PRELOAD is the loader's, not a setting
}  # fmt: skip


def modules(folder: Path = ENGINE) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything imported, wherever it stands in the file."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def within(name: str, parent: str) -> bool:
    return name == parent or name.startswith(f"{parent}.")


def part_of(name: str) -> str:
    """Return the part that a module belongs to: the first two names."""
    return ".".join(name.split(".")[:2])


def adapter_of(path: Path) -> Path | None:
    """Return the adapter folder that a file lies in, if any."""
    parts = path.relative_to(ENGINE).parts
    return ENGINE / parts[0] / parts[1] if len(parts) > 2 and parts[0] in PLURAL else None


def may_import(path: Path, target: str) -> bool:
    if not within(target, "engine") or target == "engine.__version__":
        return True
    adapter = adapter_of(path)
    if adapter is not None:
        return _adapter_may_import(adapter, target)
    part = part_of(module_name(path))
    return any(within(target, allowed) for allowed in (part, *ALLOWED[part]))


def _adapter_may_import(adapter: Path, target: str) -> bool:
    """An adapter knows the foundation, its own folder, and the contract: the files beside the adapter folders."""
    stage = adapter.parent
    if any(within(target, allowed) for allowed in (*FOUNDATION, module_name(adapter))):
        return True
    contracts = [path for path in stage.glob("*.py") if path.name not in ("__init__.py", "registry.py")]
    return any(within(target, module_name(path)) for path in contracts)


def describe(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {what}"


def test_every_part_has_its_arrows() -> None:
    parts = {part_of(module_name(path)) for path in modules()} - {"engine"}
    assert parts <= ALLOWED.keys(), "say in ALLOWED what the new part may import"


def test_imports_run_one_way() -> None:
    wrong = [
        describe(path, line, f"must not import {target}")
        for path in modules()
        if path != ENGINE / "__init__.py" and part_of(module_name(path)) in ALLOWED
        for line, target in imports(path)
        if not may_import(path, target)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_package_itself_imports_nothing_of_its_own() -> None:
    assert not [target for _, target in imports(ENGINE / "__init__.py") if within(target, "engine")]


def test_pure_files_touch_nothing_outside() -> None:
    pure = [path for path in modules() if path.name in PURE_FILES or path.relative_to(ENGINE).parts[0] in PURE_FOLDERS]
    wrong = [
        describe(path, line, f"is pure, must not import {target}")
        for path in pure
        for line, target in imports(path)
        if target.split(".")[0] in IMPURE
    ]
    assert not wrong, "\n".join(wrong)


def test_the_environment_is_read_in_one_place() -> None:
    wrong = [
        describe(path, node.lineno, "reads the environment; engine/settings.py does that")
        for path in modules()
        if path not in ENVIRONMENT_READERS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and _names(node) & {"environ", "getenv"})
    ]
    assert not wrong, "\n".join(wrong)


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


@pytest.mark.parametrize(
    ("importer", "target", "allowed"),
    [
        ("model/work.py", "engine.errors.NotFound", True),
        ("model/work.py", "engine.clock.Clock", False),
        ("model/work.py", "engine.model.ids.OrgId", True),
        ("skills/match.py", "engine.model.work.WorkItem", True),
        ("skills/match.py", "engine.router.board.Board", False),
        ("router/board.py", "engine.skills.match", True),
        ("router/board.py", "engine.store.work", False),
        ("router/board.py", "engine.valkey.ValkeyServer", False),
        ("router/board.py", "engine.agents.presence", False),
        ("store/work.py", "engine.skills.match", False),
        ("api/routes.py", "engine.store.work", False),
        ("api/routes.py", "engine.cases.lifecycle", True),
        ("api/routes.py", "engine.app.App", False),
        ("api/routes.py", "engine.__version__", True),
        ("demo/traffic.py", "engine.router.board", False),
        ("channels/webchat/channel.py", "engine.model.work", True),
        ("channels/webchat/channel.py", "engine.channels.webchat.parse", True),
        ("channels/webchat/channel.py", "engine.channels.email.parse", False),
        ("channels/webchat/channel.py", "engine.channels.registry.CHANNELS", False),
        ("channels/webchat/channel.py", "engine.skills.match", False),
        ("app.py", "engine.store.work", True),
        ("cli/serve.py", "engine.app.App", True),
        ("router/board.py", "asyncio", True),
    ],
)
def test_the_rules_themselves(importer: str, target: str, allowed: bool) -> None:
    assert may_import(ENGINE / importer, target) is allowed
