"""A visitor chats over a real socket, with a real record and a real board."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.channels.chat.settings import ChatSettings
from engine.model.conversation import Author, Draft, EntryKind, InteractionState
from engine.model.signal import Typing
from engine.model.work import WorkState
from tests.contract.store.building import listed
from tests.integration.chat.house import House, Visitor, new_token, running_house, until, visiting


@pytest.fixture
async def house(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[House]:
    settings = ChatSettings(typing_interval_ms=60_000)
    async with running_house(org, valkey_address, tmp_path, settings=settings) as running:
        yield running


async def test_a_conversation_from_open_to_end(house: House) -> None:
    await house.staff()
    async with visiting(house) as eve:
        opened = await eve.open("hello")
        assert opened["resumed"] is False
        assert opened["session"]["state"] == "open"
        assert (await eve.expect("ack"))["client_id"] == "first"
        interaction = await house.answer(eve.token)
        joined = (await eve.expect("entry"))["entry"]
        assert (joined["kind"], joined["name"]) == ("joined", "Ana")
        await house.say(interaction, "how can I help?")
        await eve.entry("how can I help?")
        assert (await eve.say("my order"))["seq"] == 4
        await eve.send(type="end")
        assert (await eve.expect("ended"))["reason"] == "visitor"
        assert await eve.closed() == 1000
    kinds = [one.kind for one in await house.transcript_of(interaction)]
    assert kinds == [EntryKind.MESSAGE, EntryKind.JOINED, EntryKind.MESSAGE, EntryKind.MESSAGE, EntryKind.ENDED]
    assert (await house.interaction(eve.token)).state is InteractionState.CLOSED
    item = await house.store.work.for_interaction(house.org_id, interaction.id)
    assert item is not None
    assert item.state is WorkState.WRAPUP


async def test_a_repeated_message_is_acknowledged_again_and_appended_once(house: House) -> None:
    await house.staff()
    async with visiting(house) as eve:
        await eve.open("")
        first, again = await eve.say("one", "c-1"), await eve.say("one", "c-1")
        assert first == again
    assert len(await house.transcript_of(await house.interaction(eve.token))) == 1


async def test_who_comes_back_keeps_his_name(house: House) -> None:
    await house.staff()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.interaction(eve.token)
    heard = house.hub.subscribe(house.org_id, interaction.id)
    async with visiting(house, token=eve.token) as again:
        await again.resume()
        await again.send(type="typing", on=True)
        await again.say("me again")
    async with visiting(house, token=eve.token) as anew:
        await anew.open("and again", form={"name": ""}, client_id="third")
        await anew.expect("ack", client_id="third")
    assert [(one.body, one.author_name) for one in await house.transcript_of(interaction)] == [
        ("hello", "Eve"),
        ("me again", "Eve"),
        ("and again", "Eve"),
    ]
    names: set[str] = set()
    async with asyncio.timeout(60):
        while not names:
            signal = await heard.get()
            names |= {signal.name} if isinstance(signal, Typing) else set()
    heard.close()
    assert names == {"Eve"}


async def change_configuration(house: House, **changes: object) -> None:
    """Put another configuration in force, on the board as well."""
    version = house.organisation.version + 1
    house.organisation = replace(house.organisation, version=version, **changes)  # type: ignore[arg-type]
    reply = await house.router.configure(house.organisation, house.users)
    assert reply.ok
    await house.recorder.record(reply.events)


async def begin_to_wait(house: House, eve: Visitor) -> None:
    """Open a chat whose only agent takes a break at once."""
    user = await house.staff()
    await eve.open("hello")
    reply = await house.router.set_status(house.org_id, user, "break")
    await house.recorder.record(reply.events)


async def test_who_waits_in_a_queue_that_is_removed_is_answered(house: House) -> None:
    async with visiting(house) as eve:
        await begin_to_wait(house, eve)
        support = house.organisation.queues["support"]
        house.set_channel(queue="support")
        agents = {login: replace(one, queues=("support",)) for login, one in house.organisation.agents.items()}
        await change_configuration(house, queues={"support": support}, agents=agents)
        await house.sweep.step()
        await house.staff()
        interaction = await house.answer(eve.token)
        await house.say(interaction, "how can I help?")
        await eve.entry("how can I help?")
    kinds = [one.kind for one in await house.transcript_of(interaction)]
    assert kinds == [EntryKind.MESSAGE, EntryKind.TRANSFERRED, EntryKind.JOINED, EntryKind.MESSAGE]


async def test_who_waits_where_channel_and_queue_are_removed_is_told(house: House) -> None:
    async with visiting(house) as eve:
        await begin_to_wait(house, eve)
        interaction = await house.interaction(eve.token)
        await change_configuration(house, queues={"support": house.organisation.queues["support"]}, channels={})
        await house.sweep.step()
        assert (await eve.expect("ended"))["reason"] == "refused"
    assert await house.store.work.for_interaction(house.org_id, interaction.id) is None


async def test_two_tabs_hear_everything_in_the_same_order(house: House) -> None:
    await house.staff()
    token = new_token()
    async with visiting(house, token=token) as one, visiting(house, token=token) as two:
        assert (await one.open("first"))["resumed"] is False
        assert (await two.open(""))["resumed"] is True
        for number in range(20):
            await (one, two)[number % 2].say(f"line {number}")
        for tab in (one, two):
            if "line 19" not in tab.bodies():
                await tab.entry("line 19")
            assert tab.bodies() == ["first", *(f"line {number}" for number in range(20))]


async def test_five_simultaneous_opens_are_one_conversation(house: House) -> None:
    await house.staff()
    token = new_token()

    async def one(number: int) -> str:
        async with visiting(house, token=token) as tab:
            form = {"name": "Eve", "email": "eve@shop.example", "topic": ""}
            opened = await tab.open(f"body {number}", form=form, client_id=f"c-{number}")
            await tab.expect("ack")
            return str(opened["session"]["interaction_id"])

    assert len(set(await asyncio.gather(*(one(number) for number in range(5))))) == 1
    interaction = await house.interaction(token)
    bodies = sorted(one.body for one in await house.transcript_of(interaction))
    assert bodies == [f"body {number}" for number in range(5)]
    assert len(await house.store.customers.list(house.org_id, text="", limit=10)) == 1
    assert len(await house.store.work.list(house.org_id, state=None, queue=None, limit=10, before_id="")) == 1


async def test_internal_lines_never_reach_the_visitor_live_or_later(house: House) -> None:
    await house.staff()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)
        note = Draft(kind=EntryKind.NOTE, author=Author.AGENT, client_id="n", body="secret")
        await house.transcript.append(house.org_id, interaction.id, note)
        await house.say(interaction, "public")
        await eve.entry("public")
    async with visiting(house, token=eve.token) as again:
        await again.resume()
        await again.entry("public")
    for tab in (eve, again):
        assert tab.bodies() == ["hello", "public"]
        assert [f["entry"]["seq"] for f in tab.frames if f["type"] == "entry"] == [1, 2, 4]


async def test_receipts_go_both_ways_and_are_coalesced(house: House) -> None:
    await house.staff()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)
        seq = 0
        for number in range(10):
            seq = (await house.say(interaction, f"line {number}")).seq
            await eve.entry(f"line {number}")
            await eve.send(type="received", seq=seq)
        await eve.send(type="read", seq=seq)
        await house.transcript.agent_mark(house.org_id, interaction.id, read_seq=1)
        assert await eve.expect("receipt") == {"type": "receipt", "received_seq": 1, "read_seq": 1}
        await eve.send(type="ping")
        await eve.expect("pong")

    async def marked() -> bool:
        found = await house.interaction(eve.token)
        return (found.delivered_seq, found.read_seq) == (seq, seq)

    await until(marked)


async def test_typing_is_passed_on_but_not_every_keystroke(house: House) -> None:
    await house.staff()
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.answer(eve.token)
        listener = house.hub.subscribe(house.org_id, interaction.id)
        for _ in range(20):
            await eve.send(type="typing", on=True)
        await eve.send(type="typing", on=False)
        await eve.say("done")
        house.transcript.typing(house.org_id, interaction.id, Author.AGENT, name="Ana", on=True)
        assert await eve.expect("typing") == {"type": "typing", "on": True, "name": "Ana"}
        heard = [await listener.get() for _ in range(3)]
        assert [getattr(one, "on", None) for one in heard] == [True, False, None]


async def test_a_waiting_visitor_learns_his_place(house: House) -> None:
    await house.staff("ana")
    async with visiting(house) as busy, visiting(house) as one, visiting(house) as two, visiting(house) as three:
        await busy.open()
        await house.answer(busy.token)
        for visitor in (one, two, three):
            await visitor.open()
        await house.positions.step()
        place = (await two.expect("position"))["position"]
        assert place >= 1
        assert (await three.expect("position"))["position"] == place + 1
        await two.send(type="end")
        await two.expect("ended")
        await house.positions.step()
        await house.positions.step()
        assert (await three.expect("position"))["position"] == place
        await busy.say("still here")
    assert not [frame for frame in busy.frames if frame["type"] == "position"]


async def test_nobody_there_offers_the_form_and_it_becomes_a_case(house: House) -> None:
    async with visiting(house) as eve:
        offline = await eve.open("hello")
        assert offline["type"] == "offline"
        assert offline["reason"] == "unstaffed"
        assert "email" in offline["form"]
        form = {"name": "Eve", "email": "eve@shop.example", "topic": "order"}
        for _ in range(2):
            await eve.send(type="leave", v=1, token=eve.token, locale="en", form=form, client_id="c", body="call me")
            assert (await eve.expect("left_message"))["case_number"] == 1
    cases = await listed(house.store, house.org_id)
    assert [one.subject for one in cases] == ["call me"]
    assert await house.store.work.list(house.org_id, state=None, queue=None, limit=10, before_id="") == []


async def test_a_second_message_is_not_said_to_be_left_where_it_was_not_kept(house: House) -> None:
    async with visiting(house) as eve:
        await eve.send(type="leave", v=1, token=eve.token, client_id="first", body="call me")
        await eve.expect("left_message")
        await eve.send(type="leave", v=1, token=eve.token, client_id="second", body="or write to me")
        assert (await eve.expect("error"))["slug"] == "interaction-closed"


async def test_the_channel_describes_itself(house: House) -> None:
    info = await house.channel.info(house.org_id, "web")
    assert info["state"] == "unstaffed"
    await house.staff()
    info = await house.channel.info(house.org_id, "web")
    assert info["state"] == "open"
    assert info["topics"] == [
        {"key": "order", "name": "My order", "names": {}},
        {"key": "bill", "name": "My bill", "names": {}},
    ]
    several = {"channels.web.greeting": {"zh-CN": "欢迎"}, "channels.web.topics.bill": {"zh-CN": "账单"}}
    house.organisation = replace(house.organisation, translations=several)
    info = await house.channel.info(house.org_id, "web")
    assert info["greetings"] == {"zh-CN": "欢迎"}
    assert [one["names"] for one in info["topics"]] == [{}, {"zh-CN": "账单"}]  # type: ignore[attr-defined]


async def test_stopping_closes_sockets_so_that_visitors_come_back(house: House) -> None:
    await house.staff()
    async with visiting(house) as eve:
        await eve.open()
        await house.channel.stop()
        assert await eve.closed() == 1012
    assert len(house.channel) == 0
    assert not house.presence._sockets
