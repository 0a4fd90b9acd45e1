"""Settings of web forms that are the process's, not an organisation's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class FormSettings:
    """How much the process takes at once."""

    uploads: int = 50  # submissions read at once; each may hold some MiB of memory
    fields_bytes: int = 262_144  # of all that is no file
    most_values: int = 400
    most_bytes: int = 67_108_864  # of a whole submission
    timeout_ms: int = 300_000  # a slow line may take so long
    duplicates: int = 10_000  # digests remembered
