"""Free what silent visitors hold: those who are gone beyond grace, and those who do not answer any more.

The engine's own downtime counts against nobody. Nothing is counted from before the keeper's first step, and when
two steps lie further apart than they should (the process stood still, Valkey or the record were away) counting
begins anew. Idle means that it is the visitor's turn: an agent has joined or written, and he has not answered.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import structlog

from engine.channels.chat.parts import Organisations, Reception
from engine.channels.chat.presence import Place, Presence
from engine.channels.chat.settings import ChatSettings
from engine.channels.chat.texts import idle_warning
from engine.clock import Clock
from engine.errors import Conflict, NotFound
from engine.model.conversation import Appended, Author, Entry, EntryKind, Interaction
from engine.model.organisation import Channel

log = structlog.get_logger(__name__)

GAP_MS = 5_000
SEED_EVERY_MS = 30_000
LIMIT = 1_000
_LAST_ENTRIES = 50


class OpenChats(Protocol):
    """Find conversations that may need an end (record)."""

    async def open_chats(self, org_id: str) -> list[Interaction]:
        """Return the organisation's open chats."""
        ...

    async def idle(
        self, org_id: str, *, channel: str, warn_before_ms: int, close_before_ms: int, limit: int
    ) -> list[Interaction]:
        """Return chats with an agent: silent since, or warned before."""
        ...

    async def warn(
        self, org_id: str, interaction_id: str, *, silent_since_ms: int, now_ms: int, body: str
    ) -> Appended | None:
        """Append the warning, once; None when the visitor has written since."""
        ...

    async def close_silent(self, org_id: str, interaction_id: str, *, warned_ms: int, now_ms: int) -> Entry | None:
        """Close, unless the visitor has written since he was warned."""
        ...

    async def half_closed(self, org_id: str, *, channel: str, limit: int) -> list[Interaction]:
        """Return conversations closed for silence of which the board does not know."""
        ...


class Transcript(Protocol):
    """Read transcripts and tell of entries."""

    async def since(
        self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = 200, public_only: bool = False
    ) -> list[Entry]:
        """Return entries after a number, in order."""
        ...

    def publish(self, entries: Iterable[Entry], *, org_id: str = "") -> None:
        """Tell of entries that are committed."""
        ...


