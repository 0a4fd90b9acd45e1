"""What an HTML mail says, as text; what it quotes begins its lines with ``>``, as in mails without HTML. Pure.

The HTML is first rewritten by nh3 (html5ever), which reads anything in linear time and writes what is well-formed.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import islice

import nh3

LONGEST_HTML = 2_000_000
MOST_TAGS = 10_000
MOST_ENTITIES = 50_000
"""Of HTML so much is read: html5ever needs time that grows with the square of how deep elements are nested, and of how
many characters of a text are written as entities, as a space that breaks no line always is."""
DEEPEST_QUOTE = 20

BREAK = "\ue000"
"""Alone on a line, where marks are wanted: an answering program said that what follows is quoted. Never in a text."""

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "pre", "table"})
UNSEEN = {"script", "style", "title", "head", "template", "noscript", "object", "iframe", "svg", "math"}
TAGS = BLOCKS | frozenset(
    [
        "a",
        "abbr",
        "b",
        "big",
        "br",
        "caption",
        "cite",
        "code",
        "del",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "td",
        "th",
        "tt",
        "u",
    ]
)
ATTRIBUTES = {"*": {"class", "id", "style", "type", "name"}, "a": {"href"}, "img": {"alt"}}

_QUOTE_CLASS = re.compile(
    r"(^|\s)(x_)*(gmail_(extra|quote(_container)?)|yahoo_quoted|yahoo-quoted-begin|protonmail_quote|tutanota_quote|zmail_extra"
    r"|ntes-mailmaster-quote|moz-cite-prefix|gmx_quote|hey_quote|fm-quote|tmail-quote|front-quote)(\s|$)",
    re.IGNORECASE,
)
_BREAK_ID = re.compile(
    r"^(x_)*(divrplyfwdmsg|appendonsend|isreplycontent|reply-intro|mail-editor-reference-message-container"
    r"|ms-outlook-mobile-reference-message|oriMsgHtmlSeperator|isForwardContent|qm_quote|ymail_android_signature_link_quote)$",
    re.IGNORECASE,
)
_BREAK_STYLE = re.compile(
    r"border(-top)?:\s*(none;\s*border-top:\s*)?solid\s+#?(e1e1e1|b5c4df)\s+1\.0pt", re.IGNORECASE
)
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f\u00a0\u200b\u200c\ufeff]+")


def html_text(html: str, *, marks: bool = False) -> str:
    """Return what HTML says; with ``marks`` a line ``BREAK`` stands where its program began to quote."""
    safe = nh3.clean(
        bounded(html).replace(BREAK, ""),
        tags=set(TAGS),
        clean_content_tags=set(UNSEEN),
        attributes={name: set(allowed) for name, allowed in ATTRIBUTES.items()},
        link_rel=None,
    )
    reader = _Reader(marks=marks)
    reader.feed(safe)
    reader.close()
    return reader.text()


def bounded(html: str) -> str:
    """Return HTML without what is beyond the bounds."""
    html = html[:LONGEST_HTML]
    for sign, most in (("<", MOST_TAGS), ("[&\u00a0]", MOST_ENTITIES)):
        beyond = next(islice(re.finditer(sign, html), most, None), None)
        html = html[: beyond.start()] if beyond else html
    return html


class _Reader(HTMLParser):
    """Gather lines from well-formed HTML."""

    def __init__(self, *, marks: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._marks = marks
        self._lines: list[str] = []
        self._line: list[str] = []
        self._open: list[tuple[str, str]] = []  # (tag, what ends with it: "quote", "hidden", "href:…", "")
        self._quotes = self._hidden = self._pre = 0
        self._broken = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        said = {name: value or "" for name, value in attrs}
        if tag in BLOCKS:
            self._end_line(apart=tag in APART)
        if tag in ("br", "hr", "img"):
            self._alone(tag, said)
            return
        self._break(tag, said)
        effect = ""
        if tag == "blockquote":
            effect, self._quotes = "quote", self._quotes + 1
        elif _HIDDEN.search(said.get("style", "")):
            effect, self._hidden = "hidden", self._hidden + 1
        elif tag == "pre":
            effect, self._pre = "pre", self._pre + 1
        elif tag == "a":
            effect = "href:" + said.get("href", "")
        elif tag == "li" and not self._hidden:
            self._line.append("- ")
        elif tag in ("td", "th") and self._line:
            self._line.append(" ")
        self._open.append((tag, effect))

    def handle_endtag(self, tag: str) -> None:
        """End an element, and what was left open within it."""
        while self._open:
            one, effect = self._open.pop()
            if one in BLOCKS:
                self._end_line(apart=False)
            if effect == "quote":
                self._quotes -= 1
            elif effect == "hidden":
                self._hidden -= 1
            elif effect == "pre":
                self._pre -= 1
            elif effect.startswith("href:"):
                self._link(effect.removeprefix("href:"))
            if one in APART:
                self._end_line(apart=True)
            if one == tag:
                return

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if self._hidden:
            return
        if self._pre:
            first, *others = data.split("\n")
            self._line.append(first)
            for one in others:
                self._end_line(apart=False, empty=True)
                self._line.append(one)
        else:
            self._line.append(_SPACE.sub(" ", data))

    def text(self) -> str:
        """Return the lines, at most one empty one between two."""
        self._end_line(apart=False)
        return re.sub(r"\n(>[> ]*\n|\n){2,}", _one_empty, "\n".join(self._lines)).strip("\n")

    def _alone(self, tag: str, said: dict[str, str]) -> None:
        if tag == "br":
            self._end_line(apart=False, empty=True)
        elif tag == "hr" and not self._hidden:
            self._line.append("_" * 20)
            self._end_line(apart=False)
        elif tag == "img" and said.get("alt", "").strip() and not self._hidden:
            self._line.append(f"[{said['alt'].strip()[:200]}]")

    def _break(self, tag: str, said: dict[str, str]) -> None:
        """Note where a program says that it quotes from here on."""
        if not self._marks or self._broken or self._quotes:
            return
        if (
            _BREAK_ID.match(said.get("id", "").strip() or said.get("name", "").strip())
            or _QUOTE_CLASS.search(said.get("class", ""))
            or (tag == "div" and _BREAK_STYLE.search(said.get("style", "")))
        ):
            self._end_line(apart=False)
            self._lines.append(BREAK)
            self._broken = True

    def _link(self, href: str) -> None:
        """Write where a link leads, unless its text says so."""
        said = "".join(self._line)
        target = href.removeprefix("mailto:")
        if href.startswith(("http://", "https://", "mailto:")) and target.rstrip("/") not in said and not self._hidden:
            self._line.append(f" <{target[:500]}>")

    def _end_line(self, *, apart: bool, empty: bool = False) -> None:
        said = "".join(self._line)
        said = said.rstrip() if self._pre else _SPACE.sub(" ", said).strip()
        self._line.clear()
        start = ">" * min(self._quotes, DEEPEST_QUOTE)
        if said or empty:
            self._lines.append(f"{start} {said}".strip() if start else said)
        if apart and self._lines and self._lines[-1] not in ("", start):
            self._lines.append(start)


def _one_empty(found: re.Match[str]) -> str:
    """Return one empty line, quoted if all of them were."""
    lines = found.group(0).split("\n")[1:-1]
    return "\n" + min(lines, key=len) + "\n"
