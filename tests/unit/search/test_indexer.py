"""When the indexer works, and when it lets people go first."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.search.indexer import BULK, EVERY_S, HOT, LIVE, PATIENCE_MS, REST, SearchIndexer


@dataclass
class Took:
    documents: int
    oldest_ms: int
    more: bool


class World:
    """A clock and an index, to which ``rate`` changes a second come; taking in takes ``took_ms``."""

    def __init__(self, *, rate: float, took_ms: int = 100) -> None:
        self.rate, self.took_ms = rate, took_ms
        self.ms, self.came, self.sizes = 1_000_000, 0.0, list[int]()

    def now_ms(self) -> int:
        return self.ms

    def pass_s(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)
        self.came += self.rate * seconds

    async def newest(self) -> int:
        return int(self.came)

    async def organisations(self) -> list[str]:
        return ["org"]

    async def take_in(self, org_id: str, *, words_of: Callable[[str], set[str]], most: int) -> Took:
        self.sizes.append(most)
        self.pass_s(self.took_ms / 1000)
        return Took(documents=most, oldest_ms=self.ms, more=True)

    async def tidy(self, org_id: str) -> bool:
        return False


async def run(world: World, seconds: float) -> list[float]:
    """Play the role for a time; return its rests."""
    indexer = SearchIndexer(index=world, clock=world)
    rests, end = list[float](), world.ms + seconds * 1000
    while world.ms < end:
        world.pass_s(EVERY_S)  # what else the loop does
        rests.append(await indexer.step())
        world.pass_s(rests[-1])
    return rests


async def test_in_quiet_times_all_that_waits_is_taken_in_at_once() -> None:
    world = World(rate=HOT / 2)
    rests = await run(world, 10)
    assert set(rests) == {0.0}
    assert world.sizes[0] == LIVE
    assert set(world.sizes[1:]) == {BULK}


async def test_while_much_is_written_it_waits_and_then_goes_slowly() -> None:
    world = World(rate=HOT * 4)
    await run(world, PATIENCE_MS / 1000 - 5)
    assert world.sizes == []
    rests = await run(world, PATIENCE_MS / 1000 + 20)
    assert world.sizes
    assert set(world.sizes) == {LIVE}
    assert rests[-1] == REST * world.took_ms / 1000
    world.rate = 0
    before = len(world.sizes)
    await run(world, 2)
    assert len(world.sizes) > before
