"""What a calendar invitation says (RFC 5545, RFC 5546, RFC 6047). Pure; what cannot be read is no invitation."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from icalendar import Calendar

from engine.model.mail import Invitation

LONGEST = 200_000
"""Characters of a calendar that are read."""
LONGEST_FIELD = 500


def invitation_of(text: str, method: str) -> Invitation | None:
    """Return the first event of a calendar; None when there is none, or it cannot be read."""
    if len(text) > LONGEST:
        return None
    try:
        calendar = Calendar.from_ical(text)
        event = next(iter(calendar.walk("VEVENT")), None)
        if event is None:
            return None
        return Invitation(
            method=(method or str(calendar.get("METHOD", ""))).upper()[:40],
            uid=str(event.get("UID", ""))[:LONGEST_FIELD],
            summary=str(event.get("SUMMARY", ""))[:LONGEST_FIELD],
            location=str(event.get("LOCATION", ""))[:LONGEST_FIELD],
            organiser=str(event.get("ORGANIZER", "")).removeprefix("mailto:").removeprefix("MAILTO:")[:LONGEST_FIELD],
            start_ms=_ms(event, "DTSTART"),
            end_ms=_ms(event, "DTEND"),
        )
    except Exception:  # noqa: BLE001 - the library raises whatever it meets in what a stranger wrote
        return None


def _ms(event: object, name: str) -> int:
    """Return when an event begins or ends; a day without a time begins at midnight UTC."""
    value = event.get(name) if hasattr(event, "get") else None
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime):
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    if isinstance(moment, date):
        return int(datetime.combine(moment, time(), UTC).timestamp() * 1000)
    return 0