class Keeper:
    """Look for gone and idle visitors (a role; one at a time, under a lease)."""

    name = "chat-keeper"

    def __init__(
        self,
        *,
        organisations: Organisations,
        reception: Reception,
        presence: Presence,
        chats: OpenChats,
        transcript: Transcript,
        clock: Clock,
        settings: ChatSettings,
    ) -> None:
        self._organisations = organisations
        self._reception = reception
        self._presence = presence
        self._chats = chats
        self._transcript = transcript
        self._clock = clock
        self._interval_s = settings.keeper_interval_ms / 1000
        self._baseline_ms = 0
        self._last_step_ms = 0
        self._seeded_ms = 0
        self._not_before: dict[str, int] = {}

    async def step(self) -> float:
        """Look once at every channel; return the seconds to the next look. Raises Unavailable."""
        now_ms = self._clock.now_ms()
        if not 0 <= now_ms - self._last_step_ms <= GAP_MS:
            self._baseline_ms, self._seeded_ms = now_ms, 0
        seed = now_ms - self._seeded_ms >= SEED_EVERY_MS
        for organisation in self._organisations.all():
            channels = [channel for channel in organisation.channels.values() if channel.kind == "chat"]
            if seed:
                await self._seed(organisation.id, channels)
                await self._finish_closed(organisation.id, channels)
            for channel in channels:
                await self._part_with_gone((organisation.id, channel.key), channel, now_ms)
                await self._part_with_idle(organisation.id, channel, now_ms)
        if seed:
            self._seeded_ms = now_ms
        # From the end of the step: a step that has much to do is no standstill.
        self._last_step_ms = self._clock.now_ms()
        return self._interval_s

    async def _seed(self, org_id: str, channels: Sequence[Channel]) -> None:
        chats = await self._chats.open_chats(org_id)
        for channel in channels:
            ids = [chat.id for chat in chats if chat.channel == channel.key]
            await self._presence.seed((org_id, channel.key), ids)

    async def _part_with_gone(self, place: Place, channel: Channel, now_ms: int) -> None:
        grace_ms = channel.visitor_grace_ms
        if now_ms - self._baseline_ms < grace_ms:
            return
        # Leases are in Valkey's time; only differences of the same clock are compared.
        before_ms = await self._presence.now_ms() - grace_ms
        for interaction_id in await self._presence.away_since(place, before_ms, limit=LIMIT):
            await self._conclude(place[0], interaction_id, "gone")
            await self._presence.forget(place, interaction_id)

    async def _part_with_idle(self, org_id: str, channel: Channel, now_ms: int) -> None:
        counted_ms = now_ms - self._baseline_ms
        warn_ms, close_ms = channel.idle_warning_ms, channel.idle_close_ms
        silent = await self._chats.idle(
            org_id,
            channel=channel.key,
            warn_before_ms=now_ms - warn_ms if counted_ms >= warn_ms else 0,
            close_before_ms=now_ms - close_ms if counted_ms >= close_ms else 0,
            limit=LIMIT,
        )
        for chat in silent:
            if chat.warned_ms:
                await self._close(chat, now_ms)
            elif now_ms >= self._not_before.get(chat.id, 0):
                await self._warn(chat, channel, now_ms)
        still = {chat.id for chat in silent}
        self._not_before = {one: at for one, at in self._not_before.items() if one in still or at > now_ms}

    async def _warn(self, chat: Interaction, channel: Channel, now_ms: int) -> None:
        due_ms = await self._due_ms(chat, channel)
        if now_ms < due_ms:
            self._not_before[chat.id] = due_ms
            return
        body = idle_warning(chat.locale, channel.idle_close_ms)
        try:
            warned = await self._chats.warn(
                chat.org_id, chat.id, silent_since_ms=chat.last_visitor_ms, now_ms=now_ms, body=body
            )
        except (Conflict, NotFound):
            return  # closed meanwhile
        if warned is not None:
            self._transcript.publish([warned.entry], org_id=chat.org_id)

    async def _close(self, chat: Interaction, now_ms: int) -> None:
        """Close in the record first, where his message and this cannot both be; then free the agent.

        What a crash leaves between the two is concluded within ``SEED_EVERY_MS``.
        """
        ended = await self._chats.close_silent(chat.org_id, chat.id, warned_ms=chat.warned_ms, now_ms=now_ms)
        if ended is None:
            return
        self._transcript.publish([ended], org_id=chat.org_id)
        await self._conclude(chat.org_id, chat.id, "idle")

    async def _finish_closed(self, org_id: str, channels: Sequence[Channel]) -> None:
        for channel in channels:
            for chat in await self._chats.half_closed(org_id, channel=channel.key, limit=LIMIT):
                await self._conclude(org_id, chat.id, "idle")

    async def _due_ms(self, chat: Interaction, channel: Channel) -> int:
        """Return when the visitor has been silent for long enough on his turn; far off while it is the agent's."""
        entries = await self._transcript.since(
            chat.org_id, chat.id, after_seq=max(0, chat.last_seq - _LAST_ENTRIES), limit=_LAST_ENTRIES * 2
        )
        spoken = [one for one in entries if one.kind in (EntryKind.MESSAGE, EntryKind.JOINED)]
        if not spoken or spoken[-1].author is Author.VISITOR:
            # The agent owes an answer; look again before long, since his answer does not show in the query.
            return self._clock.now_ms() + min(channel.idle_warning_ms, GAP_MS)
        turn_ms = max(spoken[-1].at_ms, self._baseline_ms)
        return turn_ms + channel.idle_warning_ms

    async def _conclude(self, org_id: str, interaction_id: str, reason: str) -> None:
        try:
            await self._reception.conclude(org_id, interaction_id, reason)
        except (Conflict, NotFound) as error:
            log.warning("not concluded", org=org_id, interaction=interaction_id, reason=reason, why=str(error))
