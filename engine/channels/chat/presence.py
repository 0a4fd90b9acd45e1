"""Which visitors are there: a lease per conversation, kept in Valkey so that any process can tell.

One sorted set per channel, conversation → the time until which the visitor counts as there. Open sockets extend it
together, every few seconds; a socket that closes sets it to now. The server's own clock is used throughout. The
names carry no organisation's hash tag: they are no routing state and spread over a cluster. If the sets are lost,
``seed`` writes them anew, and every visitor's grace begins anew.
"""

from collections.abc import Iterable

from engine.channels.chat.parts import Commands, Hub
from engine.channels.chat.settings import ChatSettings
from engine.model.conversation import Interaction
from engine.model.signal import VisitorOnline

CHUNK = 500
STEP_S = 0.25

Place = tuple[str, str]
"""Organisation and channel."""


def _key(place: Place) -> str:
    return f"cordboard:visitors:{place[0]}/{place[1]}"


class Presence:
    """Know whose sockets are open here, and keep their leases (a role)."""

    name = "visitor-presence"

    def __init__(self, *, commands: Commands, hub: Hub, settings: ChatSettings) -> None:
        self._commands = commands
        self._hub = hub
        self._lease_ms = settings.presence_lease_ms
        self._refresh_ms = settings.presence_refresh_ms
        self._sockets: dict[str, int] = {}
        self._places: dict[str, Place] = {}
        self._changed: dict[str, Place] = {}
        self._refresh_at_ms = 0

    def arrive(self, interaction: Interaction) -> None:
        """Count a socket of this conversation; the first one tells the agents that the visitor is there."""
        count = self._sockets.get(interaction.id, 0)
        self._sockets[interaction.id] = count + 1
        if count == 0:
            place = (interaction.org_id, interaction.channel)
            self._places[interaction.id] = self._changed[interaction.id] = place
            self._tell(interaction, online=True)

    def depart(self, interaction: Interaction) -> None:
        """Uncount a socket; the last one tells the agents that the visitor is away, and his grace begins."""
        count = self._sockets.get(interaction.id, 0) - 1
        if count > 0:
            self._sockets[interaction.id] = count
            return
        self._sockets.pop(interaction.id, None)
        if self._places.pop(interaction.id, None) is not None:
            self._changed[interaction.id] = (interaction.org_id, interaction.channel)
            self._tell(interaction, online=False)

    def here(self, interaction_id: str) -> bool:
        """Say whether the visitor has a socket in this process."""
        return interaction_id in self._sockets

    async def online(self, interaction: Interaction) -> bool:
        """Say whether the visitor has a socket in any process. Raises Unavailable."""
        if self.here(interaction.id):
            return True
        until = await self._commands.command("ZSCORE", _key((interaction.org_id, interaction.channel)), interaction.id)
        return until is not None and float(until) > await self.now_ms()

    async def step(self) -> float:
        """Write who came and went, and now and then renew all; return the seconds to the next. Raises Unavailable."""
        if not self._changed and not self._sockets:
            return STEP_S
        now_ms = await self.now_ms()
        # A clock that was set back must not put the renewal off.
        due = not self._refresh_at_ms - self._refresh_ms <= now_ms < self._refresh_at_ms
        changed = {**self._places, **self._changed} if due else self._changed
        self._changed = {}
        try:
            await self._write(changed, now_ms)
        except BaseException:
            self._changed = {**changed, **self._changed}
            raise
        if due:
            self._refresh_at_ms = now_ms + self._refresh_ms
        return STEP_S

    async def seed(self, place: Place, interaction_ids: Iterable[str]) -> None:
        """Let those that nobody knows of count as having been there until now. Raises Unavailable."""
        now_ms = await self.now_ms()
        ids = list(interaction_ids)
        for start in range(0, len(ids), CHUNK):
            pairs = [part for one in ids[start : start + CHUNK] for part in (now_ms, one)]
            await self._commands.command("ZADD", _key(place), "NX", *pairs)

    async def away_since(self, place: Place, before_ms: int, *, limit: int) -> list[str]:
        """List conversations whose visitors were last there before ``before_ms``, longest first. Raises Unavailable."""
        found = await self._commands.command("ZRANGEBYSCORE", _key(place), "-inf", f"({before_ms}", "LIMIT", 0, limit)
        ids = [one.decode() if isinstance(one, bytes) else str(one) for one in found]
        return [one for one in ids if not self.here(one)]

    async def forget(self, place: Place, interaction_id: str) -> None:
        """Keep no lease any more. Raises Unavailable; safe to repeat."""
        await self._commands.command("ZREM", _key(place), interaction_id)

    async def now_ms(self) -> int:
        """Return the Valkey server's time. Raises Unavailable."""
        seconds, micros = await self._commands.command("TIME")
        return int(seconds) * 1000 + int(micros) // 1000

    async def _write(self, changed: dict[str, Place], now_ms: int) -> None:
        places: dict[Place, list[str | int]] = {}
        for interaction_id, place in changed.items():
            until_ms = now_ms + self._lease_ms if self.here(interaction_id) else now_ms
            places.setdefault(place, []).extend((until_ms, interaction_id))
        for place, pairs in places.items():
            for start in range(0, len(pairs), 2 * CHUNK):
                await self._commands.command("ZADD", _key(place), *pairs[start : start + 2 * CHUNK])

    def _tell(self, interaction: Interaction, *, online: bool) -> None:
        self._hub.publish(VisitorOnline(org_id=interaction.org_id, interaction_id=interaction.id, online=online))
