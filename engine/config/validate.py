"""Join the files' sections, check them against the schema, and say in the user's words what is wrong where."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.config.files import Document, Place, walk
from engine.config.problems import Problem, did_you_mean, refusal
from engine.config.schema import Configuration

_SECRET = re.compile(r"(^|[_-])(password|passwd|passphrase|secret|token|api_?key)s?($|[_-])", re.IGNORECASE)
_KINDS: Mapping[str, str] = {
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list: [a, b]",
    "dict_type": "must hold 'name: value' entries",
    "model_type": "must hold 'name: value' entries",
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
_PATTERN_HINTS: Mapping[str, str] = {
    "^[a-z0-9_-]{1,40}$": "Use 1 to 40 of a-z, 0-9, - and _.",
    "^[a-z0-9-]{1,40}$": "Use 1 to 40 of a-z, 0-9 and -.",
    "^[a-z0-9][a-z0-9._@+-]{0,79}$": "Use small letters, digits and . _ @ + -.",
    "^[a-z]{2,3}$": "Use a language code such as en or zh.",
}


class Sections:
    """The checked configuration together with where everything in it stands."""

    def __init__(self, *, configuration: Configuration, documents: Mapping[str, Document]) -> None:
        self.configuration = configuration
        self._documents = documents

    def problem(self, place: Place, detail: str, *, mend: str = "") -> Problem:
        """Return the problem ``detail`` of the value at ``place``."""
        return _problem(self._documents, place, detail, mend)


def validate(documents: Sequence[Document]) -> Sections:
    """Check the sections of ``documents`` against the schema.

    Raises:
        ConfigurationError: with every mistake found, each with file and line.
    """
    found: dict[str, Document] = {}
    problems = []
    for section, document in walk(list(documents)):
        if section in found:
            detail = f"section '{section}' stands in {found[section].file} too"
            problems.append(_problem({section: document}, (section,), detail, "Keep it in one file."))
        found.setdefault(section, document)
    if problems:
        raise refusal(problems)
    data = {section: document.data[section] for section, document in found.items()}
    try:
        configuration = Configuration.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True, include_input=False)
        first = documents[0].file if documents else ""
        raise refusal([_translate(found, detail, first) for detail in details]) from None
    return Sections(configuration=configuration, documents=found)


def translated(document: Document, error: ValidationError) -> list[Problem]:
    """Return what a document's mistakes are in the user's words."""
    found = {str(section): document for section in document.data}
    details = error.errors(include_url=False, include_context=True, include_input=False)
    return [_translate(found, detail, document.file) for detail in details]


def _translate(documents: Mapping[str, Document], error: ErrorDetails, first_file: str) -> Problem:
    place = tuple(part for part in error["loc"] if part != "[key]")
    name = _name(place)
    if error["type"] == "extra_forbidden":
        return _unknown(documents, place)
    if error["type"] == "missing" and len(place) == 1:
        file = first_file or "organisation.yaml"
        return Problem(file=file, line=0, detail=f"section '{place[0]}' is missing from all files")
    if error["type"] == "value_error":
        return _problem(documents, place, f"{name}: {error.get('ctx', {}).get('error', 'is wrong')}", "")
    if "[key]" in error["loc"]:
        known = error.get("ctx", {}).get("expected", "").replace("'", "")
        hint = f"Known: {known}." if known else _pattern_hint(error)
        return _problem(documents, place, f"'{place[-1]}' cannot be a name here", hint)
    detail = _KINDS.get(error["type"]) or error["msg"].replace("Input should", "must").replace("String should", "must")
    return _problem(documents, place, f"{name} {_lower_first(detail)}", _pattern_hint(error))


def _unknown(documents: Mapping[str, Document], place: Place) -> Problem:
    key = str(place[-1])
    if _SECRET.search(key):
        hint = "Secrets come from the environment or from files: see cordboard settings and cordboard user."
        return _problem(documents, place, f"'{key}': no secret may stand in a configuration file", hint)
    around = f" in {_name(place[:-1])}" if len(place) > 1 else ""
    what = "section" if len(place) == 1 else "name"
    return _problem(documents, place, f"unknown {what} '{key}'{around}", did_you_mean(key, names_at(place[:-1])))


def names_at(place: Place) -> list[str]:
    """Return the names that the schema knows inside ``place``; empty where it knows none."""
    annotation: object = Configuration
    for part in place:
        annotation = _step(annotation, part)
    return list(annotation.model_fields) if _is_model(annotation) else []


def _step(annotation: object, part: str | int) -> object:
    if _is_model(annotation):
        field = annotation.model_fields.get(str(part))
        return _plain(field.annotation) if field else None
    arguments = typing.get_args(annotation)
    return _plain(arguments[-1]) if arguments else None


def _plain(annotation: object) -> object:
    """Take ``Annotated`` and ``| None`` off."""
    while typing.get_origin(annotation) in (typing.Annotated, typing.Union, types.UnionType):
        annotation = typing.get_args(annotation)[0]
    return annotation


def _is_model(annotation: object) -> typing.TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _problem(documents: Mapping[str, Document], place: Place, detail: str, mend: str) -> Problem:
    document = documents.get(str(place[0])) if place else None
    if document is None:
        return Problem(file="", line=0, detail=detail, mend=mend)
    return Problem(file=document.file, line=document.line(place), detail=detail, mend=mend)


def _name(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _pattern_hint(error: ErrorDetails) -> str:
    return _PATTERN_HINTS.get(str(error.get("ctx", {}).get("pattern", "")), "")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
