"""The hub: everybody hears, nobody holds back another, and what is dropped is announced."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engine.conversations.fanout import decode, encode
from engine.conversations.hub import BOUND, Hub
from engine.model.conversation import Author, Entry, EntryKind
from engine.model.signal import Behind, EntryAppended, Receipt, Signal, Typing, VisitorOnline


def entry(seq: int, interaction_id: str = "i") -> Entry:
    return Entry(
        id=f"e{seq}", interaction_id=interaction_id, seq=seq, kind=EntryKind.MESSAGE, author=Author.VISITOR,
        body="hello", at_ms=seq, data={"a": [1, {"b": None}]},
    )  # fmt: skip


async def test_every_listener_of_the_conversation_hears_and_nobody_else() -> None:
    hub = Hub()
    one, two, other = hub.subscribe("o", "i"), hub.subscribe("o", "i"), hub.subscribe("o", "j")
    signal = EntryAppended(org_id="o", entry=entry(1))
    hub.publish(signal)
    hub.publish(Typing(org_id="o", interaction_id="j", who=Author.AGENT, on=True))
    assert await one.get() is signal
    assert await two.get() is signal
    assert isinstance(await other.get(), Typing)
    assert hub.known_seq("i") == 1


async def test_one_inbox_follows_several_conversations() -> None:
    hub = Hub()
    inbox = hub.inbox()
    inbox.follow("i")
    inbox.follow("j")
    hub.publish(EntryAppended(entry=entry(1, "j")))
    inbox.unfollow("j")
    hub.publish(EntryAppended(entry=entry(2, "j")))
    hub.publish(EntryAppended(entry=entry(1, "i")))
    heard = [await inbox.get(), await inbox.get()]
    assert [one.interaction_id for one in heard] == ["j", "i"]


async def test_a_listener_waits_and_cancellation_loses_nothing() -> None:
    hub = Hub()
    listener = hub.subscribe("o", "i")
    waiting = asyncio.create_task(listener.get())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    hub.publish(EntryAppended(entry=entry(1)))
    assert (await listener.get()).interaction_id == "i"


async def test_a_slow_listener_is_told_that_it_is_behind_and_keeps_the_last_receipts() -> None:
    hub = Hub()
    slow, quick = hub.subscribe("o", "i"), hub.subscribe("o", "i")
    for seq in range(1, BOUND + 2):
        hub.publish(Receipt(interaction_id="i", who=Author.AGENT, received_seq=seq, read_seq=seq))
        hub.publish(EntryAppended(entry=entry(seq)))
        assert isinstance(await quick.get(), Receipt)
        assert isinstance(await quick.get(), EntryAppended)
    heard: list[Signal] = []
    while slow._waiting:
        heard.append(await slow.get())
    assert len(heard) < BOUND
    assert isinstance(heard[0], Behind)
    receipts = [one.read_seq for one in heard if isinstance(one, Receipt)]
    assert receipts == sorted(receipts)
    assert receipts[-1] == BOUND + 1


async def test_nothing_is_kept_for_conversations_without_listeners() -> None:
    hub = Hub()
    hub.publish(EntryAppended(entry=entry(1)))
    listener = hub.subscribe("o", "i")
    listener.close()
    listener.close()
    hub.publish(EntryAppended(entry=entry(2)))
    assert hub.followed() == []
    assert hub.known_seq("i") == 0
    assert not hub._listeners
    assert not hub._known


async def test_a_frame_is_encoded_once_per_audience() -> None:
    signal, calls = EntryAppended(entry=entry(1)), []

    def encode_it(one: Entry) -> str:
        calls.append(one)
        return one.body

    assert {signal.frame("visitor", encode_it) for _ in range(3)} == {"hello"}
    assert signal.frame("agent", encode_it) == "hello"
    assert len(calls) == 2


@given(st.integers(min_value=1, max_value=2**53), st.booleans(), st.text(max_size=20))
def test_signals_travel_between_processes_unchanged(seq: int, on: bool, name: str) -> None:
    signals: list[Signal] = [
        EntryAppended(org_id="o", entry=entry(seq)),
        Typing(org_id="o", interaction_id="i", who=Author.AGENT, name=name, on=on),
        Receipt(interaction_id="i", who=Author.VISITOR, received_seq=seq, read_seq=1),
        VisitorOnline(org_id="o", interaction_id="i", online=on),
    ]
    assert decode(encode("p1", signals)) == ("p1", signals)
