"""The engine is killed while mail comes in: whoever handed it over tries again, and every mail is there once."""

import asyncio
import contextlib
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.mail_record import Mail, MailState
from engine.store.blobs import Blobs
from engine.store.store import Store
from tests.acceptance.engine_process import ORG, EngineProcess, until
from tests.acceptance.mails import Courier, mail_engine

COURIERS = 4


def source_of(number: int) -> bytes:
    """Return a mail that no other customer writes."""
    return (
        f"From: Vera {number} <vera{number}@example.com>\r\nTo: support@kettle.example\r\n"
        f"Subject: Kettle {number}\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{number}@customer.example>\r\n\r\n{number} drips. {'It really does. ' * (number % 200)}\r\n"
    ).encode()


def on_record(engine: EngineProcess) -> list[tuple[Mail, str]]:
    """Return the mails of a stopped engine's record, with the Message-ID that stands in the source of each."""

    async def read() -> list[tuple[Mail, str]]:
        clock = SystemClock()
        new_id = id_source(clock)
        blobs = Blobs(directory=engine.data / "attachments", new_id=new_id)
        store = Store(url=f"sqlite:///{engine.data / 'cordboard.sqlite3'}", clock=clock, new_id=new_id)
        await store.start()
        try:
            mails = await store.mails.list(ORG, limit=1_000_000)
            return [(one, await _message_id(blobs, one)) for one in mails]
        finally:
            await store.stop()

    return asyncio.run(read())


async def _message_id(blobs: Blobs, mail: Mail) -> str:
    source = b"".join([piece async for piece in blobs.read(mail.received.sha256)])
    return str(message_from_bytes(source)["Message-ID"])


def unread(engine: EngineProcess) -> int:
    """Return how many mails of a running engine are not filed."""
    with contextlib.closing(sqlite3.connect(f"file:{engine.data / 'cordboard.sqlite3'}?mode=ro", uri=True)) as record:
        count: int = record.execute("SELECT count(*) FROM mails WHERE state = 'received'").fetchone()[0]
        return count


@pytest.mark.parametrize("failpoint", ["mail.after-blob", "mail.after-receive"])
def test_killed_while_a_mail_is_taken_it_is_there_once(tmp_path: Path, failpoint: str) -> None:
    courier = Courier()
    engine = mail_engine(tmp_path, smtp=courier.port)
    try:
        engine.start_kept(f"{failpoint}=kill")
        until(lambda: not courier.try_once(source_of(1)), within_s=20, what="killed before it answered")
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        courier.hand_over(source_of(1))
        courier.hand_over(source_of(1))
        until(lambda: unread(engine) == 0, within_s=60, what="filed")
    finally:
        courier.close()
        engine.close()
    ((mail, message_id),) = on_record(engine)
    assert (mail.state, message_id) == (MailState.FILED, "<1@customer.example>")


def killed_at_random(engine: EngineProcess, port: int, *, mails: int, kills: int) -> int:
    """Hand mails over while the engine is killed so many times; return how many tries that took."""
    handed = 0
    lock = threading.Lock()

    def carry(numbers: range) -> int:
        nonlocal handed
        courier = Courier()
        courier.port = port
        for number in numbers:
            courier.hand_over(source_of(number))
            with lock:
                handed += 1
        courier.close()
        return courier.tries

    chance = random.Random(5)
    with ThreadPoolExecutor(COURIERS) as pool:
        carried = [pool.submit(carry, range(first, mails, COURIERS)) for first in range(COURIERS)]
        for kill in range(1, kills + 1):
            share = mails * kill // (kills + 1)
            _wait(lambda share=share: handed >= share)  # type: ignore[misc]
            time.sleep(chance.random() * 0.05)  # anywhere within a mail
            engine.kill()
            until(lambda kill=kill: engine.deaths == kill and engine.ready(), within_s=60, what="back")  # type: ignore[misc]
        return sum(one.result() for one in carried)


def _wait(reached: Callable[[], bool]) -> None:
    until(reached, within_s=300, what="mails handed over")


def every_mail_is_there_once(folder: Path, *, mails: int, kills: int) -> None:
    port = Courier().port
    engine = mail_engine(folder, smtp=port)
    try:
        engine.start_kept()
        tries = killed_at_random(engine, port, mails=mails, kills=kills)
        assert tries > mails
        until(lambda: unread(engine) == 0, within_s=60 + mails / 10, what="all filed")
    finally:
        engine.close()
    found = on_record(engine)
    assert sorted(message_id for _, message_id in found) == sorted(f"<{n}@customer.example>" for n in range(mails))
    assert {mail.state for mail, _ in found} == {MailState.FILED}
    assert len({mail.case_id for mail, _ in found}) == mails


def test_killed_at_random_every_mail_is_there_once(tmp_path: Path) -> None:
    every_mail_is_there_once(tmp_path, mails=150, kills=2)


@pytest.mark.long
def test_killed_at_random_every_one_of_ten_thousand_mails_is_there_once(tmp_path: Path) -> None:
    every_mail_is_there_once(tmp_path, mails=10_000, kills=40)
