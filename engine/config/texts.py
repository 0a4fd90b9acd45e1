"""Texts that people see: one for everybody, or one for each language of the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints, WithJsonSchema, WrapValidator

from engine.config.files import Place

LANGUAGES = ("en", "zh-CN")
"""Languages of console, wallboard and widget."""


class Text(str):
    """What who speaks none of ``languages`` sees: the first that was written."""

    __slots__ = ("languages",)
    languages: Mapping[str, str]


def _text(written: object, check: Callable[[object], str]) -> Text:
    if isinstance(written, dict) and written and all(isinstance(language, str) for language in written):
        languages = {language: check(text) for language, text in written.items()}
    else:
        languages = {}
    text = Text(next(iter(languages.values())) if languages else check(written))
    text.languages = languages
    return text


def _schema(least: int, most: int) -> WithJsonSchema:
    one = {"type": "string", "minLength": least, "maxLength": most}
    several = {"type": "object", "properties": dict.fromkeys(LANGUAGES, one), "additionalProperties": False}
    return WithJsonSchema({"anyOf": [one, {**several, "minProperties": 1}]})


NameText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    WrapValidator(_text),
    _schema(1, 80),
]
LongText = Annotated[str, StringConstraints(max_length=500), WrapValidator(_text), _schema(0, 500)]


def texts(node: object, place: Place = ()) -> Iterator[tuple[Place, Text]]:
    """Yield every text in a checked section, with its place."""
    if isinstance(node, Text):
        yield place, node
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from texts(getattr(node, name), (*place, name))
    elif isinstance(node, Mapping):
        entries: Mapping[Any, Any] = node
        for key, value in entries.items():
            yield from texts(value, (*place, str(key)))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from texts(value, (*place, index))


def translations(node: object) -> dict[str, dict[str, str]]:
    """Return the texts that were written in languages, by their place joined with dots."""
    return {".".join(map(str, place)): dict(text.languages) for place, text in texts(node) if text.languages}
