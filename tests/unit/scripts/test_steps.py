"""What the set-up scripts decide, and what they say when something is missing."""

import socket
from pathlib import Path

import pytest

from scripts.steps import environment, pages, preflight, run_demo
from scripts.steps.pip_failure import explain
from scripts.steps.progress import Problem

PIP_OUTPUTS = [
    ("no-space", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"),
    ("hash", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."),
    (
        "no-index",
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\n"
            "ERROR: No matching distribution found for alembic==1.20.1"
        ),
    ),
    (
        "no-wheel",
        (
            "ERROR: Could not find a version that satisfies the requirement uvloop==0.23.0 (from versions: none)\n"
            "ERROR: No matching distribution found for uvloop==0.23.0"
        ),
    ),
    ("not-writable", "ERROR: [Errno 13] Permission denied: '.venv/lib'"),
    ("other", "Collecting x\nModuleNotFoundError: No module named 'y'\nhint: See above for details."),
]


@pytest.mark.parametrize(("kind", "output"), PIP_OUTPUTS, ids=[kind for kind, _ in PIP_OUTPUTS])
def test_a_failed_installation_is_explained(kind: str, output: str) -> None:
    failure = explain(output, "install.log")
    assert failure.kind == kind
    assert "\n" not in failure.what + failure.mend


def test_a_package_without_a_wheel_is_named() -> None:
    assert "uvloop" in explain(dict(PIP_OUTPUTS)["no-wheel"], "install.log").what


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.4", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0\n", True),
        ("v24.19.0", True),
        ("", False),
    ],
)
def test_node_must_be_new_enough_for_vite(version: str, enough: bool) -> None:
    assert pages.new_enough(version) is enough


def test_a_taken_port_is_named_with_another_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=rf"Port {port} is taken.*--port {port + 1}"):
            preflight.require_port("127.0.0.1", port)
    preflight.require_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Problem, match="--host"):
        preflight.require_port("192.0.2.1", 8400)


def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match=r"file.*--data"):
        preflight.require_data(tmp_path / "file")
    preflight.require_data(tmp_path / "new" / "data")


def test_unknown_options_are_handed_on() -> None:
    options, rest = run_demo.parse(["--port", "9000", "--traffic", "--roles", "api,router", "--dat"])
    words = run_demo.command(options, rest)
    assert words[1:3] == ["serve", "--demo"]
    assert words[-4:] == ["--traffic", "--roles", "api,router", "--dat"]
    assert words[words.index("--data") + 1] == str(environment.ROOT / "var")


def test_the_digest_changes_with_name_and_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    two.write_text("a")
    assert environment.digest(one) != environment.digest(two)
    before = environment.digest(one, two)
    two.write_text("b")
    assert environment.digest(one, two) != before
