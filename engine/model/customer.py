"""Contacts: the persons who write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A person, known by addresses."""

    id: str
    org_id: str
    name: str
    email: str = ""
    language: str = ""
    created_ms: int = 0
    time_zone: str = ""
    tier: str = ""
    title: str = ""  # what he is in his company
    notes: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)  # custom fields by key
    merged_into: str = ""  # the contact that this one was found to be the same as
    version: int = 1
    updated_ms: int = 0
