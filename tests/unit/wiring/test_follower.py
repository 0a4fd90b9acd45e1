"""The follower adopts the newest snapshot of every organisation, whatever happens to one of them."""

from collections.abc import Sequence

import pytest

from engine.errors import Unavailable
from engine.model.organisation import Organisation
from engine.model.record import Snapshot
from engine.wiring.organisations import OrganisationBook, SnapshotFollower
from tests.organisations import small_organisation


class Snapshots:
    """Newest version by organisation."""

    def __init__(self) -> None:
        self.versions = {"one": 1, "two": 1}

    async def latest(self, org_id: str) -> Snapshot | None:
        version = self.versions[org_id]
        return Snapshot(org_id=org_id, version=version, digest=str(version), compiled=b"", applied_ms=0)

    async def known(self) -> Sequence[str]:
        return list(self.versions)


class Scene:
    """A follower with what it told."""

    def __init__(self) -> None:
        self.snapshots = Snapshots()
        self.book = OrganisationBook()
        self.adopted: list[tuple[str, int]] = []
        self.broken: set[str] = set()
        self.follower = SnapshotFollower(
            record=self.snapshots, book=self.book, known=self.snapshots.known, load=self.load, adopt=self.adopt
        )

    async def load(self, snapshot: Snapshot) -> Organisation:
        return small_organisation(snapshot.org_id, version=snapshot.version)

    async def adopt(self, organisation: Organisation) -> None:
        if organisation.id in self.broken:
            raise Unavailable("its board is away")
        self.adopted.append((organisation.id, organisation.version))


async def test_each_version_is_adopted_once() -> None:
    scene = Scene()
    await scene.follower.step()
    await scene.follower.step()
    assert scene.adopted == [("one", 1), ("two", 1)]
    scene.snapshots.versions["one"] = 2
    await scene.follower.step()
    assert scene.adopted[2:] == [("one", 2)]
    assert scene.book.get("one").version == 2


async def test_one_that_fails_holds_up_no_other_and_is_tried_again() -> None:
    scene = Scene()
    scene.broken = {"one"}
    with pytest.raises(Unavailable):
        await scene.follower.step()
    assert scene.adopted == [("two", 1)]
    assert [one.id for one in scene.book.all()] == ["two"]
    scene.broken = set()
    await scene.follower.step()
    assert scene.adopted == [("two", 1), ("one", 1)]
