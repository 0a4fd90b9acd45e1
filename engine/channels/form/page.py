"""The pages of a form, rendered here and complete without a script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from urllib.parse import quote, urlsplit

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from engine.channels.form.parse import Filled
from engine.channels.form.shown import Shown, files_help, shown_fields, text_of
from engine.channels.form.texts import said, size_of
from engine.model.form import Captcha, Form
from engine.model.organisation import Channel, Organisation

LANGUAGES = (("en", "English"), ("zh-CN", "中文"))
SCRIPT = "/form.js"
_TOLD = ("sending", "preparing", "sent", "offline", "too-large", "faults", "fault-required", "fault-email", "fault-url")
"""Texts that the script says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """What a page shows of what was typed before."""

    filled: Filled | None = None
    faults: Mapping[str, str] = field(default_factory=dict)  # by field, in the page's language
    notice: str = ""
    files_lost: bool = False
    consented: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Which form is shown, to whom."""

    organisation: Organisation
    channel: Channel
    locale: str

    @property
    def path(self) -> str:
        """Return where the form is."""
        return f"/forms/{self.organisation.id}/{self.channel.key}"

    @property
    def form(self) -> Form:
        """Return its form."""
        return self.channel.form or Form()

    def text(self, name: str) -> str:
        """Return one of the form's own texts in the page's language."""
        return text_of(self.organisation, self.channel, name, self.locale)


def form_part(view: View, *, token: str, bits: int, filling: Filling) -> str:
    """Render the form alone."""
    form, locale, filled = view.form, view.locale, filling.filled
    fields = shown_fields(view.organisation, view.channel, locale)
    return _render(
        "form.html",
        locale,
        action=f"{view.path}?lang={locale}",
        token=token,
        bits=bits,
        texts=json.dumps({key: said_raw(locale, key) for key in _TOLD}, ensure_ascii=False),
        intro=view.text("intro"),
        consent=view.text("consent"),
        notice=filling.notice,
        faults=filling.faults,
        faulty=_faulty(fields, view, filling.faults),
        fields=fields,
        any_required=any(one.required for one in fields) or bool(form.consent),
        values=filled.typed if filled else {},
        files=form.files,
        files_help=files_help(form, locale),
        files_lost=filling.files_lost,
        accept=",".join(form.files.types) if form.files else "",
        captcha=form.guard.captcha,
        consented=filling.consented,
    )


def thanks_part(view: View, *, number: int) -> str:
    """Render what is said once the form was sent."""
    thanks = view.text("thanks") or said(view.locale, "thanks")
    again = f"{view.path}?lang={view.locale}"
    return _render("thanks.html", view.locale, thanks=thanks, number=number, again=again)


def page(view: View, body: str) -> str:
    """Render a whole page around a part."""
    captcha = view.form.guard.captcha
    return _render(
        "page.html",
        view.locale,
        title=view.text("name"),
        organisation=view.organisation.name,
        style=Markup(style()),  # noqa: S704 -- our own file
        scripts=[SCRIPT, *([captcha.script_url] if captcha else [])],
        languages=LANGUAGES,
        body=Markup(body),  # noqa: S704 -- rendered above, with everything escaped
    )


def policy(view: View) -> str:
    """Return the page's content security policy: nothing from elsewhere but a CAPTCHA's, frames as origins allow."""
    captcha = view.form.guard.captcha
    other = "".join(f" {origin}" for origin in _origins(captcha)) if captcha else ""
    sites = " ".join("'self'" if origin == "self" else origin for origin in view.channel.allowed_origins)
    inline = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    rules = {
        "default-src": "'none'",
        "script-src": f"'self'{other}",
        "style-src": f"'sha256-{inline}'{other}",
        "img-src": f"'self' data:{other}",
        "connect-src": f"'self'{other}",
        "worker-src": "'self' blob:",
        "frame-src": other.strip() or "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": sites or "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _origins(captcha: Captcha) -> list[str]:
    found = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, (captcha.script_url, *captcha.origins))]
    return list(dict.fromkeys(found))


@cache
def style() -> str:
    """Return the style of pages and of forms in pages of others."""
    return _read("form.css")


def said_raw(locale: str, key: str) -> str:
    """Return a text with its places left as they are."""
    return said(locale, key, percent="{percent}")


def fault_text(view: View, filled: Filled) -> dict[str, str]:
    """Return what is wrong with each field, in the page's language."""
    texts = {}
    for key, fault in filled.faults.items():
        values = dict(fault.values)
        if "bytes" in values:
            values["size"] = size_of(int(str(values["bytes"])))
        texts[key] = said(view.locale, f"fault-{fault.key}", **values)
    return texts


def receipt_path(view: View, receipt: str) -> str:
    """Return where a page of thanks is."""
    return f"{view.path}/thanks?receipt={quote(receipt, safe='')}&lang={view.locale}"


def _faulty(fields: list[Shown], view: View, faults: Mapping[str, str]) -> list[Shown]:
    others = [
        Shown(key=key, kind=key, label=label, help="", required=False, longest=0)
        for key, label in (("files", said(view.locale, "files")), ("consent", view.text("consent")))
    ]
    return [one for one in [*fields, *others] if one.key in faults]


def _render(name: str, locale: str, **values: object) -> str:
    return _templates().get_template(name).render(locale=locale, say=partial(said, locale), **values)


@cache
def _templates() -> Environment:
    names = ("form.html", "thanks.html", "page.html")
    return Environment(
        loader=DictLoader({name: _read(name) for name in names}), autoescape=True, undefined=StrictUndefined
    )


def _read(name: str) -> str:
    return files("engine.channels.form").joinpath("templates", name).read_text(encoding="utf-8")
