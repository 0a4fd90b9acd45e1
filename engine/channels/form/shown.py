"""How a form's fields are shown: labels in a language, kinds of inputs, choices. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.channels.form.parse import custom_of, is_long, longest
from engine.channels.form.texts import said, size_of
from engine.model.case_setup import CustomField, CustomFieldType
from engine.model.form import Form, FormField
from engine.model.organisation import Channel, Organisation, nearest_text

_INPUTS: Mapping[str, tuple[str, str]] = {
    "name": ("text", "name"),
    "email": ("email", "email"),
    "phone": ("tel", "tel"),
    "topic": ("choice", ""),
    "subject": ("text", "off"),
    "description": ("lines", "off"),
}
"""Standard field → kind of input, what browsers may fill in by themselves (HTML, 4.10.18.7)."""
_KINDS: Mapping[CustomFieldType, str] = {
    CustomFieldType.TEXT: "text",
    CustomFieldType.NUMBER: "number",
    CustomFieldType.DATE: "date",
    CustomFieldType.BOOLEAN: "boolean",
    CustomFieldType.CHOICE: "choice",
    CustomFieldType.CHOICES: "choices",
    CustomFieldType.URL: "url",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One field as a page shows it."""

    key: str
    kind: str  # text | lines | email | tel | number | date | boolean | choice | choices | url
    label: str
    help: str
    required: bool
    longest: int
    autocomplete: str = ""
    choices: Sequence[tuple[str, str]] = ()
    least: str = ""
    most: str = ""

    @property
    def id(self) -> str:
        """Return the id of its input."""
        return f"field-{self.key.replace('.', '-')}"


def shown_fields(organisation: Organisation, channel: Channel, locale: str) -> list[Shown]:
    """Return the fields of a form in their order."""
    form = channel.form or Form()
    found = ((one, custom_of(organisation, one)) for one in form.fields)
    return [
        _shown(organisation, channel, one, custom, locale)
        for one, custom in found
        if custom is not None or one.key in _INPUTS
    ]


def _shown(
    organisation: Organisation, channel: Channel, one: FormField, custom: CustomField | None, locale: str
) -> Shown:
    place = ("channels", channel.key, "form", "fields", one.key)
    kind, autocomplete = _INPUTS[one.key] if custom is None else (_kind(custom), "off")
    label = nearest_text(one.label, organisation.in_languages(*place, "label"), locale)
    return Shown(
        key=one.key,
        kind=kind,
        label=label or (_name(organisation, one.key, custom, locale) if custom else said(locale, one.key)),
        help=nearest_text(one.help, organisation.in_languages(*place, "help"), locale),
        required=one.required,
        longest=longest(one, custom),
        autocomplete=autocomplete,
        choices=_choices(organisation, channel, one.key, custom, locale),
        least="" if custom is None or custom.least is None else f"{custom.least:g}",
        most="" if custom is None or custom.most is None else f"{custom.most:g}",
    )


def _kind(custom: CustomField) -> str:
    return "lines" if is_long(custom) else _KINDS[custom.type]


def _name(organisation: Organisation, key: str, custom: CustomField, locale: str) -> str:
    noun = key.partition(".")[0]
    return nearest_text(custom.name, organisation.in_languages("fields", noun, custom.key, "name"), locale)


def _choices(
    organisation: Organisation, channel: Channel, key: str, custom: CustomField | None, locale: str
) -> list[tuple[str, str]]:
    if custom is None:
        place: tuple[str, ...] = ("channels", channel.key, "topics")
        names = channel.topics if key == "topic" else ()
    else:
        place = ("fields", key.partition(".")[0], custom.key, "choices")
        names = tuple((custom.choices or {}).items())
    return [(one, nearest_text(name, organisation.in_languages(*place, one), locale)) for one, name in names]


def text_of(organisation: Organisation, channel: Channel, name: str, locale: str) -> str:
    """Return a text of the form in a language: intro, consent, thanks; or the channel's name."""
    if name == "name":
        return nearest_text(channel.name, organisation.in_languages("channels", channel.key, "name"), locale)
    written = getattr(channel.form, name, "")
    return nearest_text(written, organisation.in_languages("channels", channel.key, "form", name), locale)


def files_help(form: Form, locale: str) -> str:
    """Say which files may be sent."""
    if form.files is None:
        return ""
    text = said(locale, "files-help", most=form.files.most, size=size_of(form.files.most_bytes))
    types = ", ".join(form.files.types)
    return f"{text} {said(locale, 'files-types', types=types)}" if types else text
