"""Make `.venv` and install the locked packages into it; do nothing when that is done already.

A stamp in `.venv` says which locks are installed. While a step works, a second file says "unfinished": a step that
was killed leaves it behind, and the next run starts over with a new `.venv` instead of trusting half a package.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from scripts.steps.pip_failure import NOTHING_INSTALLED, explain
from scripts.steps.progress import Problem, step

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".cordboard.json"
UNFINISHED = VENV / ".cordboard-unfinished"
INSTALL_LOG = VENV / "install.log"

NEEDED_BYTES = 1_200_000_000
"""`.venv`, Node from a wheel, and `node_modules` together, with room to unpack."""


def digest(*paths: Path) -> str:
    """Return one digest over the names and contents of ``paths``."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


@contextmanager
def exclusively() -> Iterator[None]:
    """Let one script at a time set this checkout up; others wait.

    pip and npm inherit the lock: when a script is killed, the next one waits for what it left running.
    """
    try:
        descriptor = os.open(ROOT / ".setup.lock", os.O_RDWR | os.O_CREAT, 0o600)
        os.set_inheritable(descriptor, True)
    except OSError as error:
        raise Problem(f"Cannot write to {ROOT} ({error.strerror}).", "Make it writable for this user.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("Waiting for another script that sets this checkout up"):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def ensure(kind: str) -> None:
    """Make sure that `.venv` holds the packages of the lock ``kind`` (``run`` or ``dev``) and this checkout.

    Raises:
        Problem: something is missing on this machine.
    """
    if not _usable():
        _create()
    lock = ROOT / "requirements" / f"{kind}.txt"
    if _stamps().get(kind) != digest(lock):
        install(kind)
    project = digest(ROOT / "pyproject.toml")
    if _stamps().get("project") != project:
        with _unfinished(), step("Installing cordboard itself"):
            _pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
            _stamp(project=project)


def install(kind: str) -> None:
    """Install the lock ``kind`` and stamp it. The lock ``dev`` holds everything of ``run``, at the same versions."""
    lock = ROOT / "requirements" / f"{kind}.txt"
    with _unfinished(), step(f"Installing Python packages (requirements/{kind}.txt)"):
        _pip("install", "--require-hashes", "--only-binary", ":all:", "--requirement", str(lock))
        stamps = {kind: digest(lock)}
        if kind == "dev":
            stamps["run"] = digest(ROOT / "requirements" / "run.txt")
        _stamp(**stamps)


def has(kind: str) -> bool:
    """Tell whether the lock ``kind`` is installed as it is now."""
    return _usable() and _stamps().get(kind) == digest(ROOT / "requirements" / f"{kind}.txt")


def _usable() -> bool:
    """Tell whether `.venv` is whole, works, and was made for this place."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    if _stamps().get("root", str(ROOT)) != str(ROOT):
        return False  # the checkout was moved: scripts in .venv/bin name the old place
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([str(PYTHON), "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _create() -> None:
    _require_venv_module()
    _require_room()
    with step(f"Making .venv (Python {sys.version_info.major}.{sys.version_info.minor})"):
        try:
            shutil.rmtree(VENV, ignore_errors=True)
            VENV.mkdir()
            UNFINISHED.touch()
        except OSError as error:
            raise Problem(f"Cannot write to {ROOT} ({error.strerror}).", "Make it writable for this user.") from error
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(VENV)],
            capture_output=True, text=True, check=False, env=_environment(), close_fds=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise Problem(f"Python could not make {VENV}: {_last_line(made.stdout + made.stderr)}.", "Mend that first.")
        _stamp(root=str(ROOT))
        UNFINISHED.unlink()


def _require_venv_module() -> None:
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Problem(
            f"This Python {version} comes without its venv module.",
            f"Debian and Ubuntu: apt-get install python{version}-venv. Or name another one: PYTHON=/path/to/python3",
        )


def _require_room() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        raise Problem(
            f"Only {free // 1_000_000} MB are free on the disk of {ROOT}, the first run needs about "
            f"{NEEDED_BYTES // 1_000_000} MB.",
            "Make room, or move the checkout to another disk.",
        )


@contextmanager
def _unfinished() -> Iterator[None]:
    try:
        UNFINISHED.touch()
    except OSError as error:
        raise Problem(f"Cannot write to {VENV} ({error.strerror}).", "Make it writable for this user.") from error
    yield
    UNFINISHED.unlink()


def _pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", *arguments, "--no-input", "--progress-bar", "off", "--retries", "2"]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=_environment(), close_fds=False,
    )  # fmt: skip
    try:
        INSTALL_LOG.write_text(done.stdout, encoding="utf-8")
    except OSError as error:
        raise Problem(f"Cannot write to {VENV} ({error.strerror}).", "Make room there.") from error
    if done.returncode != 0:
        failure = explain(done.stdout, str(INSTALL_LOG))
        if failure.kind in NOTHING_INSTALLED:
            UNFINISHED.unlink()
        raise Problem(failure.what, failure.mend)


def _environment() -> dict[str, str]:
    """Return the environment for pip, without settings that cannot work inside a `.venv`."""
    quiet = {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    left_out = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_HASHES"}
    return {name: value for name, value in os.environ.items() if name not in left_out} | quiet


def _stamps() -> dict[str, str]:
    try:
        stamps = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in stamps.items()}


def _stamp(**changes: str) -> None:
    """Write the stamp anew, whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=VENV, delete=False, encoding="utf-8") as file:
        json.dump(_stamps() | changes, file, indent=1)
    Path(file.name).replace(STAMP)


def _last_line(text: str) -> str:
    return ([line.strip() for line in text.splitlines() if line.strip()] or ["it said nothing"])[-1]
