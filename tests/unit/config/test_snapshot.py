"""A snapshot is the same bytes everywhere, and the same organisation afterwards."""

import dataclasses
import subprocess
import sys

import pytest

from engine.config.compile import load
from engine.config.samples import demo_directory
from engine.config.snapshot import pack, unpack
from engine.errors import ConfigurationError
from engine.model.organisation import (
    AgentOrder,
    KindRule,
    Organisation,
    Overflow,
    OverflowTo,
    Pressure,
    RelaxationStep,
    ServiceLevel,
)

PRINT_DIGEST = """
from engine.config.compile import load
from engine.config.samples import demo_directory
from engine.config.snapshot import pack
print(pack(load(demo_directory())).digest)
"""


@pytest.fixture
def demo() -> Organisation:
    return load(demo_directory())


def test_there_and_back(demo: Organisation) -> None:
    packed = pack(demo)
    again = unpack(packed.compiled, version=7)
    assert again == dataclasses.replace(demo, version=7)
    assert list(again.queues) == list(demo.queues)
    assert pack(again) == packed


def test_every_kind_of_option_comes_back(demo: Organisation) -> None:
    queue = dataclasses.replace(
        demo.queues["general"],
        order=AgentOrder.LEAST_LOADED,
        relaxation=(RelaxationStep(after_ms=100, lower={"a": 1}, drop=frozenset({"c", "b"}), widen=("sales",)),),
        overflow={Pressure.FULL: OverflowTo(to="sales"), Pressure.CLOSED: OverflowTo(do=Overflow.MESSAGE)},
        service_level=ServiceLevel(percent=80, within_ms=1_000),
    )
    ana = dataclasses.replace(demo.agents["ana"], ranks={"sales": 2})
    changed = dataclasses.replace(demo, queues={"general": queue}, agents={"ana": ana}, kinds={"x": KindRule()})
    assert unpack(pack(changed).compiled, version=0) == changed


def test_the_digest_is_the_same_in_every_process(demo: Organisation) -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", PRINT_DIGEST],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {pack(demo).digest}


def test_any_change_changes_the_digest(demo: Organisation) -> None:
    assert pack(dataclasses.replace(demo, name="Other")).digest != pack(demo).digest
    assert pack(dataclasses.replace(demo, version=9)).digest == pack(demo).digest


def test_older_bytes_without_a_new_field_are_read(demo: Organisation) -> None:
    compiled = pack(demo).compiled.replace(b'"lease_ms":20000', b'"gone_in_a_later_version":1')
    assert unpack(compiled, version=1).lease_ms == 20_000


@pytest.mark.parametrize(
    "compiled", [b"", b"{", b"[]", b'{"format":1}', b'{"format":1,"organisation":{}}', b"\xff\xfe"]
)
def test_damaged_bytes_are_refused(compiled: bytes) -> None:
    with pytest.raises(ConfigurationError, match="snapshot 3 cannot be read"):
        unpack(compiled, version=3)


def test_another_format_is_refused(demo: Organisation) -> None:
    compiled = pack(demo).compiled.replace(b'{"format":1', b'{"format":2')
    with pytest.raises(ConfigurationError, match="format 2, not 1"):
        unpack(compiled, version=3)
