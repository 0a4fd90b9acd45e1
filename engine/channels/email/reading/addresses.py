"""Tell apart whom a header names (RFC 5322, section 3.4), as it is really written. Pure; linear; nothing raises.

The address is what stands between angle brackets, never what only looks like one in a name: so that
``"help@tea.example" <eve@evil.example>`` is Eve. The library's own reader answers differently from version to version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECE = re.compile(
    r"""
    (?P<quoted>"(?:[^"\\]|\\.)*"?)      # a quoted string, closed or not
  | (?P<angle><[^<>]*>?)                # an address in angle brackets
  | (?P<comment>\((?:[^()\\]|\\.)*\)?)  # a comment; one within a comment ends it
  | (?P<end>[,;])                       # between two
  | (?P<group>:)                        # the end of a group's name
  | (?P<text>[^"<(,;:]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def named(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, address) of everybody named; an address may be "" where somebody is only named."""
    words: list[str] = []
    comments: list[str] = []
    address = ""
    for piece in _PIECE.finditer(text):
        said = piece.group()
        match piece.lastgroup:
            case "quoted":
                words.append(_QUOTED_PAIR.sub(r"\1", said[1:].removesuffix('"')))
            case "angle":
                address = address or said.strip("<> \t").rpartition(":")[2]  # a route may be before it
            case "comment":
                comments.append(said.strip("()"))
            case "group":
                words.clear()
            case "end":
                yield from _one(" ".join(words), address, " ".join(comments))
                words, comments, address = [], [], ""
            case _:
                words.append(said.strip())
    yield from _one(" ".join(words), address, " ".join(comments))


def _one(said: str, address: str, comment: str) -> Iterator[tuple[str, str]]:
    said = " ".join(said.split())
    if address:
        yield said or comment, address
    elif "@" in said and " " not in said:
        yield comment, said
    elif glued := next((word for word in said.split() if "@" in word[1:-1]), ""):
        yield said.replace(glued, "").strip() or comment, glued
    elif said:
        yield said, ""
