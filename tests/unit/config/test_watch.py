"""Changed files are handed on when they are valid; else what is in force stays."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from engine.config.compile import load
from engine.config.snapshot import pack
from engine.config.watch import LOOK_EVERY_S, SETTLE_S, ConfigurationWatch
from engine.errors import Unavailable
from engine.model.organisation import Organisation
from tests.unit.config.conftest import SMALL, write


class Hand:
    """A clock by hand."""

    def __init__(self) -> None:
        self.at = 1_000

    def now_ms(self) -> int:
        return self.at


class Taker:
    """Keep what is handed on; fail as often as told."""

    def __init__(self) -> None:
        self.taken: list[Organisation] = []
        self.failures = 0

    async def __call__(self, organisation: Organisation) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the database is away")
        self.taken.append(organisation)


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def watch(tmp_path: Path, taker: Taker) -> ConfigurationWatch:
    write(tmp_path, {})
    digest = pack(load(tmp_path)).digest
    return ConfigurationWatch(directory=tmp_path, org_id="small", in_force=digest, on_change=taker, clock=Hand())


async def settle(watch: ConfigurationWatch) -> None:
    assert await watch.step() == SETTLE_S
    assert await watch.step() == LOOK_EVERY_S


def rename(directory: Path, name: str) -> None:
    (directory / "organisation.yaml").write_text(SMALL["organisation.yaml"].replace("name: Small", f"name: {name}"))


async def test_what_is_in_force_is_not_handed_on(watch: ConfigurationWatch, taker: Taker) -> None:
    await settle(watch)
    assert await watch.step() == LOOK_EVERY_S
    assert taker.taken == []
    assert watch.status.error == ""


async def test_a_change_is_handed_on_once(watch: ConfigurationWatch, taker: Taker, tmp_path: Path) -> None:
    await settle(watch)
    rename(tmp_path, "Renamed")
    await settle(watch)
    await watch.step()
    assert [organisation.name for organisation in taker.taken] == ["Renamed"]
    assert watch.status.digest == pack(taker.taken[0]).digest


async def test_several_files_are_taken_together(watch: ConfigurationWatch, taker: Taker, tmp_path: Path) -> None:
    await settle(watch)
    (tmp_path / "queues.yaml").write_text("queues: {general: {name: G, skills: {german: 1}}}")
    assert await watch.step() == SETTLE_S
    (tmp_path / "skills.yaml").write_text("skills: {english: {name: E}, german: {name: D}}")
    await settle(watch)
    assert len(taker.taken) == 1


async def test_an_invalid_change_changes_nothing(watch: ConfigurationWatch, taker: Taker, tmp_path: Path) -> None:
    await settle(watch)
    (tmp_path / "queues.yaml").write_text("queues: {general: {nme: G}}")
    with capture_logs() as logs:
        await settle(watch)
        await watch.step()
    assert taker.taken == []
    assert "queues.yaml:1" in watch.status.error
    assert [line["log_level"] for line in logs] == ["error"]
    write(tmp_path, {})
    await settle(watch)
    assert watch.status.error == ""
    assert taker.taken == []


async def test_a_comment_is_no_change(watch: ConfigurationWatch, taker: Taker, tmp_path: Path) -> None:
    await settle(watch)
    (tmp_path / "rules.yaml").write_text("# nothing yet\nrules: []\n")
    await settle(watch)
    assert taker.taken == []


async def test_what_could_not_be_taken_is_handed_on_again(
    watch: ConfigurationWatch, taker: Taker, tmp_path: Path
) -> None:
    await settle(watch)
    rename(tmp_path, "Renamed")
    taker.failures = 1
    await watch.step()
    with pytest.raises(Unavailable):
        await watch.step()
    assert await watch.step() == LOOK_EVERY_S
    assert len(taker.taken) == 1


async def test_another_organisation_is_refused(watch: ConfigurationWatch, taker: Taker, tmp_path: Path) -> None:
    await settle(watch)
    (tmp_path / "organisation.yaml").write_text(SMALL["organisation.yaml"].replace("id: small", "id: large"))
    await settle(watch)
    assert taker.taken == []
    assert "'small' to 'large'" in watch.status.error


async def test_a_directory_that_vanishes_is_an_error(watch: ConfigurationWatch, taker: Taker, tmp_path: Path) -> None:
    await settle(watch)
    for file in tmp_path.iterdir():
        file.unlink()
    await settle(watch)
    assert "no *.yaml" in watch.status.error
    assert taker.taken == []


def test_it_has_a_name(watch: ConfigurationWatch, tmp_path: Path) -> None:
    assert watch.name == f"configuration-watch:{tmp_path.name}"
