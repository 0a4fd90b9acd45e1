"""Options that several commands share, and the settings that they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.settings import Settings, load_settings

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="Settings file (TOML); else CORDBOARD_SETTINGS.")
]
DataDirectory = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
OrganisationId = Annotated[
    str,
    typer.Option(
        "--organisation", "--org", "-o", metavar="ID", help="Organisation; may be left out when there is one."
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File whose first line is the password.")
]


def settings_for(file: Path | None, data: Path | None) -> Settings:
    """Return the process's settings with the shared options on top; raises ConfigurationError. Blocks."""
    return load_settings(file=file, overrides={"data": data})
