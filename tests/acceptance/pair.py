"""Two processes of the engine on one PostgreSQL and one Valkey."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.agent import Agent, SignedIn
from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import EngineProcess
from tests.acceptance.shop import Shop, serving
from tests.acceptance.visitor import Visitor
from tests.servers import running_valkey


@dataclass
class Pair:
    """Two processes; the shop's people are at the first unless they say otherwise."""

    shop: Shop
    first: EngineProcess
    second: EngineProcess

    def agent_at(self, process: EngineProcess, login: str) -> Agent:
        """Return an agent who has sat down at a process."""
        one = self.shop.window(self.shop.person(login).at(process.url))
        return one.sit_down()

    def visitor_at(self, process: EngineProcess) -> Visitor:
        """Return a visitor who will enter at a process."""
        return self.shop.visitor(url=process.url)

    def boss_at(self, process: EngineProcess) -> SignedIn:
        """Return the supervisor at a process."""
        return self.shop.person("sue").at(process.url)


@contextlib.contextmanager
def pair_of_processes(
    directory: Path, dsn: str, *, second: str = "all", files: Mapping[str, str] | None = None, **changes: str
) -> Iterator[Pair]:
    """Run two processes, the second in a role of its own; ``files`` are further ones of the configuration."""
    config = write_configuration(directory / "config", **changes)
    for name, text in (files or {}).items():
        (config / name).write_text(text)
    with running_valkey(fsync="always") as board:
        settings = {"CORDBOARD_DATABASE_URL": dsn, "CORDBOARD_VALKEY_URL": board}
        with contextlib.ExitStack() as stack:
            one = stack.enter_context(serving(directory / "one", config=config, settings=settings, cold=True))
            roles = settings | {"CORDBOARD_ROLES": second}
            two = stack.enter_context(serving(directory / "two", config=config, settings=roles, cold=True))
            shop = Shop(one, **changes)
            stack.callback(shop.close)
            yield Pair(shop=shop, first=one, second=two)
