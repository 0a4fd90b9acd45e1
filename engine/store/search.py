"""Plain text search: a case-folded column that contains the words.

A scan within the organisation, bounded by the caller's limit; full-text indexes come with the knowledge they need
(Chinese has no spaces).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_


def containing(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that ``column`` contains every word of ``text``, whatever their case."""
    words = text.casefold().split()
    return and_(True, *(column.contains(word, autoescape=True) for word in words))
