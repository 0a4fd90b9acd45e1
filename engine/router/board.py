"""Speak to the router's functions: epoch, time, and the reading of answers.

A process keeps the epoch it learned and sends it along; after a rebuild the function refuses, the process learns the
new epoch and asks once more. That is safe for every command: work is fenced by its assignment number, which is never
used twice, whatever the epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from engine.clock import Clock
from engine.errors import Unavailable
from engine.model.work import EventKind, Outcome, Reply, RoutingEvent

BATCH = 500


class Calls(Protocol):
    """The Valkey client, as far as the router needs it."""

    async def call(self, function: str, org_id: str, *arguments: str | int | bytes) -> Any:  # noqa: ANN401 - per function
        """Call a function with the organisation's one key; raise Unavailable."""
        ...

    async def read_stream(
        self, org_id: str, after: str, *, block_ms: int, count: int
    ) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Return entries after an id, waiting up to ``block_ms`` (0 = not at all) for one; raise Unavailable."""
        ...

    async def trim_stream(self, org_id: str, before: str) -> None:
        """Drop entries before an id; raise Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a function answered."""

    outcome: Outcome
    epoch: int  # in force on the board, 0 = there is no board
    last_seq: int = 0
    stopped_ms: int = 0
    events: tuple[RoutingEvent, ...] = ()
    result: Any = ""

    @property
    def reply(self) -> Reply:
        """The answer to a command."""
        return Reply(outcome=self.outcome, events=self.events)


class Board:
    """Call functions for any organisation; shared by router, projector and reconciler."""

    def __init__(self, *, valkey: Calls, clock: Clock | None = None) -> None:
        """Speak through ``valkey``; ``clock`` is virtual time for tests and simulation, None: the server's own."""
        self._valkey = valkey
        self._clock = clock
        self._epochs: dict[str, int] = {}

    async def ask(self, org_id: str, function: str, *arguments: str | int | bytes) -> Answer:
        """Call ``function`` under the epoch in force; repeated once when that has changed. Raises Unavailable."""
        known = self._epochs.get(org_id, 0)
        answer = await self.ask_in(known, org_id, function, *arguments)
        if answer.epoch:
            self._epochs[org_id] = answer.epoch
        if answer.outcome is Outcome.STALE_EPOCH and known:
            answer = await self.ask_in(answer.epoch, org_id, function, *arguments)
        return answer

    async def ask_in(self, epoch: int, org_id: str, function: str, *arguments: str | int | bytes) -> Answer:
        """Call ``function`` for exactly this epoch (0 = any). Raises Unavailable."""
        now: str | int = self._clock.now_ms() if self._clock is not None else ""
        reply = await self._valkey.call(f"cordboard_{function}_v1", org_id, epoch, now, *arguments)
        outcome, current, last_seq, stopped_ms, events, result = reply
        return Answer(
            outcome=Outcome(outcome),
            epoch=current,
            last_seq=last_seq,
            stopped_ms=stopped_ms,
            events=tuple(_event(org_id, fields[0], _named(fields)) for fields in events),
            result=result,
        )

    async def question(self, org_id: str, function: str, *arguments: str | int | bytes) -> Answer:
        """Ask something that changes nothing. Raises Unavailable when there is no board."""
        answer = await self.ask(org_id, function, *arguments)
        if answer.outcome in (Outcome.NO_BOARD, Outcome.WRONG_LAYOUT, Outcome.STALE_EPOCH):
            raise Unavailable(
                "The routing board is being rebuilt.", slug="board-rebuilding", mend="It takes seconds: try again."
            )
        return answer

    async def events(self, org_id: str, after: str, *, block_ms: int) -> list[RoutingEvent]:
        """Return up to ``BATCH`` events after a stream id, waiting up to ``block_ms``. Raises Unavailable."""
        entries = await self._valkey.read_stream(org_id, after, block_ms=block_ms, count=BATCH)
        return [_event(org_id, stream_id, fields) for stream_id, fields in entries]

    async def trim(self, org_id: str, before: str) -> None:
        """Drop events before a stream id. Raises Unavailable."""
        await self._valkey.trim_stream(org_id, before)


def _named(flat: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(flat[1::2], flat[2::2], strict=True))


def _event(org_id: str, stream_id: str, fields: Mapping[str, Any]) -> RoutingEvent:
    return RoutingEvent(
        org_id=org_id,
        epoch=int(fields["epoch"]),
        seq=int(fields["seq"]),
        stream_id=stream_id,
        at_ms=int(fields["at"]),
        kind=EventKind(fields["kind"]),
        item_id=fields["item"],
        agent_id=fields["agent"],
        queue=fields["queue"],
        assignment=int(fields["assignment"]),
        data=msgspec.json.decode(fields["data"]),
    )
