"""JSON columns as text: the one pair of functions for both databases."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_EMPTY: Mapping[str, object] = {}


def dump(value: Mapping[str, object] | tuple[object, ...] | list[object]) -> str:
    """Write ``value`` as compact JSON."""
    return msgspec.json.encode(value).decode()


def load_names(text: str) -> tuple[str, ...]:
    """Read a JSON list of names."""
    return () if text in ("", "[]") else msgspec.json.decode(text, type=tuple[str, ...])


def load_numbers(text: str) -> list[int]:
    """Read a JSON list of whole numbers."""
    return [] if text in ("", "[]") else msgspec.json.decode(text, type=list[int])


def load(text: str) -> dict[str, object]:
    """Read a JSON object; empty text is an empty object."""
    if text in ("", "{}"):
        return dict(_EMPTY)
    return msgspec.json.decode(text, type=dict[str, object])
