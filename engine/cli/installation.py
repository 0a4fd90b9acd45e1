"""Commands about the installation: set up a data directory, explain the settings, tell the version."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine import __version__
from engine.cli.options import AsJson
from engine.cli.output import print_json, print_table
from engine.config.compile import load
from engine.config.samples import copy_sample, demo_directory, starter_directory
from engine.errors import ConfigurationError
from engine.settings import Described, describe

SETTINGS_FILE = "cordboard.toml"


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Data directory to make.")] = Path("var"),
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Start from the demo organisation.")] = False,
    organisation: Annotated[str, typer.Option(metavar="ID", help="Id of the organisation: a-z, 0-9 and -.")] = "",
    name: Annotated[str, typer.Option(help="Name of the organisation.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a data directory with a commented configuration to start from. Overwrites nothing.

    Examples:
      cordboard init
      cordboard init /srv/cordboard --organisation acme --name "Acme Ltd"
      cordboard init trial --demo

    Exit codes: 0 made, 1 something is there already or cannot be written, 2 wrong use.
    """
    if organisation and not re.fullmatch(r"[a-z0-9-]{1,40}", organisation):
        raise typer.BadParameter("use 1 to 40 of a-z, 0-9 and -", param_hint="--organisation")
    settings_file, config = directory / SETTINGS_FILE, directory / "config"
    if settings_file.exists():
        raise ConfigurationError(
            "the settings file is here already.", file=str(settings_file), mend="Choose another directory."
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    sample = demo_directory() if demo else starter_directory()
    copied = copy_sample(sample, config, organisation=organisation, name=name)
    settings_file.write_text(settings_text(), encoding="utf-8")
    made = load(config)
    if as_json:
        files = [str(settings_file), *(str(path) for path in copied)]
        print_json({"data": str(directory), "organisation": made.id, "files": files})
        return
    first = next((agent.login for agent in made.agents.values() if agent.role == "admin"), "LOGIN")
    print(f"Made {directory} with the organisation {made.id!r}. Next:")
    print(f"  edit {config}/*.yaml, then: cordboard config check {config}")
    print(f"  cordboard config apply {config} --settings {settings_file}")
    print(f"  cordboard user set-password {first} --settings {settings_file}")
    print(f"  cordboard serve --settings {settings_file}")


def settings(*, as_json: AsJson = False) -> None:
    """List every setting of a process: its name in the settings file, variable, default and meaning.

    Examples:
      cordboard settings
      cordboard settings --json

    Exit codes: 0 listed, 2 wrong use.
    """
    described = describe()
    if as_json:
        print_json([_as_mapping(entry) for entry in described])
        return
    rows = [(entry.name, entry.variable, entry.form, entry.default or "-", entry.meaning) for entry in described]
    print_table(("setting", "variable", "form", "default", "meaning"), rows)


def version(*, as_json: AsJson = False) -> None:
    """Print the version.

    Examples:
      cordboard version
      cordboard version --json

    Exit codes: 0 printed, 2 wrong use.
    """
    if as_json:
        print_json({"cordboard": __version__, "python": platform.python_version(), "platform": sys.platform})
        return
    print(f"cordboard {__version__}")


def settings_text() -> str:
    """Return a settings file in which everything but the data directory is a comment."""
    lines = [
        "# Settings of a Cordboard process; queues, agents and so on are in the YAML files of the directory `config`.",
        "# Use it with --settings, or name it in the variable CORDBOARD_SETTINGS. A variable CORDBOARD_… or an option",
        "# of the command line wins over this file. Paths are relative to this file. Keep secrets out of it: give",
        "# them as variables, or as files: CORDBOARD_DATABASE_URL_FILE=/run/secrets/database",
    ]
    for entry in describe():
        lines += ["", f"# {entry.meaning}"]
        lines.append('data = "."' if entry.name == "data" else f"# {entry.name} = {_toml(entry)}")
    return "\n".join(lines) + "\n"


def _toml(entry: Described) -> str:
    if entry.form in ("number", "true/false"):
        return entry.default
    if entry.form in ("paths", "names", "origins", "networks"):
        return "[" + ", ".join(f'"{part}"' for part in entry.default.split(",") if part) + "]"
    return f'"{entry.default}"'


def _as_mapping(entry: Described) -> dict[str, object]:
    return {
        "name": entry.name,
        "variable": entry.variable,
        "form": entry.form,
        "default": entry.default,
        "meaning": entry.meaning,
        "secret": entry.secret,
    }
