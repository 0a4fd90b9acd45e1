"""The role of one MQTT source: connect, take the reports that come, acknowledge what is committed.

One process plays it at a time, under a lease: all use one client id, by which the server keeps reports while nobody is
connected. A step ends when the connection does; the loop that plays it waits and begins the next, longer each time.
A report that is bad is logged and counted, and acknowledged: sent again it would be no better. What cannot be kept just
now is tried again, unacknowledged, while the server waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.cti.contract import Organisations
from engine.cti.mqtt.connection import Connection, Message
from engine.cti.mqtt.parse import MOST_BYTES, read
from engine.cti.mqtt.tls import context_of
from engine.cti.reports import MOST
from engine.cti.terms import source_of
from engine.errors import CordboardError, InvalidInput, Unavailable
from engine.model.call import CallEvent
from engine.model.organisation import Organisation
from engine.model.voice import CallSource

log = structlog.get_logger(__name__)

KIND = "mqtt"
AT_ONCE = 100
AGAIN_FIRST_S, AGAIN_MOST_S = 0.1, 5.0

Subscribed = tuple[str, CallSource]
"""An organisation's id and one of its sources."""
Take = Callable[[Organisation, str, Sequence[CallEvent]], Awaitable[Mapping[str, str]]]
"""Take reports of a source. Raises Unavailable, and NotFound where the source is gone."""


class Texts(Protocol):
    """Secrets that are plain text."""

    def text(self, org_id: str, name: str) -> str:
        """Return what a file says; raise NotFound, InvalidInput. Blocks."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriberParts:
    """What every source needs."""

    take: Take
    organisations: Organisations
    secrets: Texts
    count: Callable[[str, str, int], None]  # organisation, outcome (taken, bad, failed; dropped: messages), how many
    clock: Clock


def subscribed(organisations: Iterable[Organisation]) -> Iterator[Subscribed]:
    """Yield all sources that MQTT servers hold."""
    for organisation in organisations:
        for channel in organisation.channels.values():
            for source in channel.voice.sources.values() if channel.voice is not None else ():
                if source.kind == KIND:
                    yield organisation.id, source


class MqttSubscriber:
    """Take the reports of one source."""

    def __init__(self, *, parts: SubscriberParts, org_id: str, source: CallSource) -> None:
        self._parts = parts
        self._org_id = org_id
        self._source = source
        self.name = f"telephony:{org_id}:{source.key}"
        self.fault: str | None = None

    async def step(self) -> float:
        """Take reports until the connection is lost. Raises Unavailable; what was not committed comes again."""
        try:
            connection = await self._prepared()
            try:
                await connection.open()
                self.fault = None
                log.info("a telephone system is heard over MQTT", org=self._org_id, source=self._source.key)
                while True:
                    for messages, events in self._portions(await connection.some(AT_ONCE)):
                        await self._keep(events)
                        connection.acknowledge(messages)
                        await asyncio.sleep(0)  # there may have been nothing to wait for
                    self._say_dropped(connection)
            finally:
                connection.close()
        except CordboardError as error:
            self.fault = str(error)
            raise Unavailable(f"{self._source.key}: {error}") from error

    async def _prepared(self) -> Connection:
        """Return a connection with its secrets. Raises NotFound, InvalidInput, Unavailable."""
        server = self._source.server
        assert server is not None  # the configuration's check says so
        password = await self._secret(self._source.secret)
        authority = await self._secret(server.ca if server.tls else "")
        if server.tls and server.ca and not authority:  # or anybody were trusted whom the system trusts
            raise InvalidInput(f"The file {server.ca}, of who signed the server's certificate, is empty.", field="ca")
        tls = await asyncio.to_thread(context_of, authority) if server.tls else None
        return Connection(
            server,
            client_id=f"cordboard-{self._org_id}-{self._source.key}",
            topic=server.topic or f"cordboard/{self._org_id}/{self._source.key}",
            password=password,
            tls=tls,
        )

    async def _secret(self, name: str) -> str:
        return await asyncio.to_thread(self._parts.secrets.text, self._org_id, name) if name else ""

    def _portions(self, messages: Sequence[Message]) -> Iterator[tuple[Sequence[Message], Sequence[CallEvent]]]:
        """Yield messages with what they report, together no more than a request may bring: so much the record takes."""
        some: list[Message] = []
        events: list[CallEvent] = []
        size = 0
        for message in messages:
            said = list(self._read(message))
            if some and (len(events) + len(said) > MOST or size + len(message.payload) > MOST_BYTES):
                yield some, events
                some, events, size = [], [], 0
            some.append(message)
            events += said
            size += len(message.payload)
        yield some, events

    async def _keep(self, events: Sequence[CallEvent]) -> None:
        """Keep reports; return when they are committed, or can never be. Raises NotFound."""
        try:
            await self._take(events)
        except Exception:  # noqa: BLE001 - whatever it is, one report must not hold up those behind it
            self._known()
            for event in events:
                await self._take_alone(event)

    def _read(self, message: Message) -> Iterator[CallEvent]:
        for report in read(message.payload, message.content_type, now_ms=self._parts.clock.now_ms()):
            if isinstance(report, CallEvent):
                yield report
            else:
                self._parts.count(self._org_id, "bad", 1)
                log.warning("a report over MQTT is bad", org=self._org_id, source=self._source.key, why=str(report))

    def _say_dropped(self, connection: Connection) -> None:
        dropped, connection.dropped = connection.dropped, 0
        if dropped:
            self._parts.count(self._org_id, "dropped", dropped)
            log.warning(
                "messages of QoS 0 are lost: too many wait", org=self._org_id, source=self._source.key, messages=dropped
            )

    async def _take_alone(self, event: CallEvent) -> None:
        try:
            await self._take([event])
        except Exception:
            self._known()
            self._parts.count(self._org_id, "failed", 1)
            log.exception("a report over MQTT is lost", org=self._org_id, call=event.reference, report=event.event_id)

    async def _take(self, events: Sequence[CallEvent]) -> None:
        """Take reports, however often it must be tried. Raises NotFound where the source is gone."""
        wait_s = AGAIN_FIRST_S
        while events:
            organisation = self._known()
            try:
                await self._parts.take(organisation, self._source.key, events)
            except Unavailable as error:
                self.fault = str(error)
                log.warning("reports over MQTT wait", org=self._org_id, source=self._source.key, why=str(error))
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, AGAIN_MOST_S)
            else:
                self.fault = None
                self._parts.count(self._org_id, "taken", len(events))
                return

    def _known(self) -> Organisation:
        """Return the organisation as configured now; raise NotFound where it has no such source any more."""
        organisation = self._parts.organisations.get(self._org_id)
        source_of(organisation, self._source.key)
        return organisation
