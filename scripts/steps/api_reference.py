"""Write what docs/reference/api.md says of each operation and model from the operations themselves, and permissions.md.

What stands around it is written by hand and kept: the text before the first operation, introductions of chapters,
examples and notes after an operation's list, everything about sockets. A new operation is put behind the others of its
tag, a new chapter before "Supervision"; an operation that is gone is taken out.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.api.operation import Operation
from engine.api.routes.table import OPERATIONS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "api.md"
NEW_CHAPTERS_BEFORE = "## Supervision"
BULLETS = re.compile(r"(?:^- (?:Role|Public|Query|Body|Answer|Errors)\b.*\n)+", re.MULTILINE)

PLAIN = {"string": "text", "integer": "number", "number": "number", "boolean": "true/false", "time": "time"}

Schemas = Mapping[str, Any]


class Words:
    """Say in words what the OpenAPI document says."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths = document["paths"]
        self._schemas: Schemas = document["components"]["schemas"]
        self._sent = self._made_of(self._bodies())

    def operation(self, one: Operation) -> tuple[str, str]:
        """Return an operation's description, and its list."""
        spec = self._paths[one.prefix + one.path][one.method.lower()]
        description = re.sub(r"\n\nRole:.*", "", spec["description"], flags=re.DOTALL).strip()
        return description, "".join(f"- {line}\n" for line in self._lines(one, spec))

    def models(self, named: str) -> list[str]:
        """Return a line of the table for each model that ``named`` links to, and those they are made of, by name."""
        found = self._made_of(re.findall(r"\[`(\w+)`\]\(#models\)", named))
        return [f"| `{name}` | {self._fields(name)} |" for name in sorted(found)]

    def _made_of(self, names: Iterable[str]) -> set[str]:
        """Return the models named, and those that their fields name, at any depth."""
        found: set[str] = set()
        ahead = set(names) & set(self._schemas)
        while ahead:
            name = ahead.pop()
            found.add(name)
            refs = re.findall(r"'#/components/schemas/(\w+)'", str(self._schemas[name]))
            ahead |= {ref for ref in refs if "enum" not in self._schemas[ref]} - found
        return found

    def _bodies(self) -> Iterator[str]:
        for methods in self._paths.values():
            for spec in methods.values():
                schema = _json_of(spec.get("requestBody", {}))
                if "$ref" in schema:
                    yield schema["$ref"].rpartition("/")[2]

    def _lines(self, one: Operation, spec: Mapping[str, Any]) -> Iterator[str]:
        if role := spec.get("x-role"):
            scope = spec.get("x-scope")
            yield f"Role: `{role}`" + (f"; scope `{scope}`" if scope else "")
        else:
            yield f"Public: {spec['x-public']}."
        asked = [each for each in spec.get("parameters", []) if each["in"] == "query"]
        if asked:
            yield "Query: " + ", ".join(self._parameter(each) for each in asked)
        body = _json_of(spec.get("requestBody", {}))
        if body:
            yield "Body: " + self._body(body)
        status = next(code for code in spec["responses"] if code.startswith("2"))
        yield f"Answer: {status}" + self._answer(_json_of(spec["responses"][status]))
        if one.may_answer:
            yield "Errors: " + ", ".join(f"`{slug}`" for slug in dict.fromkeys(one.may_answer))

    def _body(self, schema: Mapping[str, Any]) -> str:
        if "$ref" not in schema:
            return self._type(schema, linked=True)
        return self._fields(schema["$ref"].rpartition("/")[2], linked=True)

    def _parameter(self, spec: Mapping[str, Any]) -> str:
        said = spec.get("description", "").rstrip(".")
        return f"`{spec['name']}` ({self._type(spec['schema'])}{f'; {said}' if said else ''})"

    def _answer(self, schema: Mapping[str, Any]) -> str:
        if not schema:
            return ""
        name = schema.get("$ref", "").rpartition("/")[2]
        if name.startswith("Page_"):
            entry = self._schemas[name]["properties"]["items"]["items"]
            return f", `items` (list of {self._type(entry, linked=True)})"
        return f", {self._type(schema, linked=True)}"

    def _fields(self, name: str, *, linked: bool = False) -> str:
        model = self._schemas[name]
        if "properties" not in model:
            return self._type(model, linked=linked)
        needed = set(model.get("required", ())) if name in self._sent else set(model["properties"])
        return ", ".join(
            self._field(key, spec, needed=key in needed, linked=linked) for key, spec in model["properties"].items()
        )

    def _field(self, key: str, spec: Mapping[str, Any], *, needed: bool, linked: bool) -> str:
        said = spec.get("description", "").rstrip(".")
        return f"`{key}`{'' if needed else '?'} ({self._type(spec, linked=linked)}{f': {said}' if said else ''})"

    def _type(self, schema: Mapping[str, Any], *, linked: bool = False) -> str:
        if "$ref" in schema:
            return self._named(schema["$ref"].rpartition("/")[2], linked=linked)
        if "anyOf" in schema:
            null = any(each.get("type") == "null" for each in schema["anyOf"])
            words = [self._type(each, linked=linked) for each in schema["anyOf"] if each.get("type") != "null"]
            return " or ".join(words) + (", or null" if null else "")
        if "enum" in schema or "const" in schema:
            return " \\| ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
        if schema.get("type") == "array":
            return "list of " + self._type(schema.get("items", {}), linked=linked)
        kind = "time" if schema.get("format") == "date-time" else schema.get("type", "")
        return PLAIN.get(kind, "object")

    def _named(self, name: str, *, linked: bool) -> str:
        meant = self._schemas.get(name, {})
        if "enum" in meant:
            return self._type(meant)
        return f"[`{name}`](#models)" if linked else f"`{name}`"


