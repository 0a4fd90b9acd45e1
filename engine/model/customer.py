"""Contacts: the persons who write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A person, known by addresses."""

    id: str
    org_id: str
    name: str
    email: str = ""
    language: str = ""
    created_ms: int = 0
