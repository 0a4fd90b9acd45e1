"""Secrets of webhooks and telephone systems: a file each, in a directory for each organisation; never in the record."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import InvalidInput, NotFound
from engine.skills.signature import read_secrets

NAME = re.compile(r"[a-z0-9_-]{1,40}")


class SecretFiles:
    """Read secrets; a file that changes counts from the next request on."""

    def __init__(self, *, directory: Path, setting: str = "webhook_secrets") -> None:
        """Read beneath ``directory``, which operators know by the name of the ``setting``."""
        self._directory = directory
        self._setting = setting

    def read(self, org_id: str, name: str) -> tuple[bytes, ...]:
        """Return the secrets in an organisation's file; raise NotFound (``unknown-secret``), InvalidInput. Blocks."""
        text = self.text(org_id, name)
        try:
            return read_secrets(text)
        except InvalidInput as error:
            raise InvalidInput(f"The secret {name} cannot be used: {error.detail}.", field="secret") from None

    def text(self, org_id: str, name: str) -> str:
        """Return what an organisation's file says, without white space around it; raise as ``read`` does. Blocks."""
        if not NAME.fullmatch(name):
            raise InvalidInput("A secret's name has 1 to 40 small letters, digits, - and _.", field="secret")
        try:
            return (self._directory / org_id / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NotFound(
                f"There is no secret {name}.",
                slug="unknown-secret",
                field="secret",
                mend=f"Put it into a file of this name in the organisation's directory of {self._setting}.",
            ) from None
