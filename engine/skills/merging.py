"""Merge fields: values put into a text at names in braces, such as ``{case.number}``. Pure and safe.

What is put in is text and stays so: it is looked through for no further names, so that nobody who writes a subject can
reach what the text's author did not name. A name that is not known stays as it stands. ``{contact.name|customer}`` says
what stands there where there is no value, or an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_NAME = re.compile(r"\{([a-z_]+(?:\.[a-z0-9_-]+){0,2})(?:\|([^{}|\n]{0,80}))?\}")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")

LONGEST_VALUE = 2_000
"""Characters of one value."""

MERGE_FIELDS = frozenset(
    {
        "case.number", "case.subject", "case.status", "case.priority", "case.queue", "case.type", "case.topic",
        "case.id", "case.fields.*", "contact.name", "owner.name", "team.name", "rule.name", "rule.key", "step.name",
    }
)  # fmt: skip
"""Names that texts about a case may hold in braces; ``*`` stands for the key of a field."""

QUICK_FIELDS = frozenset(name for name in MERGE_FIELDS if not name.startswith(("rule.", "step."))) | {"agent.name"}
"""Names that quick texts may hold; ``agent`` is who inserts the text."""


def merge(text: str, values: Mapping[str, str], *, most: int) -> str:
    """Return ``text`` with the values at their names, at most ``most`` characters of it."""

    def value(found: re.Match[str]) -> str:
        known, instead = values.get(found[1]), found[2]
        if not known and instead is not None:
            return instead
        return found[0] if known is None else known[:LONGEST_VALUE]

    return _NAME.sub(value, text)[:most]


def merge_known(text: str, values: Mapping[str, str], *, most: int = 200_000) -> str:
    """Return ``merge`` with nothing left of a name that has no value: what a customer reads shows no braces."""
    return merge(text, {**dict.fromkeys(names(text), ""), **values}, most=most)


def merge_line(text: str, values: Mapping[str, str], *, most: int) -> str:
    """Return ``merge`` on one line: breaks and control characters become spaces, as a mail's subject needs it."""
    return _BREAKS.sub(" ", merge(text, values, most=most)).strip()


def names(text: str) -> list[str]:
    """Return the names that stand in a text, in order."""
    return [found[1] for found in _NAME.finditer(text)]


def unknown(text: str, known: Collection[str]) -> list[str]:
    """Return the names in a text that no value will be put in for; of ``fields.x`` any x is known."""
    families = tuple(f"{name[:-1]}" for name in known if name.endswith("*"))
    return [name for name in names(text) if name not in known and not (families and name.startswith(families))]
