"""What may stand in the section `form` of a channel: fields, files, texts, the spam guard."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from engine.config.durations import Duration, DurationOrNone
from engine.config.section import Key, Keyword, Points, Section
from engine.config.texts import LongText, NameText

LABELS = 80
FormFieldKey = Annotated[
    str,
    StringConstraints(pattern="^((case|contact)[.][a-z][a-z0-9_]{0,39}|name|email|phone|topic|subject|description)$"),
]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
FileType = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,20}/([*]|[a-z0-9.+-]{1,100})|[.][a-z0-9]{1,10})$")]
Sender = Annotated[str, StringConstraints(pattern="^([^@\\s]{1,64}@)?[a-z0-9.-]{1,189}$")]
Seen = Literal["off", "hold", "refuse"]
Unproven = Literal["accept", "hold"]


def _https(text: str) -> str:
    local = r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/\S{0,400})?"
    if not re.fullmatch(rf"https://[a-z0-9.\-]{{1,253}}(:[0-9]{{1,5}})?(/\S{{0,400}})?|{local}", text):
        raise ValueError('write an address that begins with "https://"')
    return text


Https = Annotated[str, AfterValidator(_https)]


class FormFieldSection(Section):
    """One field of a form."""

    label: NameText | None = Field(None, description="What is asked; left out: the usual word, or the field's name.")
    help: LongText = Field("", description="A line beneath the label.")
    required: bool = Field(default=False, description="Nothing is sent without it.")
    longest: int = Field(0, ge=0, le=32_000, description="Most characters; 0: as many as the field allows.")


class FormFilesSection(Section):
    """Files that may be sent along."""

    most: int = Field(5, ge=1, le=20, description="How many.")
    most_bytes: int = Field(10_485_760, ge=1_024, le=26_214_400, description="Longest file, bytes.")
    types: list[FileType] = Field(
        default_factory=list, max_length=50, description="Such as image/*, application/pdf or .docx; none: any."
    )


class CaptchaSection(Section):
    """A CAPTCHA: hCaptcha, Turnstile, reCAPTCHA, or any other that is checked like them (siteverify)."""

    verify_url: Https = Field(description="Where the engine has an answer checked.")
    site_key: str = Field(min_length=1, max_length=200, description="The page's key.")
    script_url: Https = Field(description="Script that shows it.")
    secret: Key = Field(description="Name of the file, in the directory of CAPTCHA secrets, that holds the secret.")
    css_class: str = Field(
        "h-captcha", pattern="^[a-zA-Z0-9_-]{1,60}$", description="Class of the element that the script fills."
    )
    response_field: str = Field(
        "h-captcha-response", pattern="^[a-zA-Z0-9_-]{1,60}$", description="Field in which the script puts the answer."
    )
    origins: list[Https] = Field(
        default_factory=list, max_length=10, description="Whose frames and scripts the page lets in, besides."
    )
    when_away: Unproven = Field("hold", description="When nobody can check the answer.")
    timeout: Duration = Field(5_000, description="The check may take so long.")


class SpamSection(Section):
    """What keeps spam and floods out. What a rule holds waits for a supervisor; what it refuses the sender may mend."""

    honeypot: Seen = Field("hold", description="A field that people do not see was filled in.")
    too_fast: Seen = Field("hold", description="Sent sooner than least_fill.")
    least_fill: DurationOrNone = Field(2_000, description="Nobody fills the form in faster.")
    most_fill: Duration = Field(86_400_000, description="A page is good for so long; then it is shown anew.")
    links: Seen = Field("hold", description="More links than most_links.")
    most_links: int = Field(5, ge=0, le=1_000, description="Links in all that is written.")
    blocked: Seen = Field("hold", description="A blocked word, or a blocked sender.")
    words: list[Keyword] = Field(default_factory=list, max_length=1_000, description="Blocked words.")
    senders: list[Sender] = Field(
        default_factory=list, max_length=1_000, description="Blocked e-mail addresses, or whole domains."
    )
    headers: Seen = Field("hold", description="Lines of mail headers in what is written in one line.")
    duplicates: Seen = Field("hold", description="The same text again within duplicates_within.")
    duplicates_within: Duration = Field(600_000, description="The same text counts as a duplicate so long.")
    work_bits: int = Field(
        15, ge=0, le=22, description="Proof of work that the browser does: each bit doubles it; 0: none."
    )
    without_work: Unproven = Field("accept", description="Without one, such as from a browser without scripts.")
    captcha: CaptchaSection | None = Field(None, description="A CAPTCHA, besides.")
    address_burst: int = Field(5, ge=1, le=10_000, description="Sent from one network address at once …")
    address_every: Duration = Field(60_000, description="… and one more in each such time.")
    channel_burst: int = Field(60, ge=1, le=100_000, description="Sent by all together at once …")
    channel_every: Duration = Field(2_000, description="… and one more in each such time.")
    most_held: int = Field(1_000, ge=1, le=100_000, description="Most held at once; beyond, refused.")


def _usual_fields() -> dict[str, FormFieldSection | None]:
    required = FormFieldSection(required=True)
    return {"name": FormFieldSection(), "email": required, "subject": required, "description": required}


class FormSection(Section):
    """A web form that opens cases. Only in channels of kind form."""

    fields: dict[FormFieldKey, FormFieldSection | None] = Field(
        default_factory=_usual_fields,
        min_length=1,
        max_length=60,
        description="What is asked, in this order: name, email, phone, topic, subject, description, "
        "case.<field>, contact.<field>.",
    )
    intro: LongText = Field("", description="Above the fields.")
    consent: LongText = Field("", description="What the sender must tick; empty: nothing.")
    thanks: LongText = Field("", description="Once it was sent; empty: a usual word of thanks.")
    shows_number: bool = Field(default=True, description="The sender is told the number of his case.")
    route: bool = Field(default=True, description="The case waits for an agent as a piece of work of kind case.")
    priority: Points = Field(0, description="Points added to what the rules give.")
    type: str = Field("", description="Type of the case, a name from case_types.")
    tags: list[Tag] = Field(default_factory=list, max_length=20, description="Tags of the case.")
    attachments: FormFilesSection | None = Field(None, description="Files that may be sent along; left out: none.")
    spam: SpamSection = Field(default_factory=SpamSection, description="What keeps spam out.")
