"""Lock files name versions and hashes, agree with each other and with pyproject.toml, and name no registry."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = ("run", "dev", "node")


def text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.\-]+)==(\S+)", text(lock), flags=re.MULTILINE))


def project() -> dict[str, list[str]]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requires = table["build-system"]["requires"]
    named = {"run": table["project"]["dependencies"] + requires}
    return named | {"dev": named["run"] + table["project"]["optional-dependencies"]["dev"]}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_a_version_and_hashes(lock: str) -> None:
    wrong = [
        entry.splitlines()[0]
        for entry in re.split(r"\n(?=\S)", text(lock).strip())
        if not re.match(r"[a-z0-9.\-]+==\S", entry) or "--hash=sha256:" not in entry
    ]
    assert not wrong


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_or_path_is_named(lock: str) -> None:
    assert not re.search(r"://|\bindex-url|find-links|\bfile:|[^\\]\n-", text(lock))


@pytest.mark.parametrize("kind", ["run", "dev"])
def test_every_dependency_is_locked(kind: str) -> None:
    names = {re.split(r"[\[<>=;!~ ]", wanted)[0].lower().replace("_", "-") for wanted in project()[kind]}
    assert names <= pins(kind).keys(), "run scripts/lock"


def test_the_development_lock_holds_everything_that_runs_at_the_same_version() -> None:
    assert pins("run").items() <= pins("dev").items()


def test_the_npm_lock_names_integrity_and_no_registry() -> None:
    path = ROOT / "web" / "package-lock.json"
    if not path.exists():
        return
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if name and not entry.get("link") and "integrity" not in entry]
