"""What waits for a writing thread: urgent jobs, and the others. Each kind keeps its order.

Urgent are the appends of messages, for which somebody watches the screen, and received mails, for whose 250 another
server waits; both cost little. One may overtake only what nobody was told of yet. Whoever appends learnt of the
interaction from a commit, so it never overtakes the opening; where it overtakes a closing, both were under way at once,
and either order is a true one. To agents a conversation is shown once their assignment is in the record. A batch takes
urgent jobs first and keeps a few places for the others, so that neither kind starves.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from engine.errors import Unavailable
from engine.store.jobs import Job


class Inbox:
    """Two queues and a bell: many threads put, one takes."""

    def __init__(self) -> None:
        self._urgent: deque[Job] = deque()
        self._other: deque[Job] = deque()
        self._bell = threading.Event()
        self._closing = False

    def put(self, job: Job, *, bound: int) -> None:
        """Queue a job; raise Unavailable (``store-busy``) when ``bound`` of its kind wait already."""
        queue = self._urgent if job.urgent else self._other
        if len(queue) >= bound:
            raise Unavailable("the database is not keeping up", slug="store-busy", mend="Try again in a moment.")
        queue.append(job)
        if not self._bell.is_set():
            self._bell.set()

    def close(self) -> None:
        """Let ``take`` return nothing once all is taken."""
        self._closing = True
        self._bell.set()

    @property
    def pressing(self) -> bool:
        """Say whether an urgent job waits."""
        return bool(self._urgent)

    def take(self, most: int, few: int) -> list[Job]:
        """Wait for jobs and return up to ``most``, urgent ones first; none when closed and empty.

        ``few`` places are kept for the others.
        """
        while True:
            self._bell.wait()
            self._bell.clear()  # before looking: what is put from now on rings again
            closing = self._closing
            batch = _pop(self._urgent, most - few)
            batch += _pop(self._other, most - len(batch))
            if closing or self._urgent or self._other:
                self._bell.set()
            if batch or closing:
                return batch

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Return jobs that were taken and not begun to the head of the others; they are not urgent ones."""
        if jobs:
            self._other.extendleft(reversed(jobs))
            self._bell.set()


def _pop(queue: deque[Job], most: int) -> list[Job]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]
