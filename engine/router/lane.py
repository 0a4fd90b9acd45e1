"""One organisation's commands on their way to the board: those that wait for one another travel together.

While a call is under way, the commands that arrive are gathered, and the next call carries them all. The board is
opened, its events are published and its records are written once per call, so that the busier an organisation is, the
less a command costs; one that comes alone goes at once. Rejected: waiting a little for company, which would make the
quiet board slower.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

MOST_AT_ONCE = 32
"""Commands per call. The more, the less each costs: fewer syncs, and records and events are written together. A call
that would take too long carries out only the first of them; the next ones are as short then, and grow again."""
UNDER_WAY = 2
"""Calls at a time: one is being executed while the next one travels."""
BOUND = 20_000

Argument = str | int | bytes
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class Command(Generic[_Answer]):
    """A function to call, and who waits for its answer."""

    function: str
    arguments: Sequence[Argument]
    answer: asyncio.Future[_Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Lane(Generic[_Answer]):
    """Gather one organisation's commands; ``send`` carries some and returns their answers in the same order.

    It may return fewer: the answers of the first ones, at least one; the others were not carried out and wait on.
    """

    def __init__(
        self, send: Callable[[Sequence[Command[_Answer]]], Awaitable[Sequence[_Answer]]], *, name: str
    ) -> None:
        self._send = send
        self._name = name
        self._waiting: deque[Command[_Answer]] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._most = MOST_AT_ONCE

    async def ask(self, function: str, arguments: Sequence[Argument]) -> _Answer:
        """Return the answer to one command. Cancelled, it may still have its effect.

        Raises what ``send`` raises; OverflowError when ``BOUND`` commands wait already.
        """
        if len(self._waiting) >= BOUND:
            raise OverflowError(f"{BOUND} commands wait for the board of {self._name}")
        command: Command[_Answer] = Command(function, arguments)
        self._waiting.append(command)
        if len(self._senders) < UNDER_WAY:
            sender = asyncio.create_task(self._run(), name=f"board-lane:{self._name}")
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)  # where it was cancelled before it began
        return await command.answer

    async def _run(self) -> None:
        """Send until nothing waits; who asks from then on finds no sender that is about to end."""
        try:
            while self._waiting:
                part = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                part = [command for command in part if not command.answer.done()]  # else its caller has given up
                if part:
                    await self._carry(part)
        finally:
            self._senders.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _carry(self, part: Sequence[Command[_Answer]]) -> None:
        try:
            answers = await self._send(part)
        except asyncio.CancelledError:
            for command in part:
                command.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who asked
            for command in part:
                if not command.answer.done():
                    command.answer.set_exception(error)
            return
        for command, answer in zip(part, answers, strict=False):
            if not command.answer.done():
                command.answer.set_result(answer)
        self._waiting.extendleft(reversed(part[len(answers) :]))
        if len(answers) < len(part):
            self._most = max(len(answers), 1)
        elif len(part) == self._most:
            self._most = min(self._most + 1, MOST_AT_ONCE)
