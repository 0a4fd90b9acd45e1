"""The reference names every configuration key, setting and command."""

from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from engine.cli import build
from engine.config import schema
from engine.config.json_schema import configuration_schema
from engine.config.section import Section
from engine.settings import describe
from tests.unit.cli.test_commands import commands

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs" / "reference"


def sections() -> list[type[BaseModel]]:
    skipped = (Section, schema.Configuration)  # the latter's names are the headings
    return [
        found
        for found in vars(schema).values()
        if isinstance(found, type) and issubclass(found, Section) and found not in skipped
    ]


def keys() -> list[tuple[str, str]]:
    return [(section.__name__, key) for section in sections() for key in section.model_fields]


@pytest.mark.parametrize(("section", "key"), keys())
def test_every_key_is_in_the_reference(section: str, key: str) -> None:
    text = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
    definitions = configuration_schema()["$defs"]
    assert isinstance(definitions, dict)
    row = next((line for line in _part(text, section).splitlines() if line.startswith(f"| `{key}` |")), "")
    assert row, f"docs/reference/configuration.md does not describe {key} in the part {section}"
    default = definitions.get(section, {}).get("properties", {}).get(key, {}).get("default")
    if default not in (None, "", [], {}):
        written = str(default).lower() if isinstance(default, bool) else str(default)
        assert f"`{written}`" in row, f"{key} has the default {written}"


def _part(text: str, section: str) -> str:
    """Return the part of the reference under the heading that names the section's model."""
    marker = f"<!-- {section} -->"
    assert marker in text, f"docs/reference/configuration.md has no part {marker}"
    return text.split(marker, 1)[1].split("<!-- ", 1)[0]


@pytest.mark.parametrize("section", schema.Configuration.model_fields)
def test_every_section_is_in_the_reference(section: str) -> None:
    assert f"\n## `{section}`\n" in (REFERENCE / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", describe(), ids=lambda entry: entry.name)
def test_every_setting_is_in_the_reference(entry: object) -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    name, variable, default = (getattr(entry, field) for field in ("name", "variable", "default"))
    row = next((line for line in text.splitlines() if line.startswith(f"| `{name}` | `{variable}` |")), "")
    assert row
    assert not default or f"`{default}`" in row


def options(words: tuple[str, ...]) -> list[str]:
    """Return the long options that a command takes."""
    command = typer.main.get_command(build())
    for word in words:
        assert isinstance(command, typer.core.TyperGroup)
        command = command.commands[word]
    return [parameter.opts[0] for parameter in command.params if parameter.param_type_name == "option"]


BENCHES = tuple(("bench", name) for name in ("chat", "drain", "routing", "cases", "email", "escalation", "telephony"))


@pytest.mark.parametrize("words", [*commands(), *BENCHES], ids=" ".join)
def test_every_command_is_in_the_reference(words: tuple[str, ...]) -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    heading = f"### `cordboard {' '.join(words)}`\n"
    assert heading in text
    part = text.split(heading, 1)[1].split("\n### ", 1)[0]
    for option in options(words):
        assert f"`{option}" in part, f"{' '.join(words)} takes {option}"


def test_the_how_to_speaks_of_what_there_is() -> None:
    text = (ROOT / "docs" / "how-to" / "configure.md").read_text(encoding="utf-8")
    assert "cordboard config check" in text
