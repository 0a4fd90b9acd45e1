"""What a browser sent, as values of a form: checked field by field, whatever it is. Pure.

Nothing here raises for what was sent: what does not fit is a fault of its field, and what was typed is kept as it is,
so that the page can show it again.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import InvalidInput
from engine.model.case_setup import CustomField, CustomFieldType, FieldOf
from engine.model.form import STANDARD, Form, FormField
from engine.model.organisation import Organisation

LONGEST: Mapping[str, int] = {
    "name": 120,
    "email": 254,
    "phone": 60,
    "topic": 40,
    "subject": 200,
    "description": 16_000,
}
"""Characters that a standard field may have at most."""
LONGEST_URL = 2_000
LONGEST_NAME = 200
MOST_CHOICES = 100
HONEYPOT = "website"
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]{1,64}@[^@\s\"(),:;<>\[\]\\]{1,189}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_TRUE = ("on", "true", "yes", "1")
_TYPES = mimetypes.MimeTypes(filenames=())

Sent = Mapping[str, Sequence[str]]
"""Values by the names of their inputs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SentFile:
    """What is said of a file that was sent along."""

    name: str
    media_type: str
    size: int  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why a field cannot be taken: the key of a text, and what stands in its places."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A form as it was filled in."""

    typed: Mapping[str, tuple[str, ...]]  # by field, for showing again
    lines: tuple[str, ...]  # values of fields of one line, as they came
    case_fields: Mapping[str, object]
    contact_fields: Mapping[str, object]
    phone_key: str
    faults: Mapping[str, Fault]  # by field

    def text(self, key: str) -> str:
        """Return what was typed into a field."""
        return next(iter(self.typed.get(key, ())), "")

    @property
    def written(self) -> str:
        """Return all that was written."""
        return "\n".join(part for parts in self.typed.values() for part in parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checks:
    """What the rest of the engine knows of values; each raises InvalidInput."""

    phone_key: Callable[[str, str], str]  # number and country → E.164
    custom: Callable[
        [Mapping[str, CustomField], Mapping[str, object], Mapping[str, object]], dict[str, object]
    ]  # fields, present, changes → values


def fill(organisation: Organisation, channel: str, sent: Sent, files: Sequence[SentFile], checks: Checks) -> Filled:
    """Read what was sent with the form of ``channel``, which has one."""
    form = organisation.channels[channel].form or Form()
    reader = _Reader(organisation=organisation, channel=channel, form=form, checks=checks)
    for one in form.fields:
        reader.read(one, [clean(value) for value in sent.get(one.key, ())[:MOST_CHOICES]])
    if form.consent and not sent.get("consent"):
        reader.faults["consent"] = Fault(key="consent")
    fault = _files_fault(form, files)
    if fault is not None:
        reader.faults["files"] = fault
    return reader.filled()


def clean(text: str) -> str:
    """Return a text without characters that nobody types and the record cannot keep; lines end with a line feed."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def digest_of(filled: Filled, files: Sequence[SentFile]) -> str:
    """Return a hash of what was sent: the same content has the same."""
    content = {"typed": filled.typed, "files": [(one.name, one.size) for one in files]}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class _Reader:
    """Take field after field."""

    def __init__(self, *, organisation: Organisation, channel: str, form: Form, checks: Checks) -> None:
        self._organisation = organisation
        self._topics = dict(organisation.channels[channel].topics)
        self._form = form
        self._checks = checks
        self._typed: dict[str, tuple[str, ...]] = {}
        self._lines: list[str] = []
        self._values: dict[str, dict[str, object]] = {"case": {}, "contact": {}}
        self._phone_key = ""
        self.faults: dict[str, Fault] = {}

    def filled(self) -> Filled:
        """Return what was read."""
        return Filled(
            typed=self._typed,
            lines=tuple(self._lines),
            case_fields=self._values["case"],
            contact_fields=self._values["contact"],
            phone_key=self._phone_key,
            faults=self.faults,
        )

    def read(self, one: FormField, values: Sequence[str]) -> None:
        """Read one field."""
        custom = custom_of(self._organisation, one)
        if one.key not in STANDARD and custom is None:
            return  # it is configured no more
        multiline = one.key == "description" or is_long(custom)
        if not multiline:
            self._lines.extend(values)
        texts = [value.strip() if multiline else " ".join(value.split()) for value in values]
        kept = tuple(text for text in texts if text)
        self._typed[one.key] = kept
        if not kept and one.required:
            self.faults[one.key] = Fault(key="required")
        elif kept and any(len(text) > longest(one, custom) for text in kept):
            self.faults[one.key] = Fault(key="long", values={"most": longest(one, custom)})
        elif kept:
            fault = self._standard(one.key, kept[0]) if custom is None else self._custom(one.key, custom, kept)
            if fault is not None:
                self.faults[one.key] = fault

    def _standard(self, key: str, text: str) -> Fault | None:
        if key == "email" and not _EMAIL.fullmatch(text):
            return Fault(key="email")
        if key == "topic" and text not in self._topics:
            return Fault(key="choice")
        if key == "phone":
            try:
                self._phone_key = self._checks.phone_key(text, self._organisation.region)
            except InvalidInput:
                return Fault(key="phone")
        return None

    def _custom(self, key: str, custom: CustomField, texts: Sequence[str]) -> Fault | None:
        noun = key.partition(".")[0]
        try:
            value = _value(custom, texts)
            self._values[noun] |= self._checks.custom({custom.key: custom}, {}, {custom.key: value})
        except (InvalidInput, ValueError):
            return _fault(custom, texts)
        return None


def custom_of(organisation: Organisation, one: FormField) -> CustomField | None:
    """Return the custom field that a field of the form asks for."""
    noun, dot, key = one.key.partition(".")
    return organisation.fields.get(FieldOf(noun), {}).get(key) if dot else None


def is_long(custom: CustomField | None) -> bool:
    """Say whether a custom field takes texts of several lines."""
    return custom is not None and custom.type is CustomFieldType.TEXT and custom.longest > LONGEST_NAME


def longest(one: FormField, custom: CustomField | None) -> int:
    """Return how many characters a field takes."""
    if custom is None:
        own = LONGEST.get(one.key, LONGEST_NAME)
    elif custom.type is CustomFieldType.TEXT:
        own = custom.longest
    else:
        own = LONGEST_URL if custom.type is CustomFieldType.URL else LONGEST_NAME
    return min(one.longest or own, own)


def _value(custom: CustomField, texts: Sequence[str]) -> object:
    """Return what was typed as a value of the field's type; raise ValueError."""
    text = texts[0]
    if custom.type is CustomFieldType.NUMBER:
        number = float(text.replace(",", ".", 1) if "." not in text else text)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if custom.type is CustomFieldType.BOOLEAN:
        return text.lower() in _TRUE
    if custom.type is CustomFieldType.CHOICES:
        return list(texts)
    return text


def _fault(custom: CustomField, texts: Sequence[str]) -> Fault:
    kind = custom.type
    if kind is CustomFieldType.NUMBER:
        return _number_fault(custom, texts[0])
    keys = {CustomFieldType.DATE: "date", CustomFieldType.URL: "url", CustomFieldType.TEXT: "long"}
    return Fault(key=keys.get(kind, "choice"), values={"most": custom.longest})


def _number_fault(custom: CustomField, text: str) -> Fault:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return Fault(key="number")
    if custom.least is not None and number < custom.least:
        return Fault(key="least", values={"least": f"{custom.least:g}"})
    if custom.most is not None and number > custom.most:
        return Fault(key="most", values={"most": f"{custom.most:g}"})
    return Fault(key="number")


def file_name(name: str) -> str:
    """Return a file's name without its directories; "" where it cannot be kept."""
    last = name.replace("\\", "/").rpartition("/")[2].strip()
    wrong = len(last) > LONGEST_NAME or not last.isprintable() or set(last) <= {"."} or _UNSEEN.search(last)
    return "" if wrong else last


def _files_fault(form: Form, files: Sequence[SentFile]) -> Fault | None:
    if not files:
        return None
    if form.files is None or len(files) > form.files.most:
        return Fault(key="files", values={"most": form.files.most if form.files else 0})
    for one in files:
        if not file_name(one.name):
            return Fault(key="file-name")
        if one.size > form.files.most_bytes:
            return Fault(key="size", values={"name": file_name(one.name), "bytes": form.files.most_bytes})
        if not _of_type(form.files.types, one.name):
            return Fault(key="type", values={"name": file_name(one.name)})
    return None


def _of_type(types: Sequence[str], name: str) -> bool:
    """Say whether a file may be sent, by the end of its name: what a browser says of its type anybody can write."""
    if not types:
        return True
    lower = name.lower()
    guessed = _TYPES.guess_type(lower)[0] or ""
    return any(
        lower.endswith(one)
        if one.startswith(".")
        else guessed == one or (one.endswith("/*") and guessed.startswith(one[:-1]))
        for one in types
    )
