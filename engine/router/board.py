"""Speak to the router's functions: epoch, time, and the reading of answers.

A process keeps the epoch it learned and sends it along; after a rebuild the function refuses, the process learns the
new epoch and asks once more. That is safe for every command: work is fenced by its assignment number, which is never
used twice, whatever the epoch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol

import msgspec

from engine.clock import Clock
from engine.errors import Unavailable
from engine.model.work import EventKind, Outcome, Reply, RoutingEvent
from engine.router.lane import Command, Lane
from engine.router.library import function_name

BATCH = 500
CALL_US = 3000
"""Of a call that carries several commands: after so much of the server's processor time it begins no further one. What
it did is written after that, in a quarter of the time or so; so it stays below 5 ms, whatever its commands lead to."""
GATHERED = frozenset(
    {
        "accept_offer",
        "assign_item",
        "change_item",
        "conclude_item",
        "connect_agent",
        "decline_offer",
        "disconnect_agent",
        "end_contact",
        "enqueue_item",
        "extend_wrapup",
        "finish_wrapup",
        "park_item",
        "pick_item",
        "reprioritise_item",
        "resume_item",
        "ring_agent",
        "set_status",
        "transfer_item",
        "unring_agent",
    }
)
"""Commands that may travel together; each is short, and none needs another's answer."""


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
        return Reply(outcome=self.outcome, events=self.events, detail=_detail(self.result))


class Board:
    """Call functions for any organisation; shared by router, projector and reconciler."""

    def __init__(self, *, valkey: Calls, clock: Clock | None = None) -> None:
        """Speak through ``valkey``; ``clock`` is virtual time for tests and simulation, None: the server's own."""
        self._valkey = valkey
        self._clock = clock
        self._epochs: dict[str, int] = {}
        self._lanes: dict[str, Lane[Answer]] = {}

    async def ask(self, org_id: str, function: str, *arguments: str | int | bytes) -> Answer:
        """Call ``function`` under the epoch in force; repeated once when that has changed. Raises Unavailable."""
        known = self._epochs.get(org_id, 0)
        if function in GATHERED:
            answer = await self._lane(org_id).ask(function, arguments)
        else:
            answer = await self.ask_in(known, org_id, function, *arguments)
        if answer.epoch:
            self._epochs[org_id] = answer.epoch
        if answer.outcome is Outcome.STALE_EPOCH and known:
            answer = await self.ask_in(answer.epoch, org_id, function, *arguments)
        return answer

    async def ask_in(self, epoch: int, org_id: str, function: str, *arguments: str | int | bytes) -> Answer:
        """Call ``function`` for exactly this epoch (0 = any). Raises Unavailable."""
        now: str | int = self._clock.now_ms() if self._clock is not None else ""
        reply = await self._valkey.call(function_name(function), org_id, epoch, now, *arguments)
        outcome, current, last_seq, stopped_ms, entry, events, result = reply
        return Answer(
            outcome=Outcome(outcome),
            epoch=current,
            last_seq=last_seq,
            stopped_ms=stopped_ms,
            events=tuple(_events(org_id, entry, current, events)),
            result=result,
        )

    def _lane(self, org_id: str) -> Lane[Answer]:
        lane = self._lanes.get(org_id)
        if lane is None:
            lane = self._lanes[org_id] = Lane(lambda part: self._carry(org_id, part), name=org_id)
        return lane

    async def _carry(self, org_id: str, part: Sequence[Command[Answer]]) -> Sequence[Answer]:
        """Carry commands to the board in one call; one by one where it refuses them all.

        The answers are those of the first ones, as many as the call had time for.
        """
        epoch = self._epochs.get(org_id, 0)
        if len(part) > 1:
            flat = chain.from_iterable((one.function, len(one.arguments), *one.arguments) for one in part)
            whole = await self.ask_in(epoch, org_id, "run_batch", CALL_US, *flat)
            if whole.outcome is Outcome.OK:
                return list(_shares(whole))
        return [await self.ask_in(epoch, org_id, one.function, *one.arguments) for one in part]

    async def question(self, org_id: str, function: str, *arguments: str | int | bytes) -> Answer:
        """Ask something that changes nothing. Raises Unavailable when there is no board."""
        answer = await self.ask(org_id, function, *arguments)
        if answer.outcome in (Outcome.NO_BOARD, Outcome.WRONG_LAYOUT, Outcome.STALE_EPOCH):
            raise Unavailable(
                "The routing board is being rebuilt.", slug="board-rebuilding", mend="It takes seconds: try again."
            )
        return answer

    async def events(self, org_id: str, after: str, *, block_ms: int) -> list[RoutingEvent]:
        """Return the events of up to ``BATCH`` entries after a stream id, waiting up to ``block_ms``.

        Raises Unavailable.
        """
        entries = await self._valkey.read_stream(org_id, after, block_ms=block_ms, count=BATCH)
        return [
            event
            for stream_id, fields in entries
            for event in _events(org_id, stream_id, int(fields["epoch"]), fields["events"])
        ]

    async def trim(self, org_id: str, before: str) -> None:
        """Drop events before a stream id. Raises Unavailable."""
        await self._valkey.trim_stream(org_id, before)


def _shares(whole: Answer) -> Iterator[Answer]:
    """Yield each command's share of a batch's answer: outcome, events, result."""
    place = 0
    for outcome, count, result in whole.result:
        events = whole.events[place : place + count]
        place += count
        yield replace(whole, outcome=Outcome(outcome), events=events, result=result)


def _detail(result: object) -> Mapping[str, object]:
    if isinstance(result, str) and result.startswith("{"):
        return msgspec.json.decode(result, type=dict[str, object])
    return {}


_Told = tuple[int, int, str, str, str, str, int, dict[str, Any]]
"""An event as the functions write it: number, time, kind, item, agent, queue, assignment, data."""
_decoder = msgspec.json.Decoder(list[_Told])


def _events(org_id: str, stream_id: str, epoch: int, text: str) -> Iterator[RoutingEvent]:
    """Yield the events of one entry of the stream; all carry its id."""
    if not text:
        return
    for seq, at_ms, kind, item_id, agent_id, queue, assignment, data in _decoder.decode(text):
        yield RoutingEvent(
            org_id=org_id,
            epoch=epoch,
            seq=seq,
            stream_id=stream_id,
            at_ms=at_ms,
            kind=EventKind(kind),
            item_id=item_id,
            agent_id=agent_id,
            queue=queue,
            assignment=assignment,
            data=data,
        )
