"""What stands between DATA and its end: dots taken away, the end found, smuggled ends recognised. Pure, in pieces.

Only CR LF . CR LF ends a mail (RFC 5321, section 4.1.1.4). Servers that see an end elsewhere, such as LF . LF, take
what follows for commands; by that a mail within a mail was smuggled past them (CVE-2023-51764 and its sisters). We see
none there, and refuse the mail, since no honest client sends such a line.
"""

from __future__ import annotations

import re

END = b"\r\n.\r\n"
_LOOK_BACK = 8
"""Bytes of the piece before in which a false end may begin."""

_DOT_ALONE = re.compile(rb"\.(?<=[\r\n]\.)\x00*[\r\n]")
"""What every end has, false or true: a dot that begins a line and ends it. Many dots elsewhere cost nothing."""
_DOT_BEHIND_NULS = re.compile(rb"(?<=[\r\n])\x00{1,8}(\.)\x00*[\r\n]")


class DataReader:
    """Take what a client sends behind DATA; constant memory."""

    def __init__(self) -> None:
        self._held = b"\r\n"  # may be the beginning of the end; the line before DATA's first has ended
        self._skip = 2  # bytes at the beginning that are not the client's
        self._behind = b""
        self.ended = False
        self.rest = b""
        """What came behind the end: the next commands."""
        self.smuggled = False
        """Whether there is something that others might take for an end."""
        self.size = 0
        """Bytes of content so far."""

    def take(self, piece: bytes) -> bytes:
        """Take a piece; return the content that is known by now."""
        text = self._held + piece
        end = text.find(END)
        if end >= 0:
            self.ended, self.rest = True, text[end + len(END) :]
            text = text[: end + len(END)]
        held = len(END) - 2 if self.ended else _beginning_of_end(text)
        known, self._held = text[: len(text) - held], text[len(text) - held :]
        self._look(text)
        self._behind = (self._behind + known)[-_LOOK_BACK:]
        content = known.replace(b"\r\n.", b"\r\n")
        if self._skip and content:
            content, self._skip = content[self._skip :], 0
        self.size += len(content)
        return content

    def _look(self, text: bytes) -> None:
        """Look for false ends in what came, with what was before it."""
        seen = self._behind + text
        if not self.smuggled:
            found = [one.span() for one in _DOT_ALONE.finditer(seen)]
            if b"\0" in seen:
                found += [(one.start(1), one.end()) for one in _DOT_BEHIND_NULS.finditer(seen)]
            self.smuggled = any(_is_false_end(seen, dot, behind) for dot, behind in found)


def _is_false_end(seen: bytes, dot: int, behind: int) -> bool:
    """Say whether a dot with CR or LF behind it stands at the beginning of a line too, and is not the true end."""
    if behind == len(seen) and seen.endswith(b"\r"):
        return False  # nobody knows yet whether that CR is bare
    before = seen[max(0, dot - _LOOK_BACK) : dot].rstrip(b"\x00")
    return before.endswith((b"\r", b"\n")) and seen[max(0, dot - 2) : dot + 3] != END


def _beginning_of_end(text: bytes) -> int:
    """Return how many bytes at the end of ``text`` may be the beginning of the end."""
    return next((length for length in range(len(END) - 1, 0, -1) if text.endswith(END[:length])), 0)
