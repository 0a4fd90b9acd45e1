"""A small organisation as text that tests change."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.config.compile import load
from engine.config.problems import problems_of
from engine.errors import ConfigurationError
from engine.model.organisation import Organisation

SMALL: Mapping[str, str] = {
    "organisation.yaml": "organisation:\n  id: small\n  name: Small\ndispositions:\n  solved: Solved\n",
    "skills.yaml": "skills:\n  english:\n    name: English\n",
    "queues.yaml": "queues:\n  general:\n    name: General\n",
    "statuses.yaml": (
        "statuses:\n"
        "  available: {name: Available, kind: available, channels: [chat]}\n"
        "  break: {name: Break, kind: break}\n"
        "  offline: {name: Offline, kind: offline}\n"
    ),
    "profiles.yaml": "profiles:\n  standard:\n    units: 3\n    channels: {chat: {weight: 1}}\n",
    "channels.yaml": (
        "channels:\n  web:\n    kind: chat\n    name: Web\n    queue: general\n    topics: {order: Order}\n"
    ),
    "rules.yaml": "rules: []\n",
    "agents.yaml": (
        "agents:\n  ana:\n    name: Ana\n    profile: standard\n    skills: {english: 5}\n    queues: [general]\n"
    ),
}

Load = Callable[[Mapping[str, str]], Organisation]
Refused = Callable[[Mapping[str, str]], list[str]]


def write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in {**SMALL, **files}.items():
        (directory / name).write_text(text, encoding="utf-8")


@pytest.fixture
def load_with(tmp_path: Path) -> Load:
    """Load the small organisation with some files replaced."""

    def run(files: Mapping[str, str]) -> Organisation:
        write(tmp_path, files)
        return load(tmp_path)

    return run


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Load likewise; return what is refused, a line each."""

    def run(files: Mapping[str, str]) -> list[str]:
        write(tmp_path, files)
        with pytest.raises(ConfigurationError) as caught:
            load(tmp_path)
        return [str(problem) for problem in problems_of(caught.value)]

    return run
