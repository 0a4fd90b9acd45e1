"""Which mails of a folder are still to be taken."""

from dataclasses import replace

from engine.channels.email.imap.marks import criteria, renewed, too_old
from engine.channels.email.imap.session import Selected
from engine.model.polled_folder import FolderKey, PolledFolder

DAY_MS = 86_400_000
NOW_MS = 1_793_900_000_000  # 5 November 2026
KEY = FolderKey("tea", "mail", "support", "INBOX")


def first_look() -> PolledFolder:
    return renewed(PolledFolder(key=KEY), Selected(uid_validity=7, uid_next=51), now_ms=NOW_MS)


def test_a_first_look_remembers_what_lay_there() -> None:
    known = first_look()
    assert (known.uid_validity, known.first_uid, known.last_uid, known.first_ms) == (7, 51, 0, NOW_MS)
    assert renewed(known, Selected(uid_validity=7, uid_next=60), now_ms=NOW_MS + 1) is known


def test_under_a_new_validity_everything_is_looked_at_again_but_what_was_left_at_first() -> None:
    known = renewed(replace(first_look(), last_uid=80), Selected(uid_validity=8, uid_next=30), now_ms=NOW_MS + DAY_MS)
    assert (known.last_uid, known.first_uid, known.first_ms) == (0, 30, NOW_MS)


def test_everything_is_searched_where_nothing_is_too_old() -> None:
    assert criteria(first_look(), since_ms=0) == "UID 1:*"
    assert not too_old(first_look(), 3, NOW_MS - 900 * DAY_MS, since_ms=0)


def test_of_what_lay_there_at_first_only_the_young_is_searched_and_of_later_mail_all() -> None:
    known = first_look()
    assert criteria(known, since_ms=7 * DAY_MS) == "UID 1:* OR SINCE 28-Oct-2026 UID 51:*"
    assert too_old(known, 50, NOW_MS - 8 * DAY_MS, since_ms=7 * DAY_MS)
    assert not too_old(known, 50, NOW_MS - 6 * DAY_MS, since_ms=7 * DAY_MS)
    assert not too_old(known, 51, NOW_MS - 900 * DAY_MS, since_ms=7 * DAY_MS)  # somebody has moved it there
    assert criteria(replace(known, last_uid=50), since_ms=7 * DAY_MS) == "UID 51:*"
