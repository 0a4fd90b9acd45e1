"""The engine is killed while it sends: every mail arrives; twice only where SMTP leaves no choice, and then alike."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.engine_process import ApiClient, EngineProcess, until
from tests.acceptance.mails import mail_engine
from tests.integration.channels.email.sink import Sink

MOST_AT_ONCE = 8
"""Connections to a relay: so many mails at most are between its 250 and our commit."""


@contextlib.contextmanager
def running_sink(**how: Any) -> Iterator[Sink]:
    """Run a mail server in a thread of its own."""
    sink, there = Sink(**how), threading.Event()
    ending: list[Callable[[], object]] = []

    async def serve() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        ending.append(lambda: loop.call_soon_threadsafe(over.set))
        async with sink.running():
            there.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="sink")
    thread.start()
    there.wait(30)
    try:
        yield sink
    finally:
        ending[0]()
        thread.join(30)


def write(api: ApiClient, case_id: str, number: int) -> str:
    """Write a mail that goes at once; return its id."""
    body = {
        "client_id": f"c{number}",
        "body": f"Hello {number}",
        "to": [{"email": f"c{number}@d{number % 40}.example"}],
    }
    mail = api.post(f"/cases/{case_id}/mail", body)
    api.post(f"/cases/{case_id}/mail/{mail['id']}/send", {})
    return str(mail["message_id"])


def case_of(api: ApiClient) -> str:
    return str(api.post("/cases", {"subject": "Kettle", "queue": "sales"})["id"])


@pytest.mark.parametrize("failpoint", ["mail.after-compose", "mail.before-send", "mail.after-send"])
def test_killed_while_a_mail_is_sent_it_arrives(tmp_path: Path, failpoint: str) -> None:
    with running_sink() as sink:
        engine = mail_engine(tmp_path, relay=sink.port)
        try:
            engine.start_kept(f"{failpoint}=kill")
            with ApiClient(engine, "sue") as api:
                case_id = case_of(api)
                body = {"client_id": "c1", "body": "Hello", "to": [{"email": "vera@example.com"}]}
                mail = api.post(f"/cases/{case_id}/mail", body)
                with contextlib.suppress(Exception):  # the engine may be gone before it answers
                    api.post(f"/cases/{case_id}/mail/{mail['id']}/send", {})
                until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
                until(
                    lambda: api.get(f"/cases/{case_id}/mail/{mail['id']}")["state"] == "sent", within_s=60, what="sent"
                )
                assert len({one.source for one in sink.taken}) == 1
                assert len(sink.taken) == (2 if failpoint == "mail.after-send" else 1)
                assert sink.taken[0].message_id == f"<{mail['message_id']}>"
        finally:
            engine.close()


@pytest.mark.parametrize(("mails", "kills"), [(30, 1), pytest.param(1_000, 10, marks=pytest.mark.long)])
def test_killed_at_random_every_mail_arrives(tmp_path: Path, mails: int, kills: int) -> None:
    chance = random.Random(f"{mails}")
    with running_sink(pause_s=0.05) as sink:
        engine = mail_engine(tmp_path, relay=sink.port)
        try:
            engine.start_kept()
            written = _written(engine, mails)
            for number in range(kills):
                wanted = len(sink.taken) + chance.randrange(1, max(2, (mails - len(sink.taken)) // (kills - number)))
                _await_taken(sink, min(wanted, mails))
                engine.kill()
                _await_back(engine, number + 1)
            until(lambda: written <= {one.message_id for one in sink.taken}, within_s=300, what="all arrive")
            by_id: dict[str, set[bytes]] = {}
            for one in sink.taken:
                by_id.setdefault(one.message_id, set()).add(one.source)
            assert set(by_id) == written
            assert all(len(sources) == 1 for sources in by_id.values())
            assert len(sink.taken) - len(by_id) <= kills * MOST_AT_ONCE
        finally:
            engine.close()


def _written(engine: EngineProcess, mails: int) -> set[str]:
    with ApiClient(engine, "sue") as api:
        case_id = case_of(api)
        return {f"<{write(api, case_id, number)}>" for number in range(mails)}


def _await_taken(sink: Sink, enough: int) -> None:
    until(lambda: len(sink.taken) >= enough, within_s=120, what=f"{enough} arrive")


def _await_back(engine: EngineProcess, deaths: int) -> None:
    until(lambda: engine.deaths >= deaths and engine.ready(), within_s=60, what="back")
