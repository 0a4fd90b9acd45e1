"""Gone and idle visitors are parted with after their grace, and the engine's own downtime counts against nobody."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.channels.chat.keeper import Keeper
from engine.channels.chat.settings import ChatSettings
from engine.errors import Unavailable
from engine.model.conversation import Author, EntryKind, InteractionState
from engine.model.work import WorkState
from tests.integration.chat.house import House, running_house, until, visiting

SETTINGS = ChatSettings(presence_lease_ms=400, presence_refresh_ms=100)


@pytest.fixture
async def house(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(org, valkey_address, tmp_path, settings=SETTINGS) as running:
        running.set_channel(visitor_grace_ms=300, idle_warning_ms=60_000, idle_close_ms=30_000)
        await running.staff()
        yield running


async def look(house: House) -> None:
    await house.presence.step()
    await house.keeper.step()


async def test_a_visitor_who_stays_away_is_concluded_and_the_agent_is_free(house: House) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)

    async def concluded() -> bool:
        await look(house)
        return (await house.interaction(eve.token)).state is InteractionState.CLOSED

    await until(concluded)
    assert (await house.interaction(eve.token)).close_reason == "gone"
    item = await house.store.work.for_interaction(house.org_id, interaction.id)
    assert item is not None
    assert item.state is WorkState.WRAPUP


async def test_a_waiting_visitor_who_goes_leaves_the_queue(house: House) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.interaction(eve.token)

    async def concluded() -> bool:
        await look(house)
        return (await house.interaction(eve.token)).state is InteractionState.CLOSED

    await until(concluded)
    assert await house.store.work.for_interaction(house.org_id, interaction.id) is None


async def test_a_visitor_who_comes_back_in_time_or_has_another_tab_stays(house: House) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        async with visiting(house, token=eve.token) as tab:
            await tab.resume()
        for _ in range(30):
            await look(house)
            await eve.send(type="ping")
            await eve.expect("pong")
    assert (await house.interaction(eve.token)).state is InteractionState.OPEN


async def test_lost_leases_give_everybody_a_new_grace(house: House) -> None:
    house.set_channel(visitor_grace_ms=1_500)
    async with visiting(house) as eve:
        await eve.open("hello")
    await look(house)
    await house.valkey.command("DEL", f"cordboard:visitors:{house.org_id}/web")
    house.keeper._seeded_ms = 0

    async def concluded() -> bool:
        await look(house)
        return (await house.interaction(eve.token)).state is InteractionState.CLOSED

    assert not await concluded()
    await until(concluded)


async def test_downtime_counts_against_nobody(house: House) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        await house.answer(eve.token)
        await look(house)
    house.set_channel(visitor_grace_ms=60_000, idle_warning_ms=60_000)
    await look(house)
    house.clock.ahead_ms += 3_600_000  # the process stood still for an hour
    for keeper in (house.keeper, _fresh_keeper(house)):
        await keeper.step()
        found = await house.interaction(eve.token)
        assert (found.state, found.warned_ms) == (InteractionState.OPEN, 0)


async def test_an_idle_visitor_is_warned_in_his_language_then_parted_with(house: House) -> None:
    house.set_channel(visitor_grace_ms=3_600_000)
    house.clock.stop()
    async with visiting(house) as eve:
        await eve.open("hello", locale="zh-CN")
        interaction = await house.answer(eve.token)
        await house.say(interaction, "how can I help?")
        await house.keeper.step()
        await _pass(house, 61_000)
        warning = await eve.line(EntryKind.WARNING)
        assert "30秒" in str(warning["body"])
        await _pass(house, 20_000)
        await eve.say("a moment please")  # takes the warning back
        await house.say(interaction, "of course")
        await _pass(house, 31_000)
        assert (await house.interaction(eve.token)).state is InteractionState.OPEN
        await _pass(house, 61_000)
        await _pass(house, 31_000)
        assert (await eve.expect("ended"))["reason"] == "idle"
    kinds = [one.kind for one in await house.transcript_of(interaction)]
    assert kinds.count(EntryKind.WARNING) == 2


async def test_who_waits_for_the_agent_is_not_idle(house: House) -> None:
    house.set_channel(visitor_grace_ms=3_600_000)
    house.clock.stop()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)
        await eve.say("are you there?")
        await house.keeper.step()
        await _pass(house, 300_000)
        assert (await house.interaction(eve.token)).warned_ms == 0
        await house.say(interaction, "sorry for the wait")
        await _pass(house, 30_000)
        assert (await house.interaction(eve.token)).warned_ms == 0
        await _pass(house, 40_000)
        assert (await house.interaction(eve.token)).warned_ms > 0
    spoken = [one.author for one in await house.transcript_of(interaction) if one.kind is EntryKind.WARNING]
    assert spoken == [Author.SYSTEM]


async def test_who_writes_while_it_is_decided_stays(house: House) -> None:
    house.set_channel(visitor_grace_ms=3_600_000)
    house.clock.stop()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)
        await house.say(interaction, "how can I help?")
        await house.keeper.step()
        await _pass(house, 61_000)
        await eve.line(EntryKind.WARNING)
        keeper = _fresh_keeper(house, Interposed(house, lambda: eve.say("I was looking for the number")))
        keeper._baseline_ms, keeper._last_step_ms = 1, house.clock.now_ms()
        house.clock.ahead_ms += 3_000
        house.set_channel(visitor_grace_ms=3_600_000, idle_close_ms=1_000)
        await keeper.step()
        after = await house.interaction(eve.token)
        assert (after.state, after.warned_ms) == (InteractionState.OPEN, 0)
        item = await house.store.work.for_interaction(house.org_id, interaction.id)
        assert item is not None
        assert item.state is WorkState.ACTIVE


async def test_who_writes_while_he_is_to_be_warned_is_not(house: House) -> None:
    house.set_channel(visitor_grace_ms=3_600_000)
    house.clock.stop()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)
        await house.say(interaction, "how can I help?")
        keeper = _fresh_keeper(house, Interposed(house, lambda: eve.say("a kettle, please"), before="warn"))
        keeper._baseline_ms, keeper._last_step_ms = 1, house.clock.now_ms() + 61_000
        house.clock.ahead_ms += 61_000
        await keeper.step()
        assert (await house.interaction(eve.token)).warned_ms == 0


async def test_a_board_that_is_away_at_the_close_hears_of_it_later(house: House) -> None:
    house.set_channel(visitor_grace_ms=3_600_000)
    house.clock.stop()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)
        await house.say(interaction, "how can I help?")
        await house.keeper.step()
        await _pass(house, 61_000)
        house.set_channel(visitor_grace_ms=3_600_000, idle_close_ms=1)
        conclude, house.reception.conclude = house.reception.conclude, _away  # type: ignore[method-assign, assignment]
        house.clock.ahead_ms += 1_000
        with pytest.raises(Unavailable):
            await house.keeper.step()
        assert (await eve.expect("ended"))["reason"] == "idle"
        house.reception.conclude = conclude  # type: ignore[method-assign]
        await _pass(house, 31_000)
    item = await house.store.work.for_interaction(house.org_id, interaction.id)
    assert item is not None
    assert item.state is WorkState.WRAPUP
    kinds = [one.kind for one in await house.transcript_of(interaction)]
    assert kinds.count(EntryKind.ENDED) == 1


async def _away(org_id: str, interaction_id: str, reason: str) -> None:
    raise Unavailable("away")


class Interposed:
    """The record's conversations, with something that happens just before one of their methods is called."""

    def __init__(self, house: House, happens: Callable[[], Awaitable[object]], before: str = "close_silent") -> None:
        self._chats, self._happens, self._before = house.store.conversations, happens, before

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._chats, name)

        async def call(*args: Any, **named: Any) -> Any:
            if name == self._before:
                await self._happens()
            return await method(*args, **named)

        return call


async def _pass(house: House, span_ms: int) -> None:
    """Let time go by, with the keeper at work all the while."""
    for _ in range(span_ms // 1_000):
        house.clock.ahead_ms += 1_000
        await house.keeper.step()


def _fresh_keeper(house: House, chats: Any = None) -> Keeper:
    return Keeper(
        organisations=house,
        reception=house.reception,
        presence=house.presence,
        chats=chats or house.store.conversations,
        transcript=house.transcript,
        clock=house.clock,
        settings=SETTINGS,
    )
