"""Mail over LMTP: an answer for each recipient."""

import asyncio
from pathlib import Path

from engine.channels.email.inlet import Inlet
from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.ids import id_source
from engine.model.mail_record import ReceivedMail, Source
from tests.integration.receiving.house import MAIL, House
from tests.integration.receiving.server import Wire, receiving


async def test_each_recipient_is_answered(house: House) -> None:
    class HalfAway:
        """The record, as it is while one organisation's part cannot be written."""

        async def receive(self, mail: ReceivedMail) -> bool:
            if mail.envelope.org_id == "zeta":
                raise Unavailable("the record is away")
            return await house.store.mails.receive(mail)

        async def known(self, org_id: str, fingerprint: str) -> str:
            return await house.store.mails.known(org_id, fingerprint)

    clock = SystemClock()
    house.inlet = Inlet(sources=house.blobs, received=HalfAway(), clock=clock, new_id=id_source(clock))
    async with (
        receiving(house, smtp="", lmtp="127.0.0.1:0", rate=1, connections_per_address=1) as running,
        await Wire.greeted(running.port, "LHLO") as wire,
    ):
        replies = await wire.begin("desk@shop.example", "nobody@shop.example", "post@zeta.example")
        assert [reply[:3] for reply in replies] == ["250", "250", "550", "250"]
        assert (await wire.say("DATA")).startswith("354")
        assert (await wire.say(MAIL + b".\r\n")).startswith("250 2.6.0")
        assert (await wire.reply()).startswith("452 4.3.1")
        assert (await wire.mail(MAIL, "desk@shop.example", "sales@shop.example")).startswith("250")
        assert (await wire.reply()).startswith("250")
    (mail,) = await house.mails()
    assert mail.received.envelope.source is Source.LMTP


async def test_over_a_socket_file(house: House, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    for number in (1, 2):  # the file of the first is still there when the second begins
        async with receiving(house, smtp="", lmtp=str(path)):
            wire = Wire(*await asyncio.open_unix_connection(path))
            assert await wire.reply() == "220 mx.shop.example LMTP"
            assert (await wire.say("EHLO x")).startswith("500 5.5.1")
            assert (await wire.say("HELO x")).startswith("500 5.5.1")
            assert (await wire.say("LHLO mail.shop.example")).endswith("250 ENHANCEDSTATUSCODES")
            assert (await wire.mail(MAIL.replace(b"<1@", f"<{number}@".encode()))).startswith("250")
            wire.writer.close()
    assert [mail.received.envelope.peer for mail in await house.mails()] == ["[local] mail.shop.example"] * 2
