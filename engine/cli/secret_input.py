"""Passwords from people and programs: prompt, file or standard input, never the command line itself."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from engine.errors import InvalidInput


def read_password(login: str, file: Path | None) -> str:
    """Return the new password for ``login``: first line of ``file`` or of standard input, or typed twice. Blocks.

    Raises:
        InvalidInput: it is empty.
    """
    if file is not None:
        password = _first_line(file.read_text(encoding="utf-8"))
    elif sys.stdin.isatty():
        password = str(typer.prompt(f"New password for {login}", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = _first_line(sys.stdin.readline())
    if not password:
        raise InvalidInput(
            "no password was given.", slug="weak-password", mend="Type it, pipe it in, or use --password-file."
        )
    return password


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip("\r")
