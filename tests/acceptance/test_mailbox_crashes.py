"""The engine is killed while it takes mails out of a mailbox: each is on the record once, and marked as read there."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.engine_process import ORG, ApiClient, EngineProcess, until
from tests.acceptance.mails import mail_engine
from tests.dovecot import PASSWORD, Dovecot, running_dovecot

MAILS = 50
CHANNEL = """
  support:
    kind: email
    name: Support
    queue: sales
    email:
      address: support@kettle.example
      mailboxes:
        support: {{ server: localhost, port: {port}, security: none, login: {user}, secret: support, poll: 1s }}
"""


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot."""
    with running_dovecot() as server:
        yield server


def mailbox_engine(folder: Path, dovecot: Dovecot, user: str) -> EngineProcess:
    """Return an engine, not started yet, that polls a mailbox."""
    secrets = folder / "data" / "secrets" / "mail" / ORG
    secrets.mkdir(parents=True)
    (secrets / "support").write_text(PASSWORD)
    return mail_engine(folder, channel=CHANNEL.format(port=dovecot.port, user=user))


def mail(number: int) -> bytes:
    """Return a mail that no other is like."""
    head = f"From: Vera <vera@example.com>\r\nMessage-ID: <{number}@example.com>\r\nSubject: Kettle {number}\r\n"
    return f"{head}Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nIt drips.\r\n".encode()


def recorded(engine: EngineProcess) -> int:
    """Return how many mails are on the record."""
    with closing(sqlite3.connect(f"file:{engine.data}/cordboard.sqlite3?mode=ro", uri=True)) as record:
        (many,) = record.execute("SELECT count(*) FROM mails").fetchone()
        return int(many)


@pytest.mark.parametrize(
    "failpoint",
    ["mail.after-blob=kill@5", "mail.after-receive=kill@20", "imap.after-take=kill", "imap.after-finish=kill"],
)
def test_killed_while_mails_are_taken_each_is_there_once(tmp_path: Path, dovecot: Dovecot, failpoint: str) -> None:
    user = f"{failpoint.partition('=')[0]}@kettle.example"
    dovecot.deliver(user, *(mail(number) for number in range(MAILS)))
    engine = mailbox_engine(tmp_path, dovecot, user)
    try:
        engine.start_kept(failpoint)
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        until(lambda: recorded(engine) == MAILS, within_s=60, what="all are on the record")
        until(lambda: sum("\\Seen" in one for one in dovecot.flags(user)) == MAILS, within_s=60, what="all are marked")
        assert recorded(engine) == MAILS
        with ApiClient(engine, "sue") as api:
            (mailbox,) = api.get("/mailboxes")["items"]
            assert (mailbox["channel"], mailbox["mailbox"], mailbox["fault"]) == ("support", "support", "")
            assert [one["last_uid"] for one in mailbox["folders"]] == [MAILS]
    finally:
        engine.close()


@pytest.mark.parametrize(("mails", "kills"), [(300, 2), pytest.param(10_000, 20, marks=pytest.mark.long)])
def test_killed_at_any_time_each_is_there_once(tmp_path: Path, dovecot: Dovecot, mails: int, kills: int) -> None:
    user = f"random-{mails}@kettle.example"
    dovecot.deliver(user, *(mail(number) for number in range(mails)))
    engine = mailbox_engine(tmp_path, dovecot, user)
    chance = random.Random(mails)
    try:
        for moment in sorted(chance.randrange(mails) for _ in range(kills)):
            engine.start()
            until(lambda wanted=moment: recorded(engine) >= wanted, within_s=300, what="on its way")  # type: ignore[misc]
            engine.kill()
        engine.start()
        until(lambda: recorded(engine) == mails, within_s=600, what="all are on the record")
        until(lambda: sum("\\Seen" in one for one in dovecot.flags(user)) == mails, within_s=600, what="all are marked")
        assert recorded(engine) == mails
    finally:
        engine.close()
