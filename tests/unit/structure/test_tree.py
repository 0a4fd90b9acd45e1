"""What is committed holds no path of somebody's machine, no registry address and no secret."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

FORBIDDEN = {
    "a path of somebody's machine": re.compile(
        r"(?<![\w.~$}])/(?:root|work)/[\w.]|(?<![\w.])/home/(?!example|user\b)\w"
    ),
    "a registry address": re.compile(r"registry[.]npmjs|pythonhosted[.]org|pypi[.]org/simple"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a token": re.compile(r"\b(?:ghp|gho|github_pat|glpat|xox[bp])[_-]\w{16,}|\bAKIA[0-9A-Z]{16}\b"),
}


def committed() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return []  # an unpacked archive: there is nothing to commit
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def findings(text: str) -> list[tuple[int, str]]:
    return [
        (text.count("\n", 0, match.start()) + 1, what)
        for what, pattern in FORBIDDEN.items()
        for match in pattern.finditer(text)
    ]


def test_committed_files_are_clean() -> None:
    wrong: list[str] = []
    for path in committed():
        if path.is_file():
            text = path.read_bytes().decode("utf-8", errors="replace")
            wrong += [f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in findings(text)]
    assert not wrong, "\n".join(wrong)


def test_nothing_built_is_committed() -> None:
    built = {"node_modules", "__pycache__", "dist", ".venv", "var"}
    assert not [path for path in committed() if built & set(path.relative_to(ROOT).parts)]


@pytest.mark.parametrize(
    "text",
    ["see /" + "root/x", "data = '/" + "work/main'", "https://registry" + ".npmjs.org", "gh" + "p_" + "a1" * 10],
)
def test_the_patterns_find(text: str) -> None:
    assert findings(text)


@pytest.mark.parametrize("text", ["docs/work/flow.md", "the /" + "work-items route", "~/" + "work/x", "/tmp/x"])
def test_the_patterns_leave_alone(text: str) -> None:
    assert not findings(text)
