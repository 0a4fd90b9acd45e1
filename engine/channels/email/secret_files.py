"""The secrets of mail: one file each, in a directory for each organisation. The record never holds them."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from engine.errors import NotFound

NAME = re.compile(r"[a-z0-9_-]{1,40}")
MOST_BYTES = 65_536


class SecretFiles:
    """Read secrets; a file that changes counts from the next use on."""

    def __init__(self, *, directory: Path) -> None:
        self._directory = directory

    def read(self, org_id: str, name: str) -> str:
        """Return the text of an organisation's secret without blanks around it.

        Blocks. Raises NotFound (``unknown-secret``) where it cannot be read or is empty.
        """
        path = self._path(org_id, name)
        try:
            with path.open("rb") as file:
                text = file.read(MOST_BYTES).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise self._missing(path, reason) from error
        if not text:
            raise self._missing(path, "it is empty")
        return text

    def write(self, org_id: str, name: str, text: str) -> None:
        """Replace a secret at once, or not at all. Blocks; raises OSError where the directory is for reading only."""
        path = self._path(org_id, name)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _path(self, org_id: str, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise NotFound(f"There is no secret {name!r}.", slug="unknown-secret", field="secret")
        return self._directory / org_id / name

    def _missing(self, path: Path, reason: str) -> NotFound:
        return NotFound(
            f"The secret {path.name} of mail cannot be read: {reason}.",
            slug="unknown-secret",
            field="secret",
            mend=f"Put it into {path}.",
        )
