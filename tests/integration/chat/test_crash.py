"""A failure between any two systems: the visitor comes back, and everything is there once."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine import failpoints
from engine.model.conversation import InteractionState
from engine.model.work import WorkState
from tests.integration.chat.house import House, running_house, visiting


@pytest.fixture
async def house(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(org, valkey_address, tmp_path) as running:
        await running.staff()
        yield running


@contextlib.contextmanager
def failing_at(name: str) -> Iterator[None]:
    failpoints.arm(f"{name}=raise")
    try:
        yield
    finally:
        failpoints.arm("")


@pytest.mark.parametrize("place", ["intake.before-commit", "intake.after-commit", "intake.after-enqueue"])
async def test_opening_can_fail_anywhere_and_be_repeated(house: House, place: str) -> None:
    with failing_at(place):
        async with visiting(house) as eve:
            await eve.send(
                type="open", v=1, token=eve.token, locale="en", form={"name": "Eve"}, client_id="first", body="hello"
            )
            assert await eve.refused() == ("unavailable", 1013)
    async with visiting(house, token=eve.token) as again:
        await again.open("hello")
        assert (await again.expect("ack"))["seq"] == 1
        await house.sweep.step()
        interaction = await house.answer(eve.token)
    assert [one.body for one in await house.transcript_of(interaction)][:1] == ["hello"]
    assert len(await house.store.work.list(house.org_id, state=None, queue=None, limit=10, before_id="")) == 1


@pytest.mark.parametrize("place", ["transcript.before-commit", "transcript.after-commit", "transcript.after-publish"])
async def test_a_message_can_fail_anywhere_and_be_repeated(house: House, place: str) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        await eve.entry("hello")
        with failing_at(place):
            await eve.send(type="message", client_id="c-1", body="once only")
            assert await eve.refused() == ("unavailable", 1013)
    async with visiting(house, token=eve.token) as again:
        await again.resume(last_seq=1)
        assert (await again.say("once only", "c-1"))["seq"] == 2
        assert (await again.say("next", "c-2"))["seq"] == 3
    said = await house.transcript_of(await house.interaction(eve.token))
    assert [one.body for one in said] == ["hello", "once only", "next"]


async def test_without_a_board_a_chat_is_open_and_waits_in_the_record(house: House) -> None:
    await house.valkey.close()
    async with visiting(house) as eve:
        assert (await eve.open("hello"))["session"]["state"] == "open"
        await eve.say("anybody?")
    await house.valkey.connect()
    interaction = await house.interaction(eve.token)
    item = await house.store.work.for_interaction(house.org_id, interaction.id)
    assert item is not None
    assert item.state is WorkState.PENDING
    await house.sweep.step()
    await house.answer(eve.token)


async def test_ending_without_a_board_is_refused_and_works_when_it_is_back(house: House) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        await house.valkey.close()
        await eve.send(type="end")
        assert await eve.refused() == ("unavailable", 1013)
    await house.valkey.connect()
    async with visiting(house, token=eve.token) as again:
        await again.resume()
        await again.send(type="end")
        assert (await again.expect("ended"))["reason"] == "visitor"
    assert (await house.interaction(eve.token)).state is InteractionState.CLOSED
