"""Sets of documents are what sets of numbers are; facets of a time hold it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.store.full_text import facets
from engine.store.full_text.bits import (
    BLOCK,
    both,
    decode,
    docs_of,
    either,
    encode,
    encode_places,
    falling,
    less,
    size,
    united,
)

PLACES = st.one_of(
    st.sets(st.integers(0, BLOCK - 1), max_size=60),
    st.integers(0, BLOCK).map(lambda count: set(range(count))),
    st.integers(1, 9).map(lambda step: set(range(0, BLOCK, step))),
)
NUMBERS = st.sets(st.integers(0, 4 * BLOCK), max_size=40)
DAY_MS = 86_400_000
LATEST_MS = 253_402_300_799_000


@given(PLACES)
def test_a_block_is_kept_as_it_is(places: set[int]) -> None:
    bits = sum(1 << place for place in places)
    assert decode(encode(bits)) == bits
    assert decode(encode_places(sorted(places))) == bits
    assert len(encode(bits)) <= BLOCK // 8 + 1


@given(st.lists(st.tuples(st.integers(0, 2), PLACES), max_size=6))
def test_kept_sets_are_united_block_by_block(kept: list[tuple[int, set[int]]]) -> None:
    wanted = either(*({block: sum(1 << place for place in places)} for block, places in kept))
    found = united((block, encode_places(sorted(places))) for block, places in kept)
    assert {block: bits for block, bits in found.items() if bits} == {b: bits for b, bits in wanted.items() if bits}


@given(NUMBERS, NUMBERS, st.integers(0, 4 * BLOCK + 1))
def test_sets_are_sets(one: set[int], other: set[int], below: int) -> None:
    first, second = docs_of(one), docs_of(other)
    assert list(falling(both(first, second), below=1 << 62)) == sorted(one & other, reverse=True)
    assert list(falling(either(first, second), below=1 << 62)) == sorted(one | other, reverse=True)
    assert list(falling(less(first, second), below=1 << 62)) == sorted(one - other, reverse=True)
    assert list(falling(first, below=below)) == sorted((doc for doc in one if doc < below), reverse=True)
    assert size(first) == len(one)


@given(st.integers(0, LATEST_MS), st.integers(1, 4_000 * DAY_MS), st.integers(-DAY_MS, 4_000 * DAY_MS))
def test_facets_between_two_times_hold_what_is_between_and_no_other_day(begin: int, length: int, offset: int) -> None:
    end, at_ms = min(begin + length, LATEST_MS), min(max(0, begin + offset), LATEST_MS)
    held = bool(set(facets.of_time(at_ms)) & set(facets.between(begin, end)))
    if begin <= at_ms < end:
        assert held
    if at_ms // DAY_MS < begin // DAY_MS or at_ms // DAY_MS > max(begin, end - 1) // DAY_MS:
        assert not held


def test_a_long_time_is_looked_up_by_months() -> None:
    begin = datetime(2025, 1, 17, tzinfo=UTC)
    names = facets.between(*(int(one.timestamp() * 1000) for one in (begin, begin + timedelta(days=365))))
    assert sum(name.startswith("month:") for name in names) == 11
    assert len(names) == 11 + 15 + 16
