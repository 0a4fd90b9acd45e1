"""Share the tests among processes, file by file: each has a lane of its own, and takes from others when it is empty.

The lanes keep apart what would be in each other's way on two cores (browsers, engines that are killed, real servers),
and servers that are dear to start run once. The unit tests are small and come last, so that all processes end together.
"""

from collections.abc import Sequence

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

CRASHES = ("tests/acceptance/test_crashes.py", "tests/acceptance/test_form_crashes.py")
"""Half of the acceptance tests' time: each kills an engine in mid-chat."""
CLUSTER = ("tests/integration/router/", "tests/integration/valkey/cluster/")
"""What plays on a Valkey Cluster, first in its lane and in one piece: it has six servers."""
LANES: tuple[tuple[str, ...], ...] = (
    (*CRASHES, "tests/contract/"),
    ("tests/acceptance/",),
    ("tests/integration/", "cluster"),
)
"""What each process begins with; the first line that fits counts."""


def piece(path: str) -> str:
    """Return what a file is run with, by one process, one test after the other: itself, or all on the cluster."""
    return "cluster" if path.startswith(CLUSTER) else path


def lane(name: str) -> int:
    """Return the number of a piece's lane; ``len(LANES)`` where it has none."""
    return next((number for number, starts in enumerate(LANES) if name.startswith(starts)), len(LANES))


def order(names: Sequence[str]) -> list[str]:
    """Return the pieces as they are begun: lane by lane, the cluster's first, else as they were."""
    return sorted(names, key=lambda name: (lane(name), name != "cluster"))


class Lanes(LoadScopeScheduling):  # type: ignore[misc] # the library tells no types
    """Hand the pieces out: to each process those of its lane, then the first of those left."""

    def _split_scope(self, nodeid: str) -> str:
        return piece(nodeid.split("::", 1)[0])

    def _assign_work_unit(self, node: WorkerController) -> None:
        ordered = order(list(self.workqueue))
        own = int(node.gateway.id.removeprefix("gw")) % len(LANES)
        chosen = next((name for name in ordered if lane(name) == own), ordered[0])
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """Take this plan, whatever ``--dist`` says."""
    return Lanes(config, log)
