"""A mail's words as HTML, where their author marked some: bold, lists, links; the text stays as he wrote it. Pure.

``**bold**``, lines that begin with ``- `` or ``1. ``, ``[words](https://…)`` and bare links. All else is escaped, and
nothing but http and https is linked. Each pattern is bounded, so that the work is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

DEEPEST = 5
"""Quotations within quotations that are shown as such."""
_QUOTED = '<blockquote style="margin:0 0 0 1ex;border-left:2px solid #ccc;padding-left:1ex">'
_SOFT = ' style="color:#999;font-size:10px"'
_BOLD = r"\*\*(?P<bold>[^\s*](?:[^*\n]{0,498}[^\s*])?)\*\*"
_LINK = r"\[(?P<words>[^\[\]\n]{1,200})\]\((?P<to>https?://[^\s()<>\"]{1,1000})\)"
_BARE = r"(?P<bare>https?://[^\s<>\"]{1,1000})"
_INLINE = re.compile(f"{_BOLD}|{_LINK}|{_BARE}")
_ITEM = re.compile(r"(?P<mark>[-*]|\d{1,3}[.)]) +(?P<words>.*)")
_MARKED = re.compile(rf"{_BOLD}|{_LINK}|^(?:[-*]|\d{{1,3}}[.)]) +\S", re.MULTILINE)
_TRAILING = ".,;:!?)]}'"


def marked(words: str) -> bool:
    """Say whether somebody marked anything in his words."""
    return _MARKED.search(words) is not None


def html_of(words: str, *, signature: str = "", quoted: str = "", marker: str = "") -> str:
    """Return a mail as HTML: words, signature, what is quoted, and the line that names its case."""
    parts = [*_blocks(words)]
    if signature:
        parts.append(f"<p>-- <br>{_lines(signature)}</p>")
    if quoted:
        parts.append(_quotation(quoted))
    if marker:
        parts.append(f"<p{_SOFT}>{escape(marker)}</p>")
    return "\n".join(parts)


def _blocks(words: str) -> Iterator[str]:
    """Yield paragraphs and lists."""
    lines: list[str] = []
    kind = ""
    for line in [*words.strip("\n").split("\n"), ""]:
        item = _ITEM.match(line)
        now = "" if not line.strip() else "p" if item is None else "ul" if item["mark"] in "-*" else "ol"
        if now != kind and lines:
            yield _block(kind, lines)
            lines = []
        kind = now
        if now:
            lines.append(line if item is None else item["words"])


def _block(kind: str, lines: list[str]) -> str:
    if kind == "p":
        return f"<p>{'<br>'.join(map(_inline, lines))}</p>"
    items = "".join(f"<li>{_inline(line)}</li>" for line in lines)
    return f"<{kind}>{items}</{kind}>"


def _inline(line: str) -> str:
    found, at = [], 0
    for one in _INLINE.finditer(line):
        found += [escape(line[at : one.start()]), _marked(one)]
        at = one.end()
    return "".join([*found, escape(line[at:])])


def _marked(one: re.Match[str]) -> str:
    if one["bold"] is not None:
        return f"<strong>{escape(one['bold'])}</strong>"
    if one["to"] is not None:
        return _link(one["to"], one["words"])
    address = one["bare"].rstrip(_TRAILING)
    return _link(address, address) + escape(one["bare"][len(address) :])


def _link(to: str, words: str) -> str:
    return f'<a href="{escape(to)}">{escape(words)}</a>'


def _quotation(quoted: str) -> str:
    """Return a quotation with its depth as programs show it; its words are nobody's marks."""
    parts, depth = [], 0
    for line in quoted.strip("\n").split("\n"):
        bare = line.lstrip("> ") if line.startswith(">") else line
        now = min(line[: len(line) - len(bare)].count(">"), DEEPEST)
        parts.append(_QUOTED * (now - depth) + "</blockquote>" * (depth - now))
        parts.append(f"{escape(bare)}<br>")
        depth = now
    return f"<div>{''.join(parts)}{'</blockquote>' * depth}</div>"


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))
