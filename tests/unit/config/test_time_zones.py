"""Time zones are known on machines that have none themselves, such as slim containers."""

import zoneinfo
from collections.abc import Iterator

import pytest


@pytest.fixture
def bare_machine() -> Iterator[None]:
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.parametrize("name", ["Europe/Berlin", "Asia/Shanghai", "America/Sao_Paulo"])
@pytest.mark.usefixtures("bare_machine")
def test_a_time_zone_needs_nothing_of_the_machine(name: str) -> None:
    assert zoneinfo.ZoneInfo.no_cache(name).key == name
