"""Which mails of a folder are still to be taken: what is remembered of it against what is there now. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from engine.channels.email.imap.session import Selected
from engine.channels.email.imap.wire import day
from engine.model.polled_folder import PolledFolder


def renewed(known: PolledFolder, selected: Selected, *, now_ms: int) -> PolledFolder:
    """Return what is known of a folder under the numbers that count now.

    Under a new validity all numbers are others (RFC 3501, 2.3.1.1), so everything is looked at again: what was taken
    before is known by its fingerprint.
    """
    if known.uid_validity == selected.uid_validity:
        return known
    return replace(
        known,
        uid_validity=selected.uid_validity,
        last_uid=0,
        first_uid=selected.uid_next,
        first_ms=known.first_ms or now_ms,
    )


def eldest_ms(known: PolledFolder, *, since_ms: int) -> int:
    """Return the time before which mails that lay there at first are left; 0 = none are."""
    return known.first_ms - since_ms if since_ms else 0


def criteria(known: PolledFolder, *, since_ms: int) -> str:
    """Return what is searched for: what was not taken, and of what lay there at first only what is young enough.

    Days of a search are days of the server, in whatever zone it is: one more is asked for.
    """
    uids = f"UID {known.last_uid + 1}:*"
    if not since_ms or known.last_uid + 1 >= known.first_uid:
        return uids
    eldest = datetime.fromtimestamp(eldest_ms(known, since_ms=since_ms) / 1_000, tz=UTC)
    return f"{uids} OR SINCE {day(eldest - timedelta(days=1))} UID {known.first_uid}:*"


def too_old(known: PolledFolder, uid: int, at_ms: int, *, since_ms: int) -> bool:
    """Say whether a mail lay there at first and is too old to be taken."""
    return uid < known.first_uid and 0 < at_ms < eldest_ms(known, since_ms=since_ms)
