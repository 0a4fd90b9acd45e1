"""A running engine with people in it, who all go home after each test, so that tests may share the engine."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from tests.acceptance.agent import Agent, SignedIn
from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import EngineProcess, until
from tests.acceptance.peer import Frame
from tests.acceptance.visitor import Visitor


class Shop:
    """Bring people in and see them out."""

    def __init__(self, engine: EngineProcess, **changes: str) -> None:
        self.engine = engine
        self._changes = changes
        self._people: dict[str, SignedIn] = {}
        self._visitors: list[Visitor] = []
        self._agents: list[Agent] = []

    def visitor(self, *, token: str = "", url: str = "", channel: str = "web", origin: str | None = None) -> Visitor:
        """Return a visitor who has not entered yet."""
        one = Visitor(url or self.engine.url, token=token, channel=channel, origin=origin)
        self._visitors.append(one)
        return one

    def agent(self, login: str, *, status: str = "available") -> Agent:
        """Return an agent who has sat down."""
        one = Agent(self.person(login))
        self._agents.append(one)
        return one.sit_down(status)

    def window(self, person: SignedIn) -> Agent:
        """Return a further, closed window of somebody."""
        one = Agent(person)
        self._agents.append(one)
        return one

    def person(self, login: str) -> SignedIn:
        """Return somebody signed in; the session lasts for the engine's life."""
        if login not in self._people:
            self._people[login] = SignedIn.by_password(self.engine.url, login, self.engine.logins[login])
        return self._people[login]

    @property
    def boss(self) -> SignedIn:
        """Return the supervisor."""
        return self.person("sue")

    def work_of(self, visitor: Visitor) -> Frame:
        """Return the visitor's work item as the record has it."""
        overview: Frame = self.boss.get(f"/interactions/{visitor.interaction_id}")
        item: Frame = overview["item"]
        return item

    def events_of(self, item_id: str) -> list[Frame]:
        """Return what happened to a work item."""
        events: list[Frame] = self.boss.get(f"/work-items/{item_id}/events")["items"]
        return events

    def kinds_of(self, item_id: str) -> list[str]:
        """Return the kinds of a work item's events."""
        return [one["kind"] for one in self.events_of(item_id)]

    def transcript(self, visitor: Visitor) -> list[Frame]:
        """Return a conversation as the record has it."""
        entries: list[Frame] = self.boss.get(f"/interactions/{visitor.interaction_id}/entries", after_seq="0")["items"]
        return entries

    def expect_load(self, **units: int) -> None:
        """Wait until the wallboard, which may be half a second old, shows so many units in use, by log-in."""
        names = {login: self.person(login).get("/me")["user"]["name"] for login in units}
        wanted = {names[login]: used for login, used in units.items()}
        until(lambda: _as_wanted(self._loads(), wanted), what=f"load {units}")

    def expect_queue(self, key: str, **counts: int) -> None:
        """Wait until the wallboard shows a queue so."""
        until(lambda: _as_wanted(self._queue(key), counts), what=f"queue {key}: {counts}")

    def _loads(self) -> dict[str, int]:
        return {one["name"]: one["used"] for one in self.boss.get("/board")["agents"]}

    def _queue(self, key: str) -> Frame:
        return next(one for one in self.boss.get("/board")["queues"] if one["key"] == key)

    @contextlib.contextmanager
    def configured(self, **changes: str) -> Iterator[None]:
        """Let other values be in force for a while."""
        self._rewrite(**(self._changes | changes))
        yield
        self._rewrite(**self._changes)

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a configuration file as an editor does; within ``restored``."""
        path = self.engine.config / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is not there once"
        changed = path.with_suffix(".new")
        changed.write_text(text.replace(old, new))
        changed.replace(path)

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """Let a test edit the files; afterwards write them as they were and wait until that is in force."""
        original = self._newest()["digest"]
        yield
        write_configuration(self.engine.config, **self._changes)
        until(lambda: self._newest()["digest"] == original, what="the files as they were")
        until(lambda: self._newest()["version"] == self.version(), what="in force")

    def _newest(self) -> Frame:
        newest: Frame = self.person("ada").get("/configuration/versions")["items"][0]
        return newest

    def version(self) -> int:
        """Return the number of the configuration in force."""
        return int(self.boss.get("/organisation")["version"])

    def _rewrite(self, **changes: str) -> None:
        before = self.version()
        write_configuration(self.engine.config, **changes)
        until(lambda: self.version() > before, what="another configuration in force")

    def metric(self, name: str) -> float:
        """Return the sum of a metric's samples."""
        text = httpx.get(f"{self.engine.url}/metrics", timeout=60).text
        return sum(float(value) for value in re.findall(rf"(?m)^{name}(?:{{[^}}]*}})? (\S+)$", text))

    def clear(self) -> None:
        """See everybody out and wait until nothing is waiting or held."""
        for visitor in self._visitors:
            visitor.leave_shop()
        for agent in self._agents:
            agent.stand_up()
            if agent.person not in self._people.values():
                agent.person.close()
        self._visitors.clear()
        self._agents.clear()
        until(self._nothing_open, what="all work closed")

    def close(self) -> None:
        """Close every connection, whatever has become of the engine."""
        for peer in (*self._visitors, *self._agents):
            peer.close()
        for person in (*self._people.values(), *(agent.person for agent in self._agents)):
            person.close()

    def _nothing_open(self) -> bool:
        return all(one["state"] == "closed" for one in self.boss.get("/work-items", limit="200")["items"])


def _as_wanted(found: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    assert wanted.items() <= found.items(), found
    return True


@contextlib.contextmanager
def open_shop(directory: Path, *, settings: Mapping[str, str] | None = None, **changes: str) -> Iterator[Shop]:
    """Run an engine on a fresh directory; ``changes`` are those of the organisation's files."""
    config = write_configuration(directory / "config", **changes)
    with serving(directory / "data", config=config, settings=settings) as engine:
        shop = Shop(engine, **changes)
        try:
            yield shop
        finally:
            shop.close()


@contextlib.contextmanager
def serving(
    data: Path, *, config: Path, settings: Mapping[str, str] | None = None, cold: bool = False
) -> Iterator[EngineProcess]:
    """Run one process of the engine."""
    engine = EngineProcess(data, config=config, settings=settings, cold=cold)
    try:
        engine.start()
        # The demo's passwords are made after the process is ready; then it says where everything is.
        until(lambda: "Cordboard is ready" in engine.log_end(), what="welcome")
        yield engine
    finally:
        engine.close()
