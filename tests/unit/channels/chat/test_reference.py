"""The protocol's reference names every frame, field and slug."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from engine.channels.chat import frames
from engine.channels.chat.protocol import CLOSE_CODES

REFERENCE = (Path(__file__).parents[4] / "docs" / "reference" / "chat-protocol.md").read_text(encoding="utf-8")
FRAMES = [*get_args(frames.ClientFrame), *get_args(frames.ServerFrame)]


def fields(struct: type[msgspec.Struct]) -> list[str]:
    nested = (frames.Form, frames.SessionLine, frames.LimitsLine, frames.EntryLine)
    found = []
    for field in msgspec.structs.fields(struct):
        found.append(field.name)
        if isinstance(field.type, type) and issubclass(field.type, nested):
            found += fields(field.type)
    return found


def row(tag: str, section: str) -> str:
    part = REFERENCE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith(f"| `{tag}` |")]
    assert len(lines) == 1, f"{tag} needs one row under {section!r}"
    return lines[0]


@pytest.mark.parametrize("struct", FRAMES, ids=lambda one: one.__name__)
def test_every_frame_has_a_row_with_its_fields(struct: type[msgspec.Struct]) -> None:
    incoming = struct in get_args(frames.ClientFrame)
    line = row(str(struct.__struct_config__.tag), "Frames to the engine" if incoming else "Frames from the engine")
    if struct is frames.Leave:  # "as open"
        return
    assert [name for name in fields(struct) if f"`{name}`" not in line] == []


@pytest.mark.parametrize("slug", CLOSE_CODES)
def test_every_slug_has_a_row_with_its_close_code(slug: str) -> None:
    assert f"| {CLOSE_CODES[slug]} |" in row(slug, "Errors")
