"""Read a directory of YAML and remember on which line everything stands.

PyYAML parses; the tree is built here from its events instead of by its loader, because
- every value must know its file and line,
- a key that stands twice is an error (the loader silently keeps the last),
- values follow YAML 1.2: ``no`` and ``on`` stay words (a language code!), ``9:30`` stays a time,
- anchors, aliases, tags, merge keys and documents after the first are refused: they can blow up or surprise,
- depth, size and number of values are bounded, and building is iterative, so that no file can exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from engine.config.problems import Problem, refusal

MOST_FILES = 64
FILE_BYTES = 4 * 1024 * 1024
DIRECTORY_BYTES = 16 * 1024 * 1024
MOST_VALUES = 500_000
DEEPEST = 16

Value = object
Place = tuple[str | int, ...]
"""Way from the top of a file to a value: ``("queues", "sales", "target")``."""

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})")
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One file: its name, what it holds, and the line of every key and item."""

    file: str
    data: Mapping[str, Value]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of ``place`` or of the nearest thing around it that has one; 0 for none."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 0


def read_directory(directory: Path) -> list[Document]:
    """Read every ``*.yaml`` directly in ``directory``, by name. Blocks.

    Raises:
        ConfigurationError: no such directory, no file, a file too large or not UTF-8, or YAML that is refused.
    """
    try:
        paths = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise refusal([_problem(str(directory), 0, f"cannot read the directory: {error.strerror}")]) from error
    for path in paths:
        if path.suffix == ".yml":
            raise refusal([_problem(path.name, 0, "files end in .yaml here", mend="Rename it.")])
    paths = [path for path in paths if path.suffix == ".yaml" and path.is_file()]
    if not paths:
        raise refusal(
            [_problem(str(directory), 0, "no *.yaml in this directory", mend="cordboard init writes a first set.")]
        )
    if len(paths) > MOST_FILES:
        raise refusal([_problem(str(directory), 0, f"more than {MOST_FILES} files")])
    return _read_all(paths)


def read_calendars(directory: Path) -> dict[str, bytes]:
    """Return every iCalendar file (``*.ics``) directly in ``directory``, by name. Blocks.

    Raises:
        ConfigurationError: too many or too large, or one that cannot be read.
    """
    paths = sorted(path for path in directory.glob("*.ics") if path.is_file() and not path.name.startswith("."))
    if len(paths) > MOST_FILES:
        raise refusal([_problem(str(directory), 0, f"more than {MOST_FILES} calendars")])
    return dict(_contents(paths))


def directory_meant(path: Path) -> Path:
    """Return ``path``, or the ``config`` in it when ``path`` is a data directory that has its files there."""
    inside = path / "config"
    return inside if not any(path.glob("*.yaml")) and any(inside.glob("*.yaml")) else path


def parse(file: str, content: bytes) -> Document:
    """Parse one file's ``content``; ``file`` is its name for messages.

    Raises:
        ConfigurationError: with the line.
    """
    text = _decode(file, content)
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise refusal([_problem(file, line, f"not YAML: {error.problem or error.context}")]) from error
    except yaml.YAMLError as error:
        raise refusal([_problem(file, _control_line(text), "not YAML: a character that is not allowed")]) from error
    return Document(file=file, data=builder.finish(), lines=builder.lines)


def _read_all(paths: list[Path]) -> list[Document]:
    return [parse(name, content) for name, content in _contents(paths)]


