"""The two kinds of model: what is sent in is strict, what goes out is described.

Each is built when it is first used: hundreds at once made up a good part of the engine's start.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

T = TypeVar("T")

DEEPEST = 32
"""Lists and objects in each other. What is taken in is told again, and no answer can be written far beyond 200."""


class Request(BaseModel):
    """A request's body; unknown fields are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)

    @field_validator("*")
    @classmethod
    def _plain(cls, value: object) -> object:
        check_plain(value)
        return value


def check_plain(value: object) -> None:
    """Raise ValueError for what cannot be kept or told again: NUL, half characters, values nested too deep."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, str):
            if "\0" in one:
                raise ValueError("there is a NUL character")  # PostgreSQL's text takes none
            one.encode()  # refuses lone surrogates
        elif isinstance(one, dict | list):
            if depth >= DEEPEST:
                raise ValueError(f"values lie in each other at most {DEEPEST} deep")
            waiting.extend((part, depth + 1) for part in _parts(one))


def _parts(value: dict[object, object] | list[object]) -> Iterable[object]:
    return (*value.keys(), *value.values()) if isinstance(value, dict) else value


class Answer(BaseModel):
    """An answer's body; more fields may be added, so programs ignore those they do not know."""

    model_config = ConfigDict(defer_build=True)


class Page(BaseModel, Generic[T]):
    """A list, newest first where it has an order in time."""

    items: list[T]
