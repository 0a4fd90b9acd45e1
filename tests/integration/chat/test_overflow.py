"""What becomes of visitors whom a queue does not take in, on the real board and the real record."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import Unavailable
from engine.intake.hours import HoursKeeper
from engine.model.conversation import InteractionState
from engine.model.hours import Hours, Period
from engine.model.organisation import (
    ChannelCapacity,
    KindRule,
    Overflow,
    OverflowTo,
    Pressure,
)
from engine.model.work import CALLBACK, Reply, Requirement, WorkItem, WorkState
from tests.contract.store.building import listed
from tests.integration.chat.house import House, Visitor, running_house, until, visiting

NEVER = Hours(periods=())


@pytest.fixture
async def house(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(org, valkey_address, tmp_path) as running:
        yield running


async def sales(house: House, **changes: object) -> None:
    """Change the queue ``sales``, live; every profile takes callbacks."""
    queues = {**house.organisation.queues, "sales": replace(house.organisation.queues["sales"], **changes)}  # type: ignore[arg-type] # a test's keywords
    profiles = {
        key: replace(profile, channels={**profile.channels, CALLBACK: ChannelCapacity()})
        for key, profile in house.organisation.profiles.items()
    }
    house.organisation = replace(house.organisation, queues=queues, profiles=profiles)
    assert (await house.router.configure(house.organisation, house.users)).ok
    await HoursKeeper(queues=house.router, organisations=house, clock=house.clock).step()


async def fill(house: House) -> None:
    """Let one chat wait where one may."""
    filler = WorkItem(id="filler", org_id=house.org_id, kind="chat", queue="sales", requirement=Requirement())
    assert (await house.router.enqueue(filler)).ok


async def item_of(house: House, visitor: Visitor) -> WorkItem:
    interaction = await house.interaction(visitor.token)
    found = [one for one in await house.store.work.list(house.org_id) if one.interaction_id == interaction.id]
    return found[0]


FULL = {
    "message": (OverflowTo(do=Overflow.MESSAGE), "message"),
    "callback": (OverflowTo(do=Overflow.CALLBACK), "callback"),
    "refuse": (OverflowTo(do=Overflow.REFUSE), "full"),
    "unsaid": (None, "full"),
}


async def someone_is_busy(house: House) -> None:
    """Staff the queue with an agent who takes nothing new, so that work waits."""
    await house.staff("ana")
    reply = await house.router.set_status(house.org_id, house.users["ana"], "break")
    assert reply.ok


@pytest.mark.parametrize(("to", "reason"), FULL.values(), ids=FULL.keys())
async def test_a_full_queue_ends_the_conversation(house: House, to: OverflowTo | None, reason: str) -> None:
    await someone_is_busy(house)
    await sales(house, limit_items=1, overflow={Pressure.FULL: to} if to else {})
    await fill(house)
    async with visiting(house) as vera:
        await vera.open("hello")
        assert (await vera.expect("ended"))["reason"] == reason
    item = await item_of(house, vera)
    assert item.state is WorkState.CLOSED
    interaction = await house.interaction(vera.token)
    assert (interaction.state, interaction.close_reason) == (InteractionState.CLOSED, reason)
    assert await house.store.arrivals.pending_items(10, house.clock.now_ms() + 1) == []


async def test_who_is_turned_away_and_leaves_a_message_has_one_case(house: House) -> None:
    await someone_is_busy(house)
    await sales(house, limit_items=1, overflow={Pressure.FULL: OverflowTo(do=Overflow.MESSAGE)})
    await fill(house)
    async with visiting(house) as vera:
        await vera.open("My kettle is broken")
        assert (await vera.expect("ended"))["reason"] == "message"
    form = {"name": "Vera", "email": "vera@x.org"}
    async with visiting(house) as again:
        said = {"token": again.token, "client_id": "c1", "body": "Write to me", "form": form, "after": vera.token}
        await again.send(type="leave", v=1, locale="en", **said)
        number = (await again.expect("left_message"))["case_number"]
    (case,) = await listed(house.store, house.org_id)
    assert case.number == number
    assert {(await house.interaction(one.token)).case_id for one in (vera, again)} == {case.id}


TEXTS = {"en": "Too many are waiting.", "zh-CN": "排队人数过多。"}


@pytest.mark.parametrize(("locale", "text"), [("zh-TW", TEXTS["zh-CN"]), ("en-GB", TEXTS["en"]), ("fr", "Full")])
async def test_the_queue_says_it_in_the_visitors_language(house: House, locale: str, text: str) -> None:
    await someone_is_busy(house)
    await sales(house, limit_items=1, overflow_texts={Pressure.FULL: "Full", Pressure.CLOSED: "Closed"})
    translations = {"queues.sales.overflow_texts.full": TEXTS}
    house.organisation = replace(house.organisation, translations=translations)
    await fill(house)
    async with visiting(house) as vera:
        await vera.open("hello", locale=locale)
        assert await vera.expect("ended") == {"type": "ended", "reason": "full", "text": text}
    async with visiting(house, token=vera.token) as again:
        await again.resume()
        assert (await again.expect("ended"))["text"] == text
    await sales(house, hours=NEVER)
    async with visiting(house) as otto:
        assert (await otto.open("hello", locale=locale))["text"] == "Closed"
    info = await house.channel.info(house.org_id, "web")
    assert (info["text"], info["texts"]) == ("Closed", {})


async def test_what_a_crash_left_pending_is_turned_away_by_the_sweep(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(item: WorkItem) -> Reply:
        raise Unavailable("as if the process died here")

    await someone_is_busy(house)
    await sales(house, limit_items=1, overflow={Pressure.FULL: OverflowTo(do=Overflow.MESSAGE)})
    await fill(house)
    async with visiting(house) as vera:
        with monkeypatch.context() as patch:
            patch.setattr(house.router, "enqueue", away)
            await vera.open("hello")
        assert len(await house.store.arrivals.pending_items(10, house.clock.now_ms() + 1)) == 1
        await house.sweep.step()
        assert (await vera.expect("ended"))["reason"] == "message"
    interaction = await house.interaction(vera.token)
    assert (interaction.state, interaction.close_reason) == (InteractionState.CLOSED, "message")


async def test_another_queue_takes_it_and_counts_it(house: House) -> None:
    await someone_is_busy(house)
    await sales(house, limit_items=1, overflow={Pressure.FULL: OverflowTo(to="support")})
    await fill(house)
    async with visiting(house) as vera:
        await vera.open("hello")
        reply = await house.router.explain(house.org_id, (await item_of(house, vera)).id)
        assert reply["item"]["queue"] == "support"
        await house.recorder.record(await house.router.events(house.org_id, "0-0", 0))
    assert (await item_of(house, vera)).queue == "support"
    statistics = await house.store.routing.service_level(house.org_id, since_ms=0, now_ms=house.clock.now_ms())
    assert statistics["support"].offered == 1


async def test_kinds_that_are_not_refusable_are_never_refused(house: House) -> None:
    await someone_is_busy(house)
    house.organisation = replace(house.organisation, kinds={"chat": KindRule(refusable=False)})
    await sales(house, limit_items=1, overflow={Pressure.FULL: OverflowTo(do=Overflow.REFUSE)})
    await fill(house)
    async with visiting(house) as vera:
        assert (await vera.open("hello"))["type"] == "opened"
        await until(lambda: _state(house, vera, "queued"))


async def _state(house: House, visitor: Visitor, state: str) -> bool:
    explained = await house.router.explain(house.org_id, (await item_of(house, visitor)).id)
    return bool(explained) and explained["item"]["state"] == state


CLOSED = {
    "unsaid": (None, ["name", "email", "topic", "body"]),
    "message": (OverflowTo(do=Overflow.MESSAGE), ["name", "email", "topic", "body"]),
    "callback": (OverflowTo(do=Overflow.CALLBACK), ["name", "email", "phone", "topic", "body"]),
    "refuse": (OverflowTo(do=Overflow.REFUSE), []),
}


@pytest.mark.parametrize(("to", "form"), CLOSED.values(), ids=CLOSED.keys())
async def test_a_closed_queue_says_what_is_offered(house: House, to: OverflowTo | None, form: list[str]) -> None:
    await house.staff("ana")
    await sales(house, hours=NEVER, overflow={Pressure.CLOSED: to} if to else {})
    async with visiting(house) as vera:
        assert await vera.open("hello") == {"type": "offline", "reason": "closed", "form": form}
    assert (await house.channel.info(house.org_id, "web"))["form"] == form


@pytest.mark.parametrize("to", [OverflowTo(to="support"), OverflowTo(do=Overflow.WAIT)], ids=["queue", "wait"])
async def test_a_closed_queue_may_let_visitors_in(house: House, to: OverflowTo) -> None:
    await house.staff("ana")
    await sales(house, hours=NEVER, overflow={Pressure.CLOSED: to})
    async with visiting(house) as vera:
        assert (await vera.open("hello"))["type"] == "opened"
        await until(lambda: _state(house, vera, "offered"))


async def test_a_callback_is_work_for_when_the_queue_opens(house: House) -> None:
    await someone_is_busy(house)
    await sales(house, limit_items=1, overflow={Pressure.FULL: OverflowTo(do=Overflow.CALLBACK)})
    await fill(house)
    async with visiting(house) as vera:
        form = {"name": "Vera", "email": "", "topic": "order", "phone": "+49 30 1234"}
        left = {"token": vera.token, "client_id": "c1", "body": "My order", "form": form, "callback": True}
        for _ in range(2):  # a repeat is the same
            await vera.send(type="leave", v=1, locale="en", **left)
            number = (await vera.expect("left_message"))["case_number"]
            assert number == 1
    await house.recorder.record(await house.router.events(house.org_id, "0-0", 0))
    (item,) = [one for one in await house.store.work.list(house.org_id) if one.kind == CALLBACK]
    assert (item.state, item.queue, item.attributes["phone"]) == (WorkState.QUEUED, "sales", "+49 30 1234")
    assert item.case_id
    assert item.contact_id


async def test_a_callback_asked_for_at_night_waits_for_the_morning(house: House) -> None:
    minute = (house.clock.now_ms() // 60_000) % 1_440
    start = (minute + 60) % 1_440
    hours = Hours(periods=tuple(Period(weekday=day, start_minute=start, end_minute=start + 1) for day in range(7)))
    await sales(house, hours=hours, overflow={Pressure.CLOSED: OverflowTo(do=Overflow.CALLBACK)})
    async with visiting(house) as vera:
        form = {"name": "Vera", "phone": "+49 30 1234"}
        await vera.send(
            type="leave", v=1, locale="en", token=vera.token, client_id="c1", body="Hi", form=form, callback=True
        )
        await vera.expect("left_message")
    await house.recorder.record(await house.router.events(house.org_id, "0-0", 0))
    (item,) = [one for one in await house.store.work.list(house.org_id) if one.kind == CALLBACK]
    assert item.state is WorkState.SCHEDULED
    assert 58 * 60_000 < item.not_before_ms - house.clock.now_ms() <= 60 * 60_000
