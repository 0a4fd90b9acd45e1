"""Slots of keys and commands, and the map that a cluster tells."""

import pytest

from engine.valkey.client import events_key, meta_key
from engine.valkey.pipe import Command
from engine.valkey.slots import CLOCK_SLOT, read_slots, slot_of, slot_of_key


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        ("123456789", 0x31C3),  # the cluster specification's own example
        ("foo", 12182),
        ("{foo}.bar", 12182),
        ("a{foo}b{bar}", 12182),
        ("foo{}", slot_of_key(b"foo{}")),  # an empty tag is none
        ("{}", 15257),
        ("foo{{bar}}zap", slot_of_key("{bar")),
        ("{foo", slot_of_key(b"{foo")),
    ],
)
def test_slot_of_a_key(key: str, slot: int) -> None:
    assert slot_of_key(key) == slot_of_key(key.encode()) == slot


def test_an_organisation_has_one_slot() -> None:
    assert slot_of_key(meta_key("acme")) == slot_of_key(events_key("acme")) == slot_of_key("acme")


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("GET", "k"), "k"),
        (("FCALL", "f", 1, "k", "x"), "k"),
        (("EVAL", "return 1", 2, "{k}", "{k}:last", 9), "k"),
        (("XREAD", "COUNT", 5, "BLOCK", 100, "STREAMS", "k", "0-0"), "k"),
        (("XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"), "k"),
        (("XINFO", "STREAM", "k"), "k"),
        (("SPUBLISH", "k", b"payload"), "k"),
        (("XTRIM", "k", "MINID", "~", "0-0"), "k"),
    ],
)
def test_a_command_goes_where_its_first_key_lies(command: Command, key: str) -> None:
    assert slot_of(command) == slot_of_key(key)


@pytest.mark.parametrize(
    "command", [("TIME",), ("PING",), ("FUNCTION", "LOAD", "x"), ("EVAL", "return 1", 0), ("CLUSTER", "INFO")]
)
def test_commands_without_a_key_have_one_place(command: Command) -> None:
    assert slot_of(command) == CLOCK_SLOT


def test_the_map() -> None:
    answer = [
        [0, 99, ["10.0.0.1", 6379, "id1", []], ["10.0.0.2", 6380, "id2", []]],
        [100, 200, ["", 7000, "id3"]],
        [201, 201, [None, 7001, "id4", ["hostname", "b"]], ["?", 7002, "id5"]],
    ]
    assert list(read_slots(answer, "asked")) == [
        (0, 99, ("10.0.0.1", 6379), (("10.0.0.2", 6380),)),
        (100, 200, ("asked", 7000), ()),
        (201, 201, ("asked", 7001), (("asked", 7002),)),
    ]
