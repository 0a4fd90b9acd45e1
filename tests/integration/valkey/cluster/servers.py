"""A Valkey cluster of our own on loopback: three primaries, a replica each; slots that move, nodes that die."""

import contextlib
import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from engine.bench.ports import free_port
from engine.valkey.binary import find_binary
from engine.valkey.slots import SLOTS, slot_of_key

PRIMARIES = 3
NODE_TIMEOUT_MS = 2_000


class Member:
    """One server of the cluster."""

    def __init__(self, directory: Path, settings: dict[str, str]) -> None:
        self.directory = directory
        self.directory.mkdir()
        self.port, self.bus = free_port(), free_port()
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        self.redis = Redis(port=self.port, decode_responses=True, socket_timeout=5)
        self.id = ""

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def start(self) -> None:
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.directory),
            "save": "",
            "logfile": str(self.directory / "log"),
            "cluster-enabled": "yes",
            "cluster-port": str(self.bus),
            "cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "cluster-replica-validity-factor": "0",
            "cluster-replica-no-failover": "yes",  # a busy machine shall not kill anybody: see `with_failover`
            "cluster-require-full-coverage": "no",
            "cluster-allow-replica-migration": "no",
            "repl-diskless-sync-delay": "0",
            **self.settings,
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen([str(find_binary()), *words], preexec_fn=end_with_parent)  # noqa: PLW1509 -- no threads yet
        until(self.answers, f"server on port {self.port}")
        self.id = self.ask("CLUSTER", "MYID")

    def answers(self) -> bool:
        with contextlib.suppress(RedisError):
            return bool(self.redis.ping())
        return False

    def ask(self, *command: str | int) -> Any:
        return self.redis.execute_command(*command)  # type: ignore[no-untyped-call] # redis-py leaves it untyped

    def info(self, section: str) -> dict[str, Any]:
        found: Any = self.redis.info(section)
        return dict(found)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self.redis.close()

    def revive(self) -> None:
        """Start the server if it is dead, wake it if it sleeps."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def is_primary(self) -> bool:
        return str(self.info("replication")["role"]) == "master"

    def is_linked_replica(self) -> bool:
        found = self.info("replication")
        return (found["role"], found.get("master_link_status")) == ("slave", "up")


class ValkeyCluster:
    """Three primaries and a replica each."""

    def __init__(self, directory: Path, settings: dict[str, str] | None = None, *, replicas: bool = True) -> None:
        count = 2 * PRIMARIES if replicas else PRIMARIES
        self.members = [Member(directory / str(number), settings or {}) for number in range(count)]

    @property
    def addresses(self) -> str:
        """What an operator writes: not all nodes."""
        return ",".join(member.address for member in self.members[:2])

    def start(self) -> None:
        for member in self.members:
            member.start()
        for number, member in enumerate(self.members):  # all of them before they meet: then they have none
            member.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for member in self.members[1:]:
            self.members[0].ask("CLUSTER", "MEET", "127.0.0.1", member.port, member.bus)
        for number, member in enumerate(self.members[:PRIMARIES]):
            first, last = number * SLOTS // PRIMARIES, (number + 1) * SLOTS // PRIMARIES - 1
            member.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
        until(self.all_met, "all nodes know one another")
        for primary, replica in zip(self.members, self.members[PRIMARIES:], strict=False):
            replica.ask("CLUSTER", "REPLICATE", primary.id)
        self.wait_whole()

    def stop(self) -> None:
        for member in self.members:
            member.kill()

    def all_met(self) -> bool:
        return all(int(self.state(member)["cluster_known_nodes"]) == len(self.members) for member in self.members)

    def state(self, member: Member) -> dict[str, str]:
        answer = member.ask("CLUSTER", "INFO")
        if isinstance(answer, dict):
            return answer
        return dict(line.split(":", 1) for line in str(answer).split())

    def wait_whole(self) -> None:
        """Wait until every slot is served, every replica linked, and all nodes say so."""
        until(self.is_whole, "the cluster is whole")

    def is_whole(self) -> bool:
        for member in self.members:
            state = self.state(member)
            if state["cluster_state"] != "ok" or int(state["cluster_slots_ok"]) != SLOTS:
                return False
        primaries = [member for member in self.members if member.is_primary()]
        linked = [member for member in self.members if member.is_linked_replica()]
        return len(primaries) == PRIMARIES and len(linked) == len(self.members) - PRIMARIES and self._agreed()

    def _agreed(self) -> bool:
        views = [sorted((row[0], row[1], row[2][1], len(row[3:])) for row in self.slots(m)) for m in self.members]
        return all(view == views[0] for view in views)

    @staticmethod
    def slots(member: Member) -> list[Any]:
        """Return the map as one node tells it: lists of first slot, last slot, primary, replicas."""
        with Redis(port=member.port, decode_responses=True, socket_timeout=5) as raw:
            raw.response_callbacks.pop("CLUSTER SLOTS", None)
            found: Any = raw.execute_command("CLUSTER SLOTS")
        return list(found)

    def owner(self, key: str) -> Member:
        """Return the primary that serves a key, as the first member that answers knows it."""
        slot = slot_of_key(key)
        for asked in self.members:
            if not asked.answers():
                continue
            for first, last, primary, *_ in self.slots(asked):
                if first <= slot <= last:
                    return next(member for member in self.members if member.port == primary[1])
        raise AssertionError(f"nobody serves {key}")

    def replica_of(self, primary: Member) -> Member:
        return next(
            member
            for member in self.members
            if member is not primary
            and member.answers()
            and int(member.info("replication").get("master_port", 0)) == primary.port
        )

    @contextlib.contextmanager
    def with_failover(self) -> Iterator[None]:
        """Let replicas take over from primaries that are silent; afterwards not, and everybody lives again."""
        for member in self.members:
            member.ask("CONFIG", "SET", "cluster-replica-no-failover", "no")
        try:
            yield
        finally:
            for member in self.members:
                member.revive()
            self.wait_whole()
            for member in self.members:
                member.ask("CONFIG", "SET", "cluster-replica-no-failover", "yes")

    def others(self, *excluded: Member) -> list[Member]:
        """Return the primaries that are not ``excluded``."""
        return [member for member in self.members if member not in excluded and member.is_primary()]

    def migrate(self, key: str, target: Member) -> None:
        """Begin to move a key's slot, all of it at once (Valkey 9: atomic slot migration)."""
        slot = slot_of_key(key)
        self.owner(key).ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", target.id)

    def migrated(self, key: str, target: Member) -> bool:
        """Say whether source and target agree that the slot has moved; fail when the migration has."""
        for job in target.ask("CLUSTER", "GETSLOTMIGRATIONS"):
            fields = dict(zip(job[::2], job[1::2], strict=True)) if isinstance(job, list) else job
            slot = slot_of_key(key)
            if fields["slot_ranges"] == f"{slot}-{slot}":
                assert fields["state"] not in ("failed", "canceled"), fields
        return all(self._serves(member, key, target) for member in self.members)

    def _serves(self, asked: Member, key: str, target: Member) -> bool:
        slot = slot_of_key(key)
        return any(first <= slot <= last and row[1] == target.port for first, last, row, *_ in self.slots(asked))


def until(condition: Callable[[], bool], what: str, within_s: float = 30.0) -> None:
    """Poll a condition outside of any event loop."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within_s} s")
        time.sleep(0.02)


def end_with_parent() -> None:
    """Have the kernel end the server with this process (Linux; prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


@contextlib.contextmanager
def running_cluster(settings: dict[str, str] | None = None, *, replicas: bool = True) -> Iterator[ValkeyCluster]:
    """Run a cluster in a directory of its own."""
    directory = Path(tempfile.mkdtemp(prefix="cb-cluster-"))
    cluster = ValkeyCluster(directory, settings, replicas=replicas)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)
