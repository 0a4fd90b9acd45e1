"""The two kinds of model: what is sent in is strict, what goes out is described."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

T = TypeVar("T")


class Request(BaseModel):
    """A request's body; unknown fields are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)

    @field_validator("*")
    @classmethod
    def _no_nul(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("there is a NUL character")  # PostgreSQL's text takes none
        return value


class Answer(BaseModel):
    """An answer's body; more fields may be added, so programs ignore those they do not know."""


class Page(BaseModel, Generic[T]):
    """A list, newest first where it has an order in time."""

    items: list[T]
