"""Ids sort by time and are version 7."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.ids import make_id

times = st.integers(min_value=0, max_value=2**48 - 1)
noise = st.binary(min_size=10, max_size=10)


@given(times, noise)
def test_an_id_is_a_version_7_uuid_that_carries_its_time(now_ms: int, random_bytes: bytes) -> None:
    value = uuid.UUID(make_id(now_ms, random_bytes))
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    assert value.int >> 80 == now_ms


@given(times, times, noise, noise)
def test_ids_sort_by_time(first: int, second: int, a: bytes, b: bytes) -> None:
    if first < second:
        assert make_id(first, a) < make_id(second, b)


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="ten random bytes"):
        make_id(0, b"short")
