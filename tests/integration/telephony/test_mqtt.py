"""Reports of calls from a real MQTT server: each is kept before it is acknowledged, whatever happens meanwhile."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from _pytest.outcomes import Skipped
from structlog.testing import capture_logs

from engine.bench.ports import free_port
from engine.clock import SystemClock
from engine.cti.mqtt import connection as connection_module
from engine.cti.mqtt import subscriber as subscriber_module
from engine.cti.mqtt.subscriber import MqttSubscriber, SubscriberParts, subscribed
from engine.cti.reports import MOST
from engine.errors import NotFound, Unavailable
from engine.model.call import CallEvent
from engine.model.organisation import Organisation
from engine.model.voice import CallSource, MqttServer
from tests.integration.telephony.test_telephony import House, house_of, organisation_of
from tests.mosquitto import PASSWORD, USER, Mosquitto
from tests.servers import Missing, eventually

WITHIN_S = 60


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    try:
        server = Mosquitto()
    except Missing as error:
        raise Skipped(str(error)) from error
    try:
        server.start()
        yield server
    finally:
        server.remove()


def report(number: int, kind: str = "ringing", **more: object) -> bytes:
    return json.dumps({"id": f"e{number}", "call": "7", "kind": kind, "party": "201", **more}).encode()


class Heard:
    """An organisation whose source is on a broker, and what is heard of it."""

    def __init__(self, broker: Mosquitto, org_id: str) -> None:
        self.broker = broker
        self.topic = f"pbx/{org_id}"
        server = MqttServer(host="127.0.0.1", port=broker.port, tls=False, user=USER, topic=self.topic)
        self.source = CallSource(key="pbx", kind="mqtt", secret="password", server=server)
        self.secrets = {
            "password": PASSWORD,
            "wrong": "another",
            "ca": "Főtanúsítvány\n" + broker.authority,
            "empty": "",
        }
        self.organisation = _with(organisation_of(org_id), self.source)
        self.events: list[str] = []
        self.together: list[int] = []  # how many reports were kept at once
        self.counted: dict[str, int] = {}
        self.taking = False
        self.away = 0  # how often it cannot be kept
        self.holds = asyncio.Event()  # set: it is kept

        self.holds.set()
        parts = SubscriberParts(
            take=self.take, organisations=self, secrets=self, count=self.count, clock=SystemClock()
        )  # fmt: skip
        ((org_id, source),) = subscribed([self.organisation])
        self.role = MqttSubscriber(parts=parts, org_id=org_id, source=source)
        self.parts = parts

    def get(self, org_id: str) -> Organisation:
        assert org_id == self.organisation.id
        return self.organisation

    def all(self) -> Sequence[Organisation]:
        return [self.organisation]

    def text(self, org_id: str, name: str) -> str:
        assert org_id == self.organisation.id
        if name not in self.secrets:
            raise NotFound(f"There is no secret {name}.")
        return self.secrets[name]

    def count(self, org_id: str, outcome: str, reports: int) -> None:
        assert org_id == self.organisation.id
        self.counted[outcome] = self.counted.get(outcome, 0) + reports

    async def take(self, organisation: Organisation, source: str, events: Sequence[CallEvent]) -> Mapping[str, str]:
        assert (organisation, source) == (self.organisation, "pbx")
        if self.away:
            self.away -= 1
            raise Unavailable("The record is away.")
        self.taking = True
        await self.holds.wait()
        if any(event.cause == "a fault of ours" for event in events):
            raise RuntimeError("a fault of ours")
        self.events += [event.event_id for event in events]
        self.together.append(len(events))
        return {}

    def differently(self, server: MqttServer | None = None, secret: str = "password") -> MqttSubscriber:
        source = replace(self.source, server=server or self.source.server, secret=secret)
        return MqttSubscriber(parts=self.parts, org_id=self.organisation.id, source=source)

    def publish(self, *payloads: bytes, qos: int = 1, retain: bool = False, content_type: str = "") -> None:
        self.broker.publish(self.topic, *payloads, qos=qos, retain=retain, content_type=content_type)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Task[float]]:
        """Play the role until the connection is there, and then until the block ends, as if the process died.

        Acknowledgements are on their way by then; who connected anew before they went out would hear all again.
        """
        self.role.fault = "not yet"
        step = asyncio.create_task(self.role.step())
        try:
            await eventually(lambda: step.done() or _connected(self.role), within_s=WITHIN_S)
            assert not step.done(), step.exception()
            yield step
        finally:
            step.cancel()
            await asyncio.gather(step, return_exceptions=True)
            await eventually(_hung_up, within_s=WITHIN_S)

    async def until(self, *events: str) -> None:
        await eventually(lambda: len(self.events) >= len(events), within_s=WITHIN_S)
        assert self.events == list(events)


def _hung_up() -> bool:
    return all(thread.name != "mqtt-stop" for thread in threading.enumerate())


def _connected(role: MqttSubscriber) -> bool:
    return role.fault is None


def _with(organisation: Organisation, source: CallSource) -> Organisation:
    phone = organisation.channels["phone"]
    assert phone.voice is not None
    voiced = replace(phone, voice=replace(phone.voice, sources={source.key: source}))
    return replace(organisation, channels={**organisation.channels, "phone": voiced})


@pytest.fixture
def heard(broker: Mosquitto, org: str) -> Heard:
    return Heard(broker, org)


async def test_what_is_bad_is_counted_and_holds_up_nothing(heard: Heard) -> None:
    listed = b"[" + report(2) + b"," + report(3, "sneezed") + b"]"
    cloud = json.dumps(
        {"specversion": "1.0", "id": "e4", "source": "/p", "type": "call.ended", "data": {"call": "7"}}
    ).encode()
    async with heard.listening():
        await asyncio.to_thread(heard.publish, b"\x00no JSON", b"", report(1), listed, cloud, b"[" + cloud + b"]")
        await asyncio.to_thread(heard.publish, cloud, content_type="application/cloudevents+json")
        await asyncio.to_thread(heard.publish, report(5), content_type="text/csv")
        await asyncio.to_thread(heard.publish, report(6), content_type="application/json")
        await heard.until("e1", "e2", "e4", "e4", "e4", "e6")
    assert heard.counted == {"taken": 6, "bad": 4}


async def test_what_was_not_kept_comes_again_to_the_next(heard: Heard) -> None:
    heard.holds.clear()
    async with heard.listening():
        await asyncio.to_thread(heard.publish, report(1), report(2))
    assert heard.events == []
    heard.holds.set()
    async with heard.listening():
        await heard.until("e1", "e2")
    async with heard.listening():  # and was acknowledged then
        await asyncio.to_thread(heard.publish, report(3))
        await heard.until("e1", "e2", "e3")


async def test_what_is_reported_while_nobody_listens_is_kept_by_the_server(heard: Heard) -> None:
    async with heard.listening():
        pass
    await asyncio.to_thread(heard.publish, report(1), report(2))
    async with heard.listening():
        await heard.until("e1", "e2")


async def test_what_waited_is_kept_in_portions(heard: Heard) -> None:
    async with heard.listening():
        pass
    lists = [b"[" + b",".join(report(300 * part + number) for number in range(300)) + b"]" for part in range(4)]
    large = report(1_200, given={"x" * 9: "y" * 9}, more="z" * 1_000_000)
    await asyncio.to_thread(heard.publish, report(1_201), *lists, large, large)
    async with heard.listening():
        await heard.until("e1201", *(f"e{number}" for number in range(1_200)), "e1200", "e1200")
    assert max(heard.together) <= MOST


async def test_messages_that_nobody_needs_acknowledged_are_lost_when_too_many_wait(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "MOST_WAITING_BYTES", 1)
    heard.holds.clear()
    async with heard.listening():
        await asyncio.to_thread(heard.publish, report(1))
        await eventually(lambda: heard.taking, within_s=WITHIN_S)
        await asyncio.to_thread(heard.publish, report(2), report(3), report(4), qos=0)
        await asyncio.to_thread(heard.publish, report(5))  # is behind them
        heard.holds.set()
        await heard.until("e1", "e2", "e5")
        await eventually(lambda: heard.counted.get("dropped") == 2, within_s=WITHIN_S)


async def test_a_server_that_says_nothing_holds_up_nobody(heard: Heard) -> None:
    greeted, over, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        greeted.set()  # and waits for an answer that never comes
        await over.wait()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        closed.set()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    server = MqttServer(host="127.0.0.1", port=silent.sockets[0].getsockname()[1], ca="ca")
    with ThreadPoolExecutor(1) as only:
        asyncio.get_running_loop().set_default_executor(only)
        step = asyncio.create_task(heard.differently(server).step())
        await asyncio.wait_for(greeted.wait(), WITHIN_S)
        assert await asyncio.to_thread(step.done) is False
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
    over.set()
    await asyncio.wait_for(closed.wait(), WITHIN_S)
    silent.close()


async def test_it_is_tried_again_while_the_record_is_away(heard: Heard) -> None:
    heard.away = 3
    async with heard.listening():
        await asyncio.to_thread(heard.publish, report(1))
        await heard.until("e1")
    assert heard.role.fault is None


async def test_what_the_server_retains_is_not_heard_again(heard: Heard) -> None:
    async with heard.listening():
        await asyncio.to_thread(heard.publish, report(1), retain=True)
        await heard.until("e1")
    async with heard.listening():
        await asyncio.to_thread(heard.publish, report(2))
        await heard.until("e1", "e2")


async def test_a_report_that_breaks_something_is_in_no_other_s_way(heard: Heard) -> None:
    both = b"[" + report(1, cause="a fault of ours") + b"," + report(2) + b"]"
    with capture_logs() as logged:
        async with heard.listening():
            await asyncio.to_thread(heard.publish, both, report(3))
            await heard.until("e2", "e3")
    assert heard.counted == {"taken": 2, "failed": 1}
    assert [one["report"] for one in logged if one["log_level"] == "error"] == ["e1"]


async def test_it_says_what_is_wrong_when_it_cannot_listen(heard: Heard, broker: Mosquitto) -> None:
    secure = replace(heard.source.server, host="localhost", port=broker.tls_port, tls=True, ca="ca")  # type: ignore[type-var] # it has one
    assert secure is not None
    for server, secret, fault in (
        (None, "wrong", "Not authorized"),
        (None, "none", "There is no secret none"),
        (replace(secure, ca=""), "password", "certificate verify failed"),
        (replace(secure, ca="wrong"), "password", "is no certificate"),
        (replace(secure, ca="empty"), "password", "is empty"),
        (replace(secure, port=free_port()), "password", "cannot be reached"),
    ):
        role = heard.differently(server, secret)
        with pytest.raises(Unavailable):
            await role.step()
        assert fault in str(role.fault)
    trusted = heard.differently(secure)
    trusted.fault = "not yet"
    step = asyncio.create_task(trusted.step())
    try:
        await eventually(lambda: step.done() or _connected(trusted), within_s=WITHIN_S)
        assert not step.done(), step.exception()
        await asyncio.to_thread(heard.publish, report(1))
        await heard.until("e1")
    finally:
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)


async def test_a_server_that_hangs_up_is_a_fault_until_it_is_back(heard: Heard, broker: Mosquitto) -> None:
    async with heard.listening() as step:
        broker.stop()
        try:
            with pytest.raises(Unavailable, match="hung up"):
                await asyncio.wait_for(step, WITHIN_S)
            assert heard.role.fault
            with pytest.raises(Unavailable, match="cannot be reached"):
                await heard.role.step()
        finally:
            broker.start()
    async with heard.listening():
        await asyncio.to_thread(heard.publish, report(1))
        await heard.until("e1")


async def test_a_source_that_is_gone_is_heard_no_more(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_module, "AGAIN_FIRST_S", 0.01)
    async with heard.listening() as step:
        heard.organisation = _with(heard.organisation, replace(heard.source, key="other"))
        await asyncio.to_thread(heard.publish, report(1))
        with pytest.raises(Unavailable):
            await asyncio.wait_for(step, WITHIN_S)
    assert heard.events == []


async def test_an_engine_hears_a_broker(broker: Mosquitto, tmp_path: Path, valkey_address: str, org: str) -> None:
    server = MqttServer(host="127.0.0.1", port=broker.port, tls=False, user=USER)
    source = CallSource(key="pbx", kind="mqtt", secret="password", server=server)
    folder = tmp_path / "data" / "secrets" / "telephony" / org
    folder.mkdir(parents=True)
    (folder / "password").write_text(PASSWORD + "\n", encoding="ascii")
    async with house_of(tmp_path / "data", valkey_address, _with(organisation_of(org), source)) as house:
        refused = await house.send({"call": "7", "kind": "ringing"})
        assert (refused.status_code, refused.json()["slug"]) == (404, "unknown-source")
        sue = await house.engine.signed_in("sue")

        async def rings() -> bool:  # again and again: what is published before anybody ever subscribed is lost
            await asyncio.to_thread(broker.publish, f"cordboard/{org}/pbx", report(1))
            listed = (await sue.get("/calls")).json()["items"]
            return [one["state"] for one in listed] == ["ringing"]

        await eventually(rings, within_s=WITHIN_S, every_s=0.3)
        assert len((await house.read(await _only(house)))["timeline"]) == 1


async def _only(house: House) -> str:
    sue = await house.engine.signed_in("sue")
    (call,) = (await sue.get("/calls")).json()["items"]
    return str(call["id"])
