"""Organisations to start from: the demo, and a small one that ``cordboard init`` writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from engine.errors import ConfigurationError

_STARTER = Path(__file__).with_name("starter")
_DEMO_INSTALLED = Path(__file__).with_name("demo")
_DEMO_CHECKOUT = Path(__file__).parents[2] / "config"


def demo_directory() -> Path:
    """Return where the demo organisation's files lie: in the package, or in the checkout it is run from."""
    return _DEMO_INSTALLED if _DEMO_INSTALLED.is_dir() else _DEMO_CHECKOUT


def starter_directory() -> Path:
    """Return where the files of a small organisation lie."""
    return _STARTER


def copy_sample(sample: Path, directory: Path, *, organisation: str = "", name: str = "") -> list[Path]:
    """Copy the files of ``sample`` to ``directory``, with another id and name if given. Blocks.

    Raises:
        ConfigurationError: ``directory`` holds configuration already; nothing is overwritten.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.glob("*.y*ml")):
        raise ConfigurationError(
            "configuration is here already.", file=str(directory), mend="Edit it, or choose another directory."
        )
    sources = sorted((*sample.glob("*.yaml"), *sample.glob("*.ics")))
    copied = [Path(shutil.copyfile(source, directory / source.name)) for source in sources]
    if organisation or name:
        _rename(directory / "organisation.yaml", organisation, name)
    return copied


def _rename(file: Path, organisation: str, name: str) -> None:
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if organisation and line.startswith("  id: "):
            line = f"  id: {organisation} # part of the chat's addresses; never change it later"  # noqa: PLW2901
        elif name and line.startswith("  name: "):
            line = f"  name: {json.dumps(name, ensure_ascii=False)}"  # noqa: PLW2901 - JSON is YAML
        lines.append(line)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
