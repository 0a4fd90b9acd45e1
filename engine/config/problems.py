"""Collect everything that is wrong with the configuration, then refuse it in one error."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.errors import ConfigurationError

MOST_PROBLEMS = 50
"""A file of the wrong kind would else bring thousands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One mistake: where it is, what is wrong, how to mend it."""

    file: str
    line: int
    detail: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.detail}. {self.mend}".strip() if self.mend else f"{place}: {self.detail}"


def refusal(problems: Iterable[Problem]) -> ConfigurationError:
    """Return the error for ``problems`` (at least one): the first in full, all of them in ``fields["problems"]``."""
    ordered = sorted(
        {_printable(problem) for problem in problems}, key=lambda problem: (problem.file, problem.line, problem.detail)
    )
    first, more = ordered[0], len(ordered) - 1
    detail = first.detail + (f" (and {more} more)" if more else "")
    error = ConfigurationError(f"{detail}.", file=first.file, line=first.line, mend=first.mend)
    error.fields["problems"] = tuple(ordered[:MOST_PROBLEMS])
    return error


def problems_of(error: ConfigurationError) -> tuple[Problem, ...]:
    """Return every mistake that ``error`` tells of."""
    problems = error.fields.get("problems")
    if isinstance(problems, tuple):
        return problems
    return (Problem(file=error.file, line=error.line, detail=error.detail.rstrip("."), mend=error.mend),)


def _printable(problem: Problem) -> Problem:
    """Replace control characters, so that a name in a file cannot forge a line of the log."""
    detail = "".join(char if char.isprintable() else "\ufffd" for char in problem.detail)
    return replace(problem, detail=detail)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that offers the nearest of ``known``, or lists them when there are few; may be empty."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 24 else ""
