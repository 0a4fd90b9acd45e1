"""Which refusals mean "not now", and which of them may be answered by asking again."""

import pytest
from redis._parsers import BaseParser
from redis.exceptions import RedisError

from engine.errors import Unavailable
from engine.valkey.cluster import _may_repeat
from engine.valkey.pipe import Unreached
from engine.valkey.refusal import refused, unavailable


def answer(text: str) -> RedisError:
    error = BaseParser.parse_error(text)  # type: ignore[no-untyped-call] # redis-py leaves it untyped
    assert isinstance(error, RedisError)
    return error


@pytest.mark.parametrize(
    ("text", "repeat"),
    [
        ("LOADING Valkey is loading the dataset in memory", True),
        ("READONLY You can't write against a read only replica.", True),
        ("CLUSTERDOWN The cluster is down", True),
        ("CLUSTERDOWN Hash slot not served", True),
        ("MASTERDOWN Link with MASTER is down", True),
        ("TRYAGAIN Multiple keys request during rehashing of slot", True),
        ("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", True),
        ("ASK 3999 127.0.0.1:6381", True),
        ("OOM command not allowed when used memory > 'maxmemory'.", False),
        ("MISCONF Errors writing to the AOF file: No space left on device", False),
        ("BUSY Valkey is busy running a script.", False),
    ],
)
def test_not_now(text: str, repeat: bool) -> None:
    assert isinstance(refused(answer(text)), Unavailable)
    assert _may_repeat(answer(text)) is repeat


@pytest.mark.parametrize(
    "text",
    [
        "ERR Function not found",
        "CROSSSLOT Keys in request don't hash to the same slot",
        "NOPERM User ada has no permissions to run the 'fcall' command",
        "WRONGTYPE Operation against a key holding the wrong kind of value script: on @user_function:3.",
    ],
)
def test_a_fault(text: str) -> None:
    assert refused(answer(text)).slug == "board-fault"
    assert not _may_repeat(answer(text))


def test_what_a_function_met_in_its_midst_is_not_repeated() -> None:
    assert not _may_repeat(answer("READONLY You can't write against a read only replica. script: on @user_function:3."))


def test_a_lost_connection_is_repeated_only_when_nothing_was_sent() -> None:
    assert _may_repeat(unavailable(Unreached("Connection refused")))
    assert not _may_repeat(unavailable(TimeoutError()))
    assert unavailable(Unreached("x")).slug == "board-unavailable"