def _contents(paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    total = 0
    for path in paths:
        try:
            with path.open("rb") as file:
                content = file.read(FILE_BYTES + 1)
        except OSError as error:
            raise refusal([_problem(path.name, 0, f"cannot read the file: {error.strerror}")]) from error
        total += len(content)
        if len(content) > FILE_BYTES or total > DIRECTORY_BYTES:
            raise refusal([_problem(path.name, 0, "too large: at most 4 MiB a file and 16 MiB in all")])
        yield path.name, content


def _decode(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refusal([_problem(file, line, "not UTF-8", mend="Save the file as UTF-8.")]) from error


def _control_line(text: str) -> int:
    found = re.search("[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\U00010000-\U0010ffff]", text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _problem(file: str, line: int, detail: str, *, mend: str = "") -> Problem:
    return Problem(file=file, line=line, detail=detail, mend=mend)


@dataclass(kw_only=True, slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    place: Place
    value: dict[str, Value] | list[Value]
    key: str | None = None  # a mapping's key that waits for its value
    key_line: int = 0
    seen: set[str] = field(default_factory=set)


class _Builder:
    """Build the tree from parse events, one at a time."""

    def __init__(self, file: str) -> None:
        self.lines: dict[Place, int] = {}
        self._file = file
        self._stack: list[_Open] = []
        self._documents = 0
        self._values = 0
        self._root: Value = None

    def take(self, event: yaml.Event) -> None:
        """Take the next event; raise ConfigurationError on what is refused."""
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            self._refuse_if(self._documents > 1, line, "a second document", mend="Remove the line '---'.")
        elif isinstance(event, yaml.AliasEvent):
            self._refuse_if(True, line, "aliases (*name) are not allowed", mend="Write the value out.")
        elif isinstance(event, yaml.NodeEvent):
            self._take_node(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()

    def finish(self) -> Mapping[str, Value]:
        """Return the whole document, {} for a file of comments only."""
        if self._root is None:
            return {}
        if not isinstance(self._root, dict):
            raise refusal([_problem(self._file, 1, "a file must hold 'name: value' at its top")])
        return self._root

    def _take_node(self, event: yaml.NodeEvent, line: int) -> None:
        self._values += 1
        self._refuse_if(self._values > MOST_VALUES, line, f"more than {MOST_VALUES} values")
        self._refuse_if(event.anchor is not None, line, "anchors (&name) are not allowed", mend="Remove it.")
        tag = getattr(event, "tag", None)
        self._refuse_if(tag is not None, line, "tags (!name) are not allowed", mend="Write a plain value.")
        if isinstance(event, yaml.ScalarEvent):
            self._take_scalar(event, line)
            return
        self._refuse_if(len(self._stack) >= DEEPEST, line, "nested too deeply")
        value: dict[str, Value] | list[Value] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._stack.append(_Open(place=self._put(value, line), value=value))

    def _take_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        top = self._stack[-1] if self._stack else None
        if top is None or isinstance(top.value, list) or top.key is not None:
            self._put(event.value if event.style else self._plain(event.value, line), line)
            return
        key = event.value
        self._refuse_if(key in top.seen, line, f"'{_short(key)}' stands here twice", mend="Remove one.")
        self._refuse_if(key == "<<", line, "merge keys (<<) are not allowed", mend="Write the values out.")
        top.seen.add(key)
        top.key, top.key_line = key, line

    def _put(self, value: Value, line: int) -> Place:
        """Hang ``value`` where it belongs; return its place."""
        if not self._stack:
            self._root = value
            return ()
        top = self._stack[-1]
        if isinstance(top.value, list):
            place: Place = (*top.place, len(top.value))
            top.value.append(value)
        else:
            self._refuse_if(top.key is None, line, "a key must be a plain word")
            key = top.key or ""
            place, line = (*top.place, key), top.key_line
            top.value[key], top.key = value, None
        self.lines[place] = line
        return place

    def _plain(self, text: str, line: int) -> Value:
        """Resolve an unquoted scalar by the core schema of YAML 1.2 (section 10.3.2), decimal numbers only."""
        if _NULL.fullmatch(text):
            return None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return text.lower() == "true"
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
        too_long = re.fullmatch(r"[-+]?[0-9]+", text) is not None
        self._refuse_if(too_long, line, "a number of more than 18 digits", mend="Put it in quotes if it is a text.")
        return text

    def _refuse_if(self, wrong: bool, line: int, detail: str, *, mend: str = "") -> None:  # noqa: FBT001 - a test reads best first
        if wrong:
            raise refusal([_problem(self._file, line, detail, mend=mend)])


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def walk(documents: list[Document]) -> Iterator[tuple[str, Document]]:
    """Yield every top-level section with the document that holds it."""
    for document in documents:
        for section in document.data:
            yield section, document
