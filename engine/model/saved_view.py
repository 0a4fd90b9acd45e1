"""Saved views: a filter, columns and an order of a list, under a name, for one or for many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST_VIEWS = 200
"""Views of one owner."""


class ViewNoun(StrEnum):
    """What a view lists."""

    CASE = "case"
    CONTACT = "contact"
    ACCOUNT = "account"


class Shared(StrEnum):
    """Who may open a view besides its owner; who opens it sees in it only what he may see."""

    NOBODY = "nobody"
    TEAM = "team"  # whoever is in a team of the owner's
    EVERYBODY = "everybody"


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedView:
    """A list that somebody wants to see again."""

    id: str
    org_id: str
    noun: ViewNoun
    name: str
    owner_id: str = ""
    shared: Shared = Shared.NOBODY
    filter: Mapping[str, object] = field(default_factory=dict)  # as the border says it
    columns: tuple[str, ...] = ()  # () = as the list shows them
    order: str = ""  # "" = as the list has it
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0
    built_in: bool = False  # it is not kept: every organisation has it
