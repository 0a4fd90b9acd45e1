"""Mail handed over by swaks, which has no line of code in common with us."""

import asyncio
import shutil
from pathlib import Path

from engine.model.mail_record import Source
from tests.integration.receiving.house import House
from tests.integration.receiving.server import receiving

TEXT = "--header", "Subject: A test", "--body", "It drips.\\n.\\n..two dots"


async def swaks(*words: str) -> str:
    """Run swaks; return what it wrote, the conversation with the server."""
    program = shutil.which("swaks")
    assert program is not None, "swaks is missing; Debian: apt-get install swaks"
    process = await asyncio.create_subprocess_exec(
        program, "--from", "ada@customer.example", *TEXT, *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await process.communicate()
    return out.decode()


async def test_over_smtp(house: House) -> None:
    async with receiving(house) as running:
        said = await swaks("--server", f"127.0.0.1:{running.port}", "--to", "desk@shop.example,nobody@shop.example")
        refused = await swaks("--server", f"127.0.0.1:{running.port}", "--to", "someone@elsewhere.example")
    assert "250 2.6.0 Taken as " in said
    assert "550 5.1.1" in said
    assert "550 5.7.1" in refused
    (mail,) = await house.mails()
    assert mail.received.envelope.recipients == ("desk@shop.example",)
    assert b"\r\nIt drips.\r\n.\r\n..two dots\r\n" in await house.source(mail)


async def test_over_lmtp(house: House, tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp")
    async with receiving(house, smtp="", lmtp=path):
        said = await swaks("--protocol", "LMTP", "--socket", path, "--to", "desk@shop.example,post@zeta.example")
    assert said.count("250 2.6.0 Taken as ") == 2
    (mail,) = await house.mails("zeta")
    assert mail.received.envelope.source is Source.LMTP
