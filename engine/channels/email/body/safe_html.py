"""Make a mail's HTML safe to show: no script, no request to anybody, nothing outside its frame. Pure.

What is left is shown in a sandboxed frame all the same (no scripts, no forms, an opaque origin, a policy that allows
nothing but our own pictures). Remote pictures would tell the sender that, when and where his mail was read: they are
taken out, and named, so that an agent can have them shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3

from engine.channels.email.html_text import BLOCKS, UNSEEN, bounded

TAGS = (BLOCKS - {"form"}) | frozenset(
    {
        "a", "abbr", "b", "big", "br", "caption", "cite", "code", "col", "colgroup", "del", "em", "font",
        "i", "img", "ins", "kbd", "mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup",
        "td", "th", "tt", "u", "wbr",
    }
)  # fmt: skip
"""Never svg, math or style: they were ways around the rules before (CVE-2026-63430)."""

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "*": frozenset({"align", "dir", "lang", "style", "title", "valign", "width", "height", "bgcolor"}),
    "a": frozenset({"href", "name"}),
    "img": frozenset({"src", "alt"}),
    "td": frozenset({"colspan", "rowspan", "nowrap"}),
    "th": frozenset({"colspan", "rowspan", "nowrap", "scope"}),
    "table": frozenset({"border", "cellpadding", "cellspacing"}),
    "font": frozenset({"color", "face", "size"}),
    "ol": frozenset({"start", "type"}),
    "ul": frozenset({"type"}),
    "col": frozenset({"span"}),
    "blockquote": frozenset({"type"}),
}
STYLES = frozenset(
    {
        "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
        "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width",
        "clear", "color", "direction", "display", "float", "font", "font-family", "font-size",
        "font-style", "font-variant", "font-weight", "height", "letter-spacing", "line-height",
        "list-style-type", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top",
        "max-width", "min-width", "padding", "padding-bottom", "padding-left", "padding-right",
        "padding-top", "table-layout", "text-align", "text-decoration", "text-indent", "text-transform",
        "vertical-align", "white-space", "width", "word-break", "word-wrap", "overflow-wrap",
    }
)  # fmt: skip
"""None that takes an address: ``background`` and ``list-style`` may."""

SCHEMES = frozenset({"http", "https", "mailto", "tel", "cid"})
MOST_BLOCKED = 100
LONGEST_ADDRESS = 2_000

_REACHES_OUT = re.compile(r"url\s*\(|image\s*\(|image-set|@import|expression|-moz-binding|\\", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SafeHtml:
    """HTML to be shown in a frame."""

    html: str
    blocked: tuple[str, ...] = ()  # addresses of remote pictures that were taken out, each once


def safe_html(html: str, *, files: Mapping[str, str], pictures: frozenset[str] = frozenset()) -> SafeHtml:
    """Return HTML that shows a mail and does nothing else.

    ``files``: our own addresses of the mail's files by Content-ID. ``pictures``: remote pictures that an agent wants
    to see; they are fetched by us, not by his browser, at ``files[address]``.
    """
    blocked: dict[str, None] = {}

    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return None if _REACHES_OUT.search(value) else value
        if tag == "img" and name == "src":
            return _picture(value, files, pictures, blocked)
        if name == "href":
            return value if _leads_somewhere(value) else None
        return value

    safe = nh3.clean(
        bounded(html),
        tags=set(TAGS),
        clean_content_tags=set(UNSEEN),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=keep,
        filter_style_properties=set(STYLES),
        url_schemes=set(SCHEMES),
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
    )
    return SafeHtml(html=safe, blocked=tuple(blocked)[:MOST_BLOCKED])


def _picture(source: str, files: Mapping[str, str], pictures: frozenset[str], blocked: dict[str, None]) -> str | None:
    """Return our own address of a picture, None to leave it out."""
    wanted = source.strip()
    if wanted.lower().startswith("cid:"):
        return files.get(wanted[4:].strip("<>"))
    if wanted in pictures:
        return files.get(wanted)
    if wanted.lower().startswith(("http:", "https:", "//")):
        blocked[wanted[:LONGEST_ADDRESS]] = None
    return None


def _leads_somewhere(address: str) -> bool:
    try:
        return urlsplit(address.strip()).scheme.lower() in SCHEMES - {"cid"}
    except ValueError:
        return False
