"""The stream of routing events, as another system follows it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jsonschema
import pytest
from websockets.asyncio.client import connect

from engine.events.frames import event_schema
from engine.model.user import Scope
from tests.integration.api.engine_under_test import Engine, Socket
from tests.integration.api.test_generic_work import system


async def secret_of(engine: Engine, *scopes: Scope) -> str:
    client = await system(engine, *scopes)
    return str(client.headers["Authorization"]).removeprefix("Bearer ")


@contextlib.asynccontextmanager
async def follower(address: str, token: str, **hello: object) -> AsyncIterator[Socket]:
    async with connect(f"ws://{address}/api/v1/events", proxy=None) as connection:
        socket = Socket(connection)
        await socket.send("hello", token=token, **hello)
        yield socket


async def handed_in(erp: httpx.AsyncClient, **fields: object) -> str:
    made = await erp.post("/work-items", json={"kind": "chat", "queue": "sales", **fields})
    return str(made.json()["id"])


async def test_events_are_told_as_they_happen_and_again_from_any_place(engine: Engine, org: str) -> None:
    erp = await system(engine, Scope.WORK_WRITE)
    token = await secret_of(engine, Scope.EVENTS_READ)
    async with engine.served() as address:
        async with follower(address, token) as socket:
            begin = (await socket.until("welcome"))["after"]
            item_id = await handed_in(erp, reference="r1")
            event = (await socket.until("event"))["event"]
            assert (event["kind"], event["item_id"], event["reference"]) == ("enqueued", item_id, "r1")
            await erp.delete(f"/work-items/{item_id}")
            last = (await socket.until("event"))["event"]
            assert (last["kind"], last["seq"]) == ("abandoned", event["seq"] + 1)
        async with follower(address, token, after=begin) as socket:
            await socket.until("welcome", after=begin)
            again = [(await socket.until("event"))["event"] for _ in range(2)]
        assert again == [event, last]
        async with follower(address, token, after=begin, kinds=["abandoned"], queues=["sales"]) as socket:
            assert (await socket.until("event"))["event"] == last
            for frame in socket.seen:
                jsonschema.validate(frame, event_schema())


async def test_marks_let_a_quiet_subscriber_move_on(engine: Engine, org: str) -> None:
    engine.application.others.streams._mark_s = 0.2
    erp = await system(engine, Scope.WORK_WRITE)
    token = await secret_of(engine, Scope.EVENTS_READ)
    async with engine.served() as address, follower(address, token, queues=["support"]) as socket:
        begin = (await socket.until("welcome"))["after"]
        await handed_in(erp)
        mark = (await socket.until("mark"))["after"]
        while mark == begin:
            mark = (await socket.until("mark"))["after"]
        assert mark["seq"] > begin["seq"]
        assert not [frame for frame in socket.seen if frame["type"] == "event"]


async def test_a_token_that_ends_closes_the_stream(engine: Engine, org: str) -> None:
    engine.application.others.streams._mark_s = 0.2
    token = await secret_of(engine, Scope.EVENTS_READ)
    ada = await engine.signed_in("ada")
    async with engine.served() as address, follower(address, token) as socket:
        await socket.until("welcome")
        (made,) = (await ada.get("/tokens")).json()["items"]
        await ada.send("DELETE", f"/tokens/{made['id']}")
        assert await socket.closed() == 1008


@pytest.mark.parametrize(
    ("scopes", "hello", "slug"),
    [
        ((Scope.EVENTS_READ,), {"after": {"epoch": 999, "seq": 1}}, "unknown-place"),
        ((Scope.EVENTS_READ,), {"kinds": ["none"]}, "bad-frame"),
        ((Scope.WORK_READ,), {}, "forbidden"),
        ((), {"token": "cbt_wrong"}, "unauthenticated"),
    ],
)
async def test_who_may_not_is_told_so(
    engine: Engine, org: str, scopes: tuple[Scope, ...], hello: dict[str, object], slug: str
) -> None:
    token = await secret_of(engine, *scopes) if scopes else ""
    async with engine.served() as address, follower(address, **{"token": token, **hello}) as socket:  # type: ignore[arg-type]
        assert (await socket.until("error"))["slug"] == slug
        assert await socket.closed() == 1008


async def test_the_token_may_come_in_the_header(engine: Engine, org: str) -> None:
    token = await secret_of(engine, Scope.EVENTS_READ)
    async with engine.served() as address:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"ws://{address}/api/v1/events"
        async with connect(url, proxy=None, additional_headers=headers) as connection:
            socket = Socket(connection)
            await socket.send("hello")
            await socket.until("welcome")
            engine.application.others.streams.stop_all()
            assert await socket.closed() == 1012


def test_the_reference_shows_every_frame_and_field() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    definitions = event_schema()["$defs"]
    for name in ("Hello", "Welcome", "EventFrame", "MarkFrame", "ErrorFrame", "EventPart"):
        for field in definitions[name]["properties"]:
            assert f"`{field}`" in text or f'"{field}"' in text, f"{name}.{field}"
