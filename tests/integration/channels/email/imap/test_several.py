"""Several processes look after the same mailboxes: each is polled by one of them, and followed as it is configured."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from engine.loops import Loop
from engine.model.mail_channel import Email, MailboxSource
from engine.model.organisation import Channel, Organisation
from engine.valkey.client import Valkey
from engine.valkey.lease import Leases
from engine.wiring.leased import Leased
from engine.wiring.mailboxes import Mailboxes
from tests.integration.api.engine_under_test import staffed_organisation
from tests.integration.channels.email.imap.house import CHANNEL, House, mail
from tests.servers import eventually


class Process:
    """What one process has of mailboxes."""

    def __init__(self, house: House, leases: Leases) -> None:
        self._house = house
        self.configured: list[Organisation] = []
        self.role = Mailboxes(organisations=lambda: self.configured, parts=house.parts(), leases=leases)
        self.loop = Loop(self.role)
        self.configure(house.source)
        self.loop.start()

    def configure(self, *sources: MailboxSource) -> None:
        """Let these mailboxes be polled."""
        email = Email(address="tea@example.com", mailboxes=sources)
        channel = Channel(key=CHANNEL, kind="email", name="Mail", queue="support", email=email)
        organisation = staffed_organisation(self._house.org)
        self.configured = [replace(organisation, channels={CHANNEL: channel})]


@pytest.fixture
async def leases(valkey_address: str) -> AsyncIterator[Leases]:
    """Return leases of a real server."""
    client = Valkey(address=valkey_address)
    await client.connect()
    yield Leases(commands=client)
    await client.close()


async def taken(house: House, *numbers: int) -> bool:
    return await house.subjects() == sorted(f"Tea {number}" for number in numbers)


async def test_one_of_two_processes_polls_and_the_other_takes_over(house: House, leases: Leases) -> None:
    first, second = Process(house, leases), Process(house, leases)
    try:
        await house.deliver(*(mail(number) for number in range(40)))
        await eventually(lambda: house.done_to(40), within_s=30)
        assert house.counted == ["taken"] * 40
        await first.loop.stop()
        await house.deliver(mail(40))
        await eventually(lambda: house.done_to(41), within_s=30)
        await second.loop.stop()
        third = Process(house, leases)
        await house.deliver(mail(41))
        await eventually(lambda: house.done_to(42), within_s=30)
        await third.loop.stop()
    finally:
        await asyncio.gather(first.loop.stop(), second.loop.stop())
    assert house.counted == ["taken"] * 42
    assert await taken(house, *range(42))


async def test_a_process_that_is_gone_without_a_word_is_replaced(house: House, leases: Leases) -> None:
    dead = Leased(role=house.poller(), leases=leases)
    step = asyncio.create_task(dead.step())
    await house.deliver(mail(1))
    await eventually(lambda: taken(house, 1), within_s=30)
    step.cancel()  # and the lease is not given back
    await asyncio.gather(step, return_exceptions=True)
    process = Process(house, leases)
    await house.deliver(mail(2))
    await eventually(lambda: taken(house, 1, 2), within_s=60)
    await process.loop.stop()


async def test_mailboxes_come_and_go_with_the_configuration(house: House, leases: Leases) -> None:
    process = Process(house, leases)
    other = replace(house.source, key="sales", login=f"sales-{house.user}")
    await asyncio.to_thread(house.dovecot.deliver, other.login, mail(1))
    await house.deliver(mail(2))
    await eventually(lambda: taken(house, 2), within_s=30)
    process.configure(other)
    await eventually(lambda: taken(house, 1, 2), within_s=30)
    await house.deliver(mail(3))  # nobody polls this one any more
    wrong = replace(other, secret="missing")
    process.configure(wrong)
    await eventually(lambda: process.role.faults() == 1, within_s=30)
    process.configure(house.source, wrong)
    await eventually(lambda: taken(house, 1, 2, 3), within_s=30)
    await process.loop.stop()
    assert process.role.faults() == 0