def _json_of(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = spec.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def render(reference: str, document: Mapping[str, Any], operations: Sequence[Operation]) -> str:
    """Return ``reference`` with everything that follows from the operations written anew."""
    words = Words(document)
    before, _, models = reference.partition("\n## Models\n")
    chapters = re.split(r"(?m)^(?=## )", before)
    known = {f"{one.method} {one.prefix}{one.path}": one for one in operations}
    chapters = [_chapter(chapter, known, words) for chapter in chapters]
    there = set(re.findall(r"(?m)^### (\S+ \S+)$", "".join(chapters)))
    for heading, one in known.items():
        if heading not in there:
            _add(chapters, one, _section(heading, words.operation(one)))
    written = "".join(chapters)
    head = models.partition("|---|---|\n")[0] + "|---|---|\n"
    return f"{written}\n## Models\n{head}" + "\n".join(words.models(written)) + "\n"


def _chapter(chapter: str, known: Mapping[str, Operation], words: Words) -> str:
    sections = re.split(r"(?m)^(?=### )", chapter)
    return "".join(text for text in (_known_section(section, known, words) for section in sections) if text)


def _known_section(section: str, known: Mapping[str, Operation], words: Words) -> str:
    found = re.match(r"### (\S+ \S+)\n", section)
    if found is None or found[1].startswith("WebSocket"):
        return section
    lists = BULLETS.search(section)
    if found[1] not in known:
        return section if "/api/" not in found[1] else ""  # pages, health: said by hand; else it is gone
    rest = section[lists.end() :] if lists else "\n"
    return _section(found[1], words.operation(known[found[1]]), rest)


def _section(heading: str, said: tuple[str, str], rest: str = "\n") -> str:
    description, lists = said
    return f"### {heading}\n\n{description}\n\n{lists}{rest}"


def _add(chapters: list[str], one: Operation, section: str) -> None:
    for at, chapter in enumerate(chapters):
        if chapter.startswith(f"## {one.tag}\n"):
            chapters[at] = chapter.rstrip("\n") + "\n\n" + section
            return
    at = next(at for at, chapter in enumerate(chapters) if chapter.startswith(NEW_CHAPTERS_BEFORE))
    chapters.insert(at, f"## {one.tag}\n\n{section}")


def run(arguments: list[str]) -> int:
    """Write the reference; with ``--check`` only say whether it is as it should be."""
    from scripts.steps import permission_reference  # noqa: PLC0415 -- its table is the tests' own
    from tests.unit.api.bare import bare_api  # noqa: PLC0415 -- the tests' own way to an application without parts

    parser = argparse.ArgumentParser(prog="scripts/reference", description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 when it is not up to date")
    wanted = parser.parse_args(arguments)
    present = {path: path.read_text(encoding="utf-8") for path in (REFERENCE, permission_reference.REFERENCE)}
    fresh = {
        REFERENCE: render(present[REFERENCE], bare_api().openapi(), OPERATIONS),
        permission_reference.REFERENCE: permission_reference.render(present[permission_reference.REFERENCE]),
    }
    if not wanted.check:
        for path, text in fresh.items():
            path.write_text(text, encoding="utf-8")
    return int(wanted.check and fresh != present)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
