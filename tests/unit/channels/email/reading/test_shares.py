"""Readers are lent in turn: whose mail is slow, or comes in floods, holds up no others'."""

import asyncio

from engine.channels.email.reading.shares import Shares, in_turn


async def settled() -> None:
    """Let everybody run who can."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_who_has_none_comes_before_who_has_some() -> None:
    shares = Shares(["one", "two"])
    assert {await shares.get("flood"), await shares.get("flood")} == {"one", "two"}
    more = [asyncio.create_task(shares.get("flood")) for _ in range(3)]
    other = asyncio.create_task(shares.get("small"))
    await settled()
    shares.give_back("one", "flood")
    await settled()
    assert other.result() == "one"
    assert not any(one.done() for one in more)
    shares.give_back("one", "small")
    shares.give_back("two", "flood")
    await settled()
    assert [one.done() for one in more] == [True, True, False]
    shares.give_back("one", "flood")
    assert await more[2] == "one"


async def test_equals_take_turns() -> None:
    shares = Shares(["one"])
    order: list[str] = []

    async def use(whose: str) -> None:
        thing = await shares.get(whose)
        order.append(whose)
        await asyncio.sleep(0)
        shares.give_back(thing, whose)

    await asyncio.gather(*(use(whose) for whose in ("a", "a", "a", "b", "c", "b")))
    assert order == ["a", "b", "c", "a", "b", "a"]


async def test_who_is_cancelled_keeps_nothing() -> None:
    shares = Shares(["one"])
    thing = await shares.get("a")
    waiting, lent = asyncio.create_task(shares.get("b")), asyncio.create_task(shares.get("c"))
    await settled()
    waiting.cancel()
    await settled()
    shares.give_back(thing, "a")  # to c, who is cancelled before he has looked
    lent.cancel()
    await asyncio.gather(waiting, lent, return_exceptions=True)
    assert await shares.get("d") == "one"


def test_lines_are_merged_in_turn() -> None:
    assert list(in_turn({"a": [1, 2, 3], "b": [4], "c": [5, 6], "d": []})) == [1, 4, 5, 2, 6, 3]
    assert list(in_turn({})) == []
