"""A telephone system reports calls; they are on the record, and hold the capacity of whoever answers them."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.cti import engagement
from engine.cti import stale as stale_module
from engine.cti.stale import StaleCalls
from engine.model.organisation import (
    CapacityProfile,
    Channel,
    ChannelCapacity,
    Organisation,
    PresenceStatus,
    StatusKind,
)
from engine.model.voice import CallSource, Phone, Voice
from tests.integration.api.engine_under_test import (
    Browser,
    Engine,
    Socket,
    agent_socket,
    running_engine,
    staffed_organisation,
    visitor,
)
from tests.servers import eventually
from tests.telephone_system import keep_secret, signed

Json = dict[str, Any]
VERA = "+441632960001"


def organisation_of(org: str, **source: Any) -> Organisation:
    """Return an organisation whose agents take chats and calls; a call leaves no room for anything else."""
    base = staffed_organisation(org)
    capacity = {"chat": ChannelCapacity(), "voice": ChannelCapacity(weight=3, exclusive=True)}
    pbx = CallSource(key="pbx", kind="http", secret="pbx", **source)
    phone = Channel(
        key="phone", kind="voice", name="Telephone", queue="sales",
        voice=Voice(sources={"pbx": pbx}, queues={"600": "support"}),
    )  # fmt: skip
    available = PresenceStatus(
        key="available", name="Available", kind=StatusKind.AVAILABLE, channels=frozenset({"chat", "voice"})
    )
    phones = {"ana": Phone(extension="201"), "ben": Phone(devices=("sip-7",), user="ben@pbx")}
    agents = {login: replace(one, phone=phones.get(login, Phone())) for login, one in base.agents.items()}
    return replace(
        base,
        profiles={"standard": CapacityProfile(key="standard", units=3, channels=capacity)},
        statuses={**base.statuses, "available": available},
        channels={**base.channels, "phone": phone},
        agents=agents,
        region="GB",
    )


@dataclass
class House:
    """A running engine with a telephone system."""

    engine: Engine
    org: str
    pbx: httpx.AsyncClient

    async def send(self, body: object, **signing: Any) -> httpx.Response:
        content, given = signed(body, **signing)
        return await self.pbx.post(f"/api/v1/telephony/{self.org}/pbx/reports", content=content, headers=given)

    async def tell(self, kind: str, party: str = "", *, call: str = "7", **more: object) -> str:
        """Report something that happens now; return the call's id."""
        said = {"call": call, "kind": kind, "party": party, "from": "01632 960001", "to": "600", **more}
        answer = await self.send({"at": time.time_ns() // 1_000_000, **said})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["reports"][0]["call_id"])

    async def read(self, call_id: str, login: str = "sue") -> Json:
        browser = await self.engine.signed_in(login)
        answer = await browser.get(f"/calls/{call_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@contextlib.asynccontextmanager
async def house_of(folder: Path, valkey: str, organisation: Organisation) -> AsyncIterator[House]:
    keep_secret(folder, organisation.id)
    async with running_engine(folder, valkey, [organisation]) as engine:
        yield House(engine, organisation.id, engine.http())


@pytest.fixture
async def house(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[House]:
    async with house_of(tmp_path / "data", valkey_address, organisation_of(org)) as running:
        yield running


@contextlib.asynccontextmanager
async def sitting(house: House, address: str, login: str) -> AsyncIterator[tuple[Browser, Socket]]:
    browser = await house.engine.signed_in(login)
    async with agent_socket(address, browser) as socket:
        await socket.until("hello")
        answer = await browser.post("/presence", {"status": "available"})
        assert answer.status_code == 204, answer.text
        yield browser, socket


async def test_a_call_is_on_the_record_with_its_customer(house: House) -> None:
    call_id = await house.tell("ringing", "201", given={"account": "K-7"})
    await house.tell("answered", "201")
    await house.tell("held", "201")
    await house.tell("held", "999")
    await house.tell("ended", cause="normal")
    call = await house.read(call_id)
    assert (call["state"], call["cause"], call["given"]) == ("ended", "normal", {"account": "K-7"})
    assert [(one["kind"], one["in_place"]) for one in call["timeline"]] == [
        ("ringing", True), ("answered", True), ("held", True), ("held", False), ("ended", True),
    ]  # fmt: skip
    (leg,) = call["legs"]
    assert (leg["party"], leg["state"]) == ("201", "left")
    sue = await house.engine.signed_in("sue")
    contact = (await sue.get(f"/contacts/{call['contact_id']}")).json()
    assert [one["key"] for one in contact["contact"]["addresses"]] == [VERA]
    listed = (await sue.get("/calls", contact_id=call["contact_id"], state="ended")).json()["items"]
    assert [one["id"] for one in listed] == [call_id]


async def test_what_is_not_signed_is_refused(house: House) -> None:
    said = {"call": "7", "kind": "ringing", "party": "201"}
    forged = await house.send(said, key=b"x" * 32)
    old = await house.send(said, at_s=int(time.time()) - 3_600)
    plain = await house.pbx.post(f"/api/v1/telephony/{house.org}/pbx/reports", json=said)
    assert [(one.status_code, one.json()["slug"]) for one in (forged, old, plain)] == [(401, "bad-signature")] * 3
    content, given = signed(said)
    other = await house.pbx.post(f"/api/v1/telephony/{house.org}/other/reports", content=content, headers=given)
    assert (other.status_code, other.json()["slug"]) == (404, "unknown-source")
    sue = await house.engine.signed_in("sue")
    assert (await sue.get("/calls")).json()["items"] == []


async def test_a_request_sent_again_changes_nothing(house: House) -> None:
    said = [{"id": "a", "call": "7", "kind": "ringing", "party": "201"}, {"call": "7", "kind": "sneezed"}]
    content, given = signed(said)
    path = f"/api/v1/telephony/{house.org}/pbx/reports"
    answers = [await house.pbx.post(path, content=content, headers=given) for _ in range(3)]
    assert len({one.text for one in answers}) == 1
    good, bad = answers[0].json()["reports"]
    assert (answers[0].json()["taken"], good["id"], bad["error"]) == (1, "a", "invalid-input")
    assert "$.kind" in bad["detail"]
    assert len((await house.read(good["call_id"]))["timeline"]) == 1


async def test_nothing_good_is_an_error(house: House) -> None:
    answer = await house.send([{"call": "7", "kind": "sneezed"}])
    assert (answer.status_code, answer.json()["slug"]) == (400, "invalid-input")


async def test_a_batch_of_cloud_events_in_any_order(house: House) -> None:
    def event(number: int, kind: str, **data: object) -> Json:
        at = f"2026-11-22T12:00:{number:02}.000Z"
        said = {"call": "7", "from": VERA, **data}
        return {
            "specversion": "1.0",
            "id": str(number),
            "source": "/p",
            "type": f"call.{kind}",
            "time": at,
            "data": said,
        }

    events = [event(0, "ringing", party="201"), event(5, "answered", party="201"), event(30, "ended")]
    answer = await house.send(events[::-1], kind="application/cloudevents-batch+json")
    assert answer.status_code == 200, answer.text
    call = await house.read(answer.json()["reports"][0]["call_id"])
    assert (call["state"], call["ring_ms"], call["talk_ms"]) == ("ended", 5_000, 25_000)


async def test_too_many_reports_are_put_off(tmp_path: Path, valkey_address: str, org: str) -> None:
    async with house_of(tmp_path / "data", valkey_address, organisation_of(org, per_second=0, burst=2)) as house:
        several = [{"call": "7", "id": str(number), "kind": "ringing"} for number in range(50)]
        assert (await house.send(several)).status_code == 200
        answer = await house.send(several)
        assert (answer.status_code, answer.json()["slug"]) == (429, "too-fast")


async def test_an_unreadable_secret_is_the_engine_s_fault(tmp_path: Path, valkey_address: str, org: str) -> None:
    async with house_of(tmp_path / "data", valkey_address, organisation_of(org)) as house:
        (tmp_path / "data" / "secrets" / "telephony" / org / "pbx").unlink()
        assert (await house.send({"call": "7", "kind": "ringing"})).status_code == 503


async def test_an_answered_call_is_work_and_leaves_no_room_for_a_chat(house: House) -> None:
    async with house.engine.served() as address, sitting(house, address, "ana") as (browser, socket):
        await house.tell("ringing", "201", queue="600")
        call_id = await house.tell("answered", "201", queue="600")
        item = (await socket.state(items=1))["items"][0]
        assert (item["state"], item["kind"], item["queue"]) == ("active", "voice", "support")
        said = await browser.post(f"/interactions/{item['interaction_id']}/entries", {"client_id": "1", "body": "?"})
        assert (said.status_code, said.json()["slug"]) == (409, "on-the-telephone")
        async with visitor(address, house.org):
            sue = await house.engine.signed_in("sue")
            await eventually(lambda: _waits(sue), within_s=30)
            await house.tell("ended")
            assert (await _wrapping_up(socket))["offers"] == []
            answer = await browser.post(
                f"/work-items/{item['item_id']}/wrap-up", {"assignment": item["assignment"], "disposition": "solved"}
            )
            assert answer.status_code == 200, answer.text
            await socket.state(offers=1)
        call = await house.read(call_id, "ana")
        assert call["legs"][0]["item_id"] == item["item_id"]
        talk = (await browser.get(f"/interactions/{call['interaction_id']}")).json()
        assert talk["interaction"]["state"] == "closed"


async def test_a_telephone_that_rings_is_work_enough(house: House) -> None:
    async with (
        house.engine.served() as address,
        sitting(house, address, "ana") as (_, socket),
        visitor(address, house.org),
    ):
        await socket.state(offers=1)
        await house.tell("ringing", "201")
        await socket.state(offers=0)
        sue = await house.engine.signed_in("sue")
        await eventually(lambda: _waits(sue), within_s=30)
        await house.tell("left", "201", cause="no answer")
        await socket.state(offers=1)


async def test_what_rings_no_more_was_not_told_the_role_tells(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engagement, "AGE_MS", 3_600_000)
    calls = house.engine.application.others.calls
    async with house.engine.served() as address, sitting(house, address, "ana") as (_, socket):
        await house.tell("ringing", "201")
        calls.reception._told = ()  # as if this process had died after the commit
        await house.tell("ended")
        async with visitor(address, house.org):
            sue = await house.engine.signed_in("sue")
            await eventually(lambda: _waits(sue), within_s=30)
            monkeypatch.setattr(engagement, "AGE_MS", 0)
            await socket.state(offers=1)


async def test_a_call_of_a_channel_that_is_no_more_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    application = house.engine.application
    call_id = await house.tell("answered", "201")
    organisation = application.book.get(house.org)
    channels = {key: one for key, one in organisation.channels.items() if key != "phone"}
    application.book.put(replace(organisation, channels=channels))
    monkeypatch.setattr(stale_module, "_REMOVED", Voice(sources={}, stale_talking_ms=1))
    stale: StaleCalls = application.others.calls.stale
    await eventually(lambda: _lost(house, stale, call_id), within_s=30)


async def _wrapping_up(socket: Socket) -> Json:
    """Return the first state in which the agent's only work is wrapped up; others may come before."""
    while True:
        state = await socket.state(items=1)
        if state["items"][0]["state"] == "wrapup":
            return state


async def _waits(sue: Browser) -> bool:
    items = (await sue.get("/work-items", kind="chat")).json()["items"]
    return [one["state"] for one in items] == ["queued"]


async def test_a_transferred_call_goes_on_with_the_other(house: House) -> None:
    async with (
        house.engine.served() as address,
        sitting(house, address, "ana") as (_, ana),
        sitting(house, address, "ben") as (_, ben),
    ):
        call_id = await house.tell("answered", "201")
        await ana.state(items=1)
        await house.tell("transferred", "201", target="202")
        await house.tell("answered", "sip-7")
        item = (await ben.state(items=1))["items"][0]
        assert item["state"] == "active"
        await _wrapping_up(ana)
        call = await house.read(call_id)
        sue = await house.engine.signed_in("sue")
        talk = (await sue.get(f"/interactions/{call['interaction_id']}")).json()
        assert (call["state"], talk["interaction"]["state"]) == ("answered", "open")


async def test_what_the_board_was_not_told_the_role_tells(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engagement, "AGE_MS", 3_600_000)  # not before we have looked
    calls = house.engine.application.others.calls
    told, calls.reception._told = calls.reception._told, ()  # as if this process had died after the commit
    call_id = await house.tell("answered", "201")
    sue = await house.engine.signed_in("sue")
    (item,) = (await sue.get("/work-items", kind="voice")).json()["items"]
    assert item["state"] == "pending"
    calls.reception._told = told
    monkeypatch.setattr(engagement, "AGE_MS", 0)
    await eventually(lambda: _state(sue, item["id"], "active"), within_s=30)
    assert (await house.read(call_id))["legs"][0]["item_id"] == item["id"]


async def _state(sue: Browser, item_id: str, wanted: str) -> bool:
    return bool((await sue.get(f"/work-items/{item_id}")).json()["state"] == wanted)


async def test_a_call_whose_end_was_never_told_is_lost(house: House) -> None:
    application = house.engine.application
    call_id = await house.tell("answered", "201")
    organisation = application.book.get(house.org)
    channel = organisation.channels["phone"]
    assert channel.voice is not None
    impatient = replace(channel, voice=replace(channel.voice, stale_talking_ms=1))
    application.book.put(replace(organisation, channels={**organisation.channels, "phone": impatient}))
    stale: StaleCalls = application.others.calls.stale
    await eventually(lambda: _lost(house, stale, call_id), within_s=30)


async def _lost(house: House, stale: StaleCalls, call_id: str) -> bool:
    await stale.step()
    call = await house.read(call_id)
    return (call["state"], call["cause"]) == ("ended", "lost")


async def test_an_internal_call_is_for_supervisors(house: House) -> None:
    call_id = await house.tell("ringing", "201", direction="internal")
    ana = await house.engine.signed_in("ana")
    assert (await ana.get(f"/calls/{call_id}")).status_code == 404
    assert (await ana.get("/calls")).json()["items"] == []
    assert (await house.read(call_id))["contact_id"] == ""


async def test_a_ring_pops_the_caller_on_the_agent_s_screen(house: House) -> None:
    async with house.engine.served() as address, sitting(house, address, "ben") as (ben, socket):
        first = await house.tell("ringing", "sip-7", call="1", given={"account": "K-7"})
        told = await ringing(socket, "ringing")
        assert (told["id"], told["number"], told["given"]) == (first, "01632 960001", {"account": "K-7"})
        assert (told["party"], told["known"], told["pop"]["action"]) == ("sip-7", False, "new")
        async with agent_socket(address, ben) as late:  # again for who comes back
            assert (await ringing(late, "ringing"))["id"] == first
        await house.tell("answered", "sip-7", call="1")
        talking = await ringing(socket, "talking")
        assert talking["item_id"] != ""
        await house.tell("ended", call="1")
        assert (await socket.until("calls"))["calls"] == []
        await house.tell("ringing", "ben@pbx", call="2")
        again = await ringing(socket, "ringing")
        assert (again["known"], again["contact_id"]) == (True, told["contact_id"])
        assert (again["pop"]["action"], again["pop"]["by"]) == ("match", "number")
        assert again["pop"]["open"]["id"] == told["contact_id"]
        await house.tell("left", "ben@pbx", call="2")
        assert (await socket.until("calls"))["calls"] == []


async def ringing(socket: Socket, state: str) -> Json:
    """Return the only call, once its leg is in a state."""
    while True:
        calls = (await socket.until("calls"))["calls"]
        if calls and calls[0]["leg_state"] == state:
            return dict(calls[0])
