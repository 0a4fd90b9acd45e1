"""The engine dies while a mail is filed: there is one case with one piece of work, whatever was written by then."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.mail_record import Envelope, ReceivedMail, Source
from engine.store.blobs import Blobs
from engine.store.store import Store
from tests.acceptance.engine_process import ORG, ApiClient, until
from tests.acceptance.mails import mail_engine
from tests.records import migrated_file

MAIL = b"""From: Vera <vera@example.com>\r
To: support@kettle.example\r
Subject: My kettle\r
Date: Sun, 22 Nov 2026 10:00:00 +0000\r
Message-ID: <one@example.com>\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
Content-Type: text/plain\r
\r
It drips.\r
--x\r
Content-Type: text/plain\r
Content-Disposition: attachment; filename=note.txt\r
\r
It drips.\r
--x--\r
"""


async def take(data: Path, raw: bytes) -> None:
    """Keep a mail as a server does that takes it."""
    data.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    new_id = id_source(clock)

    async def chunks() -> AsyncIterator[bytes]:
        yield raw

    store = Store(url=migrated_file(data / "cordboard.sqlite3"), clock=clock, new_id=new_id)
    await store.start()
    try:
        blob = await Blobs(directory=data / "attachments", new_id=new_id).write(chunks(), most_bytes=1_000_000)
        await store.mails.receive(
            ReceivedMail(
                id=new_id(),
                envelope=Envelope(
                    org_id=ORG, channel="support", source=Source.SMTP, sender="vera@example.com", recipients=()
                ),
                fingerprint=hashlib.sha256(raw).hexdigest(),
                sha256=blob.sha256,
                size=blob.size,
                received_ms=clock.now_ms(),
            )
        )
    finally:
        await store.stop()


@pytest.mark.parametrize("failpoint", ["mail.before-file", "mail.after-file"])
def test_killed_while_a_mail_is_filed_it_is_one_case_with_one_piece_of_work(tmp_path: Path, failpoint: str) -> None:
    engine = mail_engine(tmp_path)
    try:
        asyncio.run(take(engine.data, MAIL))
        engine.start_kept(f"{failpoint}=kill")
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        with ApiClient(engine, "sue") as api:
            until(lambda: api.get("/cases")["items"], within_s=60, what="a case")
            (case,) = api.get("/cases")["items"]
            assert case["subject"] == "My kettle"
            (file,) = api.get(f"/cases/{case['id']}/attachments")["items"]
            assert (file["name"], file["size"]) == ("note.txt", 9)

            def waits() -> bool:
                (item,) = api.get("/work-items", case_id=case["id"])["items"]
                return bool(item["state"] == "queued" and item["kind"] == "email")

            until(waits, within_s=30, what="its work waits for an agent")
    finally:
        engine.close()
