"""Sections of web forms to nouns, and what must fit in them."""

from __future__ import annotations

from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.form_schema import FormFieldSection, FormSection, SpamSection
from engine.config.schema import ChannelSection, Configuration
from engine.model.case_work import CASE_KIND
from engine.model.form import Captcha, Form, FormField, FormFiles, Guarding, SpamGuard, Unproven

KIND = "form"
MOST_BYTES = 62_914_560
"""Of all files of a submission."""
TELLING = ("subject", "description")
"""Of these one at least is asked: a case has a subject."""


def check_forms(configuration: Configuration, checker: Checker) -> None:
    """Check the forms of all channels."""
    for key, channel in configuration.channels.items():
        place = ("channels", key, "form")
        if channel.form is not None and channel.kind != KIND:
            checker.refuse(place, f"a channel of kind {channel.kind} has no form", mend="Use kind: form.")
        elif channel.kind == KIND:
            _check_form(place, _section(channel), channel, configuration, checker)


def _check_form(
    place: Place, form: FormSection, channel: ChannelSection, configuration: Configuration, checker: Checker
) -> None:
    for name in form.fields:
        noun, dot, key = name.partition(".")
        if dot:
            checker.known((*place, "fields", name), key, getattr(configuration.fields, noun), what=f"field of {noun}s")
    if not any(name in form.fields for name in TELLING):
        checker.refuse((*place, "fields"), "the form asks for neither subject nor description", mend="Add one.")
    if "topic" in form.fields and not channel.topics:
        mend = "Add topics to the channel, or remove the field."
        checker.refuse((*place, "fields", "topic"), "the channel has no topics to choose from", mend=mend)
    if form.type:
        checker.known((*place, "type"), form.type, configuration.case_types, what="type of cases")
    if form.route and not any(CASE_KIND in profile.channels for profile in configuration.profiles.values()):
        mend = "Add case to the channels of a profile and of a status, or set route: false."
        checker.refuse((*place, "route"), "no capacity profile takes work of the kind case", mend=mend)
    if form.attachments and form.attachments.most * form.attachments.most_bytes > MOST_BYTES:
        mend = f"All files together have at most {MOST_BYTES} bytes."
        checker.refuse((*place, "attachments", "most_bytes"), "the files are too large together", mend=mend)
    if form.spam.least_fill >= form.spam.most_fill:
        checker.refuse((*place, "spam", "least_fill"), "the least time is not below the most (most_fill)")


def _section(channel: ChannelSection) -> FormSection:
    return channel.form or FormSection()


def compile_form(channel: ChannelSection) -> Form | None:
    """Return the form of a channel; None where it is of another kind."""
    if channel.kind != KIND:
        return None
    section = _section(channel)
    files = section.attachments
    return Form(
        fields=tuple(_field(key, field or FormFieldSection()) for key, field in section.fields.items()),
        intro=section.intro,
        consent=section.consent,
        thanks=section.thanks,
        shows_number=section.shows_number,
        routed=section.route,
        priority=section.priority,
        case_type=section.type,
        tags=tuple(section.tags),
        files=FormFiles(most=files.most, most_bytes=files.most_bytes, types=tuple(files.types)) if files else None,
        guard=_guard(section.spam),
    )


def _field(key: str, section: FormFieldSection) -> FormField:
    return FormField(
        key=key,
        label=section.label or "",
        help=section.help,
        required=section.required,
        longest=section.longest,
    )


def _guard(section: SpamSection) -> SpamGuard:
    return SpamGuard(
        honeypot=Guarding(section.honeypot),
        too_fast=Guarding(section.too_fast),
        least_fill_ms=section.least_fill,
        most_fill_ms=section.most_fill,
        links=Guarding(section.links),
        most_links=section.most_links,
        blocked=Guarding(section.blocked),
        words=tuple(section.words),
        senders=tuple(section.senders),
        headers=Guarding(section.headers),
        duplicates=Guarding(section.duplicates),
        duplicates_ms=section.duplicates_within,
        work_bits=section.work_bits,
        without_work=Unproven(section.without_work),
        captcha=_captcha(section),
        address_burst=section.address_burst,
        address_every_ms=section.address_every,
        channel_burst=section.channel_burst,
        channel_every_ms=section.channel_every,
        most_held=section.most_held,
    )


def _captcha(section: SpamSection) -> Captcha | None:
    captcha = section.captcha
    if captcha is None:
        return None
    return Captcha(
        verify_url=captcha.verify_url,
        site_key=captcha.site_key,
        script_url=captcha.script_url,
        secret=captcha.secret,
        css_class=captcha.css_class,
        response_field=captcha.response_field,
        origins=tuple(captcha.origins),
        when_away=Unproven(captcha.when_away),
        timeout_ms=captcha.timeout,
    )
