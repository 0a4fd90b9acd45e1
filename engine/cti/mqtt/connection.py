"""One connection to an MQTT 5 server, whose messages are acknowledged by hand.

The client library (paho-mqtt; aiomqtt, which wraps it, has no acknowledgement by hand) does its network work on a
thread of its own; everything it says is handed over to the event loop. It does not connect again by itself: who uses
this opens another connection, to which the server gives again what was not acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from engine.cti.mqtt.parse import MOST_BYTES
from engine.errors import Unavailable
from engine.model.voice import MqttServer

OPEN_S = 15.0
CONNECT_S = 10.0
KEEP_ALIVE_S = 30
AT_ONCE = 200
"""Messages that the server hands over before one is acknowledged."""
MOST_WAITING, MOST_WAITING_BYTES = 1_000, 33_554_432
"""Messages that wait here, those without acknowledgement (QoS 0) included; further ones of those are dropped."""
_HEAD_BYTES = 65_536
_NEVER_RETAINED = 2
"""https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html, 3.8.3.1: what a server retains is not sent again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message that came."""

    payload: bytes
    content_type: str = ""
    mid: int = 0
    qos: int = 0


class Connection:
    """Receive messages, and acknowledge them once they are safe."""

    def __init__(
        self, server: MqttServer, *, client_id: str, topic: str, password: str, tls: ssl.SSLContext | None
    ) -> None:
        self._server = server
        self._topic = topic
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._waiting: asyncio.Queue[Message | None] = asyncio.Queue()
        self._lost = ""
        self._closed = threading.Event()
        self._waiting_bytes = 0
        self.dropped = 0
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        if server.user:
            client.username_pw_set(server.user, password or None)
        if tls is not None:
            client.tls_set_context(tls)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect

    async def open(self) -> None:
        """Connect and subscribe. Raises Unavailable."""
        threading.Thread(target=self._begin, name="mqtt-connect", daemon=True).start()
        try:
            async with asyncio.timeout(OPEN_S):
                await self._ready
        except TimeoutError:
            raise Unavailable("The MQTT server does not answer.") from None

    async def some(self, most: int) -> Sequence[Message]:
        """Return messages that came, waiting for one. Raises Unavailable when the connection is lost."""
        found = [await self._next()]
        while len(found) < most and not self._waiting.empty():
            found.append(await self._next())
        return found

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the server that messages need not be sent again. Where the connection is lost it sends them again."""
        for message in messages:
            if message.qos and not self._lost:
                self._client.ack(message.mid, message.qos)

    def close(self) -> None:
        """Hang up, without waiting. Safe to call twice."""
        self._closed.set()
        self._client.disconnect()
        threading.Thread(target=self._client.loop_stop, name="mqtt-stop", daemon=True).start()

    async def _next(self) -> Message:
        message = await self._waiting.get()
        if message is None:
            self._waiting.put_nowait(None)  # for whoever asks again
            raise Unavailable(f"The MQTT server hung up: {self._lost}.")
        self._waiting_bytes -= len(message.payload)
        return message

    # -- on threads of its own ----------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Connect, and hang up again where nobody waits for it any more. Blocks.

        Not on a thread of the event loop's few: servers that do not answer would hold up what else needs one, such as
        signing in, and the end of the program.
        """
        try:
            self._connect()
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits is told
            self._tell(self._fail, f"{error}", "cannot be reached")
            return
        if self._closed.is_set():
            self._client.disconnect()
        else:
            self._client.loop_start()

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # the library's
        properties.SessionExpiryInterval = self._server.keep_ms // 1_000
        properties.ReceiveMaximum = AT_ONCE
        properties.MaximumPacketSize = MOST_BYTES + _HEAD_BYTES
        self._client.connect(
            self._server.host, self._server.port, KEEP_ALIVE_S, clean_start=False, properties=properties
        )

    def _tell(self, what: Callable[..., object], *given: object) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(what, *given)

    def _on_connect(self, client: Client, _data: object, _flags: object, reason: Any, _properties: object) -> None:  # noqa: ANN401 - the library's
        if reason.is_failure:
            self._tell(self._fail, f"{reason}")
            return
        client.subscribe(self._topic, options=SubscribeOptions(qos=1, retainHandling=_NEVER_RETAINED))

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, reasons: Sequence[Any], _properties: object
    ) -> None:
        refused = [f"{one}" for one in reasons if one.is_failure]
        if refused:
            self._tell(self._fail, f"it refuses {self._topic}: {refused[0]}")
        else:
            self._tell(self._is_ready)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        content_type = str(getattr(message.properties, "ContentType", ""))
        came = Message(payload=bytes(message.payload), content_type=content_type, mid=message.mid, qos=message.qos)
        self._tell(self._keep, came)

    def _on_disconnect(self, _client: Client, _data: object, _flags: object, reason: object, _p: object) -> None:
        self._tell(self._fail, f"{reason}")

    # -- on the event loop --------------------------------------------------------------------------------------

    def _is_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _keep(self, message: Message) -> None:
        full = self._waiting.qsize() >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES
        if message.qos == 0 and full:
            self.dropped += 1
            return
        self._waiting_bytes += len(message.payload)
        self._waiting.put_nowait(message)

    def _fail(self, why: str, how: str = "refuses") -> None:
        if not self._lost:
            self._lost = why or how
            self._waiting.put_nowait(None)
        if not self._ready.done():
            self._ready.set_exception(Unavailable(f"The MQTT server {how}: {why}."))
            self._ready.exception()  # seen, whether or not anybody waits
