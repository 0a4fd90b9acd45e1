"""Configuration files → snapshots in SQL → what the board and the book are given."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.clock import Clock
from engine.config.compile import load
from engine.config.snapshot import pack, unpack
from engine.config.watch import ConfigurationWatch
from engine.errors import ConfigurationError, NotFound
from engine.model.organisation import Organisation
from engine.model.record import Snapshot
from engine.store.configuration import Configuration
from engine.store.users import Users

AUTHOR = "files"


class ConfigurationKeeper:
    """Turn directories into snapshots, and snapshots into organisations."""

    def __init__(
        self,
        *,
        directories: Sequence[Path],
        record: Configuration,
        users: Users,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._directories = directories
        self._record = record
        self._users = users
        self._clock = clock
        self._changed = changed
        self._watches: list[ConfigurationWatch] = []

    async def start(self) -> None:
        """Read every directory into a snapshot. Raises ConfigurationError when one is wrong, or there is nothing."""
        for directory in self._directories:
            if not directory.exists() and await self._users.organisations():
                continue  # snapshots were applied by the command line
            organisation = await asyncio.to_thread(load, directory)
            snapshot = await self.put(organisation)
            self._watches.append(
                ConfigurationWatch(
                    directory=directory,
                    org_id=organisation.id,
                    in_force=snapshot.digest,
                    on_change=self._take,
                    clock=self._clock,
                )
            )
        if not await self._users.organisations():
            raise ConfigurationError("there is no organisation to serve.", mend="Run cordboard init, or give --config.")

    def watches(self) -> Sequence[ConfigurationWatch]:
        """Return the roles that watch the directories."""
        return tuple(self._watches)

    def errors(self) -> int:
        """Return how many directories hold files that are wrong, so that what is in force is older."""
        return sum(bool(watch.status.error) for watch in self._watches)

    async def put(self, organisation: Organisation) -> Snapshot:
        """Keep the organisation as a snapshot, unless it is the newest already. Idempotent."""
        packed = pack(organisation)
        return await self._record.put(
            organisation.id,
            name=organisation.name,
            digest=packed.digest,
            compiled=packed.compiled,
            agents=tuple(organisation.agents.values()),
            author=AUTHOR,
            now_ms=self._clock.now_ms(),
            targets={queue.key: queue.answer_within_ms for queue in organisation.queues.values()},
        )

    async def in_force(self, org_id: str) -> tuple[Organisation, Mapping[str, str]]:
        """Return the newest snapshot's organisation and its agents' user ids by log-in; raise NotFound."""
        snapshot = await self._record.latest(org_id)
        if snapshot is None:
            raise NotFound(f"organisation {org_id!r} has no configuration", slug="unknown-organisation")
        organisation = await self.unpack(snapshot)
        return organisation, await self.agents(organisation)

    async def agents(self, organisation: Organisation) -> Mapping[str, str]:
        """Return log-in → user id of the configured agents who may sign in."""
        users = await self._users.list(organisation.id)
        return {user.login: user.id for user in users if user.active and user.login in organisation.agents}

    async def unpack(self, snapshot: Snapshot) -> Organisation:
        """Return a snapshot's organisation, with the user ids of its agents who may sign in."""
        organisation = unpack(snapshot.compiled, version=snapshot.version)
        ids = await self.agents(organisation)
        agents = {login: replace(one, user_id=ids.get(login, "")) for login, one in organisation.agents.items()}
        return replace(organisation, agents=agents)

    async def _take(self, organisation: Organisation) -> None:
        await self.put(organisation)
        self._changed()
