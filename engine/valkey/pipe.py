"""One connection that carries batches of commands: all are written, then all answers are read.

redis-py's own pipeline does the same with several times the work: a pool, a task and a timer for every batch, a timer
for every answer. Here is one timer for all. Whatever goes wrong in between closes the connection, because nobody could
say any more which answer belongs to which command.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import BusyLoadingError, RedisError, ResponseError

Command = tuple[str | int | bytes, ...]


class Unreached(RedisError):
    """Say that there is no connection: nothing was sent, so that repeating is safe."""


class Pipe:
    """Exchange batches with the server; for one task at a time."""

    def __init__(self, *, client: Redis, timeout_s: float) -> None:
        """Connect like ``client`` does, at the first batch; a batch has ``timeout_s`` in all."""
        self._timeout_s = timeout_s
        self._readers = client.response_callbacks
        self._connection: AbstractConnection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call] # redis-py leaves it untyped

    async def exchange(self, commands: Sequence[Command], *, patience_s: float = 0.0) -> list[Any]:
        """Return the answers in order; a refused command's answer is its RedisError.

        The server may take ``patience_s`` longer, because it was asked to wait.

        Raises RedisError, OSError or TimeoutError when the batch, or part of it, may not have been carried out;
        Unreached when certainly none of it was.
        """
        connection = self._connection
        try:
            async with asyncio.timeout(self._timeout_s + patience_s):
                await self._ensure()
                await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
                return [await self._answer(command) for command in commands]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise

    async def close(self) -> None:
        """Close the connection; the next batch would open it again."""
        await self._connection.disconnect()

    async def _ensure(self) -> None:
        """Connect; anew where the server has hung up meanwhile. Nothing was sent yet, so that is safe."""
        try:
            if self._connection.is_connected and await self._connection.can_read():
                await self._connection.disconnect()
            if not self._connection.is_connected:
                await self._connection.connect()  # type: ignore[no-untyped-call] # as above
        except (RedisError, OSError) as error:
            raise Unreached(str(error) or type(error).__name__) from error

    async def _answer(self, command: Command) -> Any:  # noqa: ANN401 - each command answers otherwise
        try:
            answer = await self._connection.read_response(timeout=math.inf, disconnect_on_error=False)
        except (ResponseError, BusyLoadingError) as error:
            return error
        read = self._readers.get(str(command[0]))
        return answer if read is None else read(answer)
