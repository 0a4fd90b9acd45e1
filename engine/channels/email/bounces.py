"""What a bounce says: which addresses failed, for good or for now, and which mail of ours it is about. Pure.

Standard reports are RFC 3464 in RFC 6522; the others are what qmail, Exim, Exchange and large providers write in
words. A report can be forged by anybody: it counts only where it is about a mail that we sent (``original_id``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from engine.model.mail import FailedAddress, ParsedMail

MOST_RECIPIENTS = 100
COMPLAINED = "complained"
"""What an abuse report says of a recipient, where a bounce says ``failed``."""
UNNAMED = "redacted"
COMPLAINANTS = frozenset({"original-rcpt-to", "removal-recipient"})
NO_COMPLAINTS = frozenset({"not-spam", "auth-failure", "virus", "dmarc", "tlsrpt"})
"""Feedback types that say nothing against mail of ours to whoever got it (RFC 5965, 6591)."""
LONGEST_TEXT = 20_000
"""Characters of a report that are looked at."""
LONGEST_DIAGNOSTIC = 300
ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})

_DAEMON = re.compile(
    r"^(mailer-?daemon|postmaster|mail-?daemon|mdaemon|microsoftexchange[0-9a-f]{32})(@|$)", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"^\s*(undeliver(able|ed)|delivery status notification|delivery (has )?(been )?(failed|delayed)|delivery failure"
    r"|failure notice"
    r"|mail delivery (failed|failure|subsystem)|mail delivery system|returned mail|message delivery (failure|delayed)"
    r"|warning: (could not|message)|delayed mail|undelivered mail returned to sender|non-?delivery"
    r"|unzustellbar|nicht zustellbar|zustellung (fehlgeschlagen|verzögert)|mail konnte nicht"
    r"|non remis|échec (de la )?remise|message non distribué|no se (ha podido|puede) entregar|no entregado"
    r"|devuelto|não entregue|impossibile recapitare|mancato recapito|onbestelbaar|niet bezorgd|nie można dostarczyć"
    r"|не доставлено|недоставленное|系统退信|退信|無法傳遞|无法送达"
    r"|配信不能|配信(失敗|エラー)|送信エラー|배달되지 않음)",
    re.IGNORECASE,
)
_ADDRESS = r"[^\s<>\"'(),;:]{1,64}@[^\s<>\"'(),;:]{1,255}"
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<!\d)([45]\d\d)[ -](?=\D)")
_WORDED = (
    re.compile(rf"^[ \t]*<({_ADDRESS})>:?\s*$", re.MULTILINE),  # qmail, Postfix in words
    re.compile(rf"^[ \t]*<({_ADDRESS})>:\s", re.MULTILINE),
    re.compile(rf"^\s{{1,8}}({_ADDRESS})\s*$", re.MULTILINE),  # Exim
    re.compile(
        r"(?:\b(?:to|recipients?(?: or groups)?|recipient address|an|à|para)\b|收件人)"
        rf"\s{{0,40}}:?\s{{0,40}}<?({_ADDRESS})>?",  # bounded: two runs of blanks side by side take quadratic time
        re.IGNORECASE,
    ),
)
_FOR_NOW = re.compile(
    r"delayed|will (be )?re-?tr(y|ied)|temporar|try again|verzögert|vorübergehend"
    r"|mailbox (is )?full|over quota|quota exceeded",
    re.IGNORECASE,
)
_ID = re.compile(r"^[ \t]*message-id[ \t]*:\s*<([^<>\s]{1,900})>", re.IGNORECASE | re.MULTILINE)


def looks_bounced(mail: ParsedMail, *, null_sender: bool) -> bool:
    """Say whether a mail that is no standard report is a bounce all the same."""
    if mail.header("x-failed-recipients"):
        return True
    sender = mail.sender.email if mail.sender else ""
    signs = (bool(_DAEMON.match(sender)), bool(_SUBJECT.search(mail.subject)), null_sender)
    return sum(signs) >= 2  # one sign alone people make, too


def bounced(mail: ParsedMail) -> tuple[tuple[FailedAddress, ...], str]:
    """Return what failed and where that was read: ``report``, ``x-failed-recipients`` or ``text``."""
    for why, found in (
        ("report", _reported(mail.report)),
        ("x-failed-recipients", _listed(mail)),
        ("text", _worded(mail)),
    ):
        once: dict[str, FailedAddress] = {}
        for one in found:
            once.setdefault(one.email.lower(), one)
            if len(once) == MOST_RECIPIENTS:
                break
        if once:
            return tuple(once.values()), f"a bounce, by its {why}"
    return (), "a bounce that names nobody"


def complained(mail: ParsedMail) -> tuple[FailedAddress, ...]:
    """Return who called which mail of ours abuse (RFC 5965, section 3); nobody where the report is of another kind.

    Many services black out the address; then it is named as they wrote it, and whose it is follows from the mail.
    """
    fields = [line.partition(":") for line in re.sub(r"\r?\n[ \t]+", " ", mail.report[:LONGEST_TEXT]).splitlines()]
    kind = next(
        (value.strip().lower() for name, _colon, value in fields if name.strip().lower() == "feedback-type"), ""
    )
    if kind in NO_COMPLAINTS:
        return ()
    named = [_address(value) for name, _colon, value in fields if name.strip().lower() in COMPLAINANTS]
    if not any(named):
        named = [_address(value) for name, value in mail.returned if name == "to"]
    emails = list(dict.fromkeys(one for one in named if one))[:MOST_RECIPIENTS] or [UNNAMED]
    return tuple(FailedAddress(email=one, action=COMPLAINED, diagnostic=kind[:40]) for one in emails)


def original_id(mail: ParsedMail) -> str:
    """Return the Message-ID of the mail that a report is about, "" when it does not say."""
    returned = next((value for name, value in mail.returned if name == "message-id"), "")
    if returned:
        return returned.strip().strip("<>")
    if found := _ID.search(mail.text[:LONGEST_TEXT]):
        return found.group(1)
    return (mail.in_reply_to or mail.references[-1:] or ("",))[0]


def _reported(report: str) -> Iterator[FailedAddress]:
    """Read the groups of fields of a delivery report, one per recipient (RFC 3464, section 2.3)."""
    for group in re.split(r"\r?\n\s*\r?\n", report[:LONGEST_TEXT]):
        unfolded = re.sub(r"\r?\n[ \t]+", " ", group)
        fields = {
            name.strip().lower(): value.strip()
            for name, colon, value in (line.partition(":") for line in unfolded.splitlines())
            if colon
        }
        email = _address(fields.get("original-recipient", "")) or _address(fields.get("final-recipient", ""))
        if not email:
            continue
        action = fields.get("action", "failed").split()[:1]
        status = _STATUS.search(fields.get("status", ""))
        yield FailedAddress(
            email=email,
            action=action[0].lower() if action and action[0].lower() in ACTIONS else "failed",
            status=status.group(1) if status else "",
            diagnostic=fields.get("diagnostic-code", "")[:LONGEST_DIAGNOSTIC],
        )


def _address(field: str) -> str:
    """Return the address of a field such as ``rfc822;person@example.com``."""
    found = re.search(_ADDRESS, field.partition(";")[2] or field)
    return found.group(0).strip(".") if found else ""


def _listed(mail: ParsedMail) -> Iterator[FailedAddress]:
    """Read Exim's header; the text says why."""
    why = _said("", mail.text[:LONGEST_TEXT])
    named = ", ".join(mail.all("x-failed-recipients"))[:LONGEST_TEXT]
    yield from (replace(why, email=found.group(0)) for found in re.finditer(_ADDRESS, named))


def _worded(mail: ParsedMail) -> Iterator[FailedAddress]:
    """Read a report in words: the address that stands alone on a line, and what follows it."""
    text = mail.text[:LONGEST_TEXT]
    for pattern in _WORDED:
        named = islice(pattern.finditer(text), MOST_RECIPIENTS)
        found = [_said(one.group(1).rstrip("."), text[one.end() : one.end() + 1_000]) for one in named]
        if found:
            yield from found
            return


def _said(email: str, text: str) -> FailedAddress:
    """Return what a text says of an address; without a number it failed for good, unless words say it is for now."""
    status, reply = _STATUS.search(text), _REPLY.search(text)
    code = status.group(1) if status else f"{reply.group(1)[0]}.0.0" if reply else ""
    for_now = code.startswith("4") if code else bool(_FOR_NOW.search(text))
    return FailedAddress(
        email=email,
        action="delayed" if for_now else "failed",
        status=code,
        diagnostic=" ".join(text.split())[:LONGEST_DIAGNOSTIC],
    )
