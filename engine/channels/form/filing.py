"""A filled form as an arrival: what the case says, and what the transcript keeps of everything that was typed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.channels.form.parse import Filled
from engine.channels.form.shown import shown_fields
from engine.channels.form.texts import said
from engine.model.conversation import Arrival
from engine.model.form import ArrivingFile, CaseSeed, Form
from engine.model.organisation import Channel, Organisation

SUBJECT_LENGTH = 200


def arrival_of(
    organisation: Organisation,
    channel: Channel,
    filled: Filled,
    *,
    key: str,
    digest: str,
    locale: str,
    address: str,
    files: Sequence[ArrivingFile] = (),
) -> Arrival:
    """Return what intake takes in; ``key`` is the form's token, ``digest`` what was sent with it."""
    form = channel.form or Form()
    seed = CaseSeed(
        subject=_subject(channel, filled),
        description=filled.text("description"),
        type=form.case_type,
        priority=form.priority,
        fields=filled.case_fields,
        tags=form.tags,
        routed=form.routed,
        files=tuple(files),
        contact_fields=filled.contact_fields,
        phone_key=filled.phone_key,
    )
    return Arrival(
        org_id=organisation.id,
        channel=channel.key,
        conversation_key=key,
        token_hash=key,
        name=filled.text("name"),
        email=filled.text("email"),
        phone=filled.text("phone"),
        locale=locale,
        topic=filled.text("topic"),
        body=_body(organisation, channel, filled),
        client_id=digest,
        address=address,
        seed=seed,
    )


def _subject(channel: Channel, filled: Filled) -> str:
    first_line = filled.text("description").strip().partition("\n")[0]
    topic = dict(channel.topics).get(filled.text("topic"), "")
    return (filled.text("subject") or first_line or topic or channel.name)[:SUBJECT_LENGTH]


def _body(organisation: Organisation, channel: Channel, filled: Filled) -> str:
    """Return the message, and beneath it every other field as it was typed: of a known contact nothing is changed."""
    lines = "\n".join(_lines(organisation, channel, filled))
    return "\n\n".join(part for part in (filled.text("description"), lines) if part) or channel.name


def _lines(organisation: Organisation, channel: Channel, filled: Filled) -> Iterator[str]:
    locale = "zh-CN" if organisation.locale.startswith("zh") else "en"
    for one in shown_fields(organisation, channel, locale):
        typed = filled.typed.get(one.key, ())
        if not typed or one.key == "description":
            continue
        names = {**dict(one.choices), "yes": said(locale, "yes"), "no": said(locale, "no")}
        choosing = one.kind in ("choice", "choices", "boolean")
        yield f"{one.label}: {', '.join(names.get(text, text) if choosing else text for text in typed)}"
