"""The whole engine in the test's own process, on real Valkey and SQLite, with its API."""

import asyncio
import base64
import contextlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from engine.api.application import create_api
from engine.api.parts import ApiParts
from engine.app import Application
from engine.clock import Clock, SystemClock
from engine.config.snapshot import pack
from engine.ids import id_source
from engine.model.organisation import AgentSetup, Organisation, Role
from engine.passwords import hash_password
from engine.settings import Settings
from engine.store.store import Store
from tests.organisations import small_organisation
from tests.records import migrated_file
from tests.servers import eventually

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
ORIGIN = "http://engine.test"


def staffed_organisation(org_id: str, **changes: object) -> Organisation:
    """Return the small organisation with a supervisor and an admin beside its agents, whose sockets need no beats."""
    organisation = small_organisation(org_id, **{"name": f"Org {org_id}", "lease_ms": 600_000, **changes})
    others = {
        "sue": AgentSetup(login="sue", name="Sue", role=Role.SUPERVISOR),
        "ada": AgentSetup(login="ada", name="Ada", role=Role.ADMIN),
    }
    return replace(organisation, agents={**organisation.agents, **others})


async def keep_organisations(url: str, organisations: Iterable[Organisation]) -> None:
    """Write the organisations' configuration and users, each with the password of the tests."""
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    try:
        for one in organisations:
            packed = pack(one)
            await store.configuration.put(
                one.id,
                name=one.name,
                digest=packed.digest,
                compiled=packed.compiled,
                agents=tuple(one.agents.values()),
                author="tests",
                now_ms=clock.now_ms(),
                targets={queue.key: queue.answer_within_ms for queue in one.queues.values()},
            )
            for user in await store.users.list(one.id):
                await store.users.set_password(one.id, user.id, HASH)
    finally:
        await store.stop()


class Engine:
    """A running engine."""

    def __init__(self, application: Application, **settings: object) -> None:
        self.application = application
        parts = application.api_parts()
        self.parts: ApiParts = replace(parts, settings=replace(parts.settings, pages=None, **settings))  # type: ignore[arg-type]
        self.api: FastAPI = create_api(self.parts)
        self._address = ""

    def with_settings(self, **settings: object) -> "Engine":
        """Return the same engine behind another application, with other settings of the API."""
        return Engine(self.application, **{"login_failure_ms": 0, **settings})

    def at(self, clock: Clock, **settings: object) -> "Engine":
        """Return the same engine behind an application that goes by another clock, with other settings of the API."""
        other = Engine(self.application, **{"login_failure_ms": 0, **settings})
        other.parts = replace(other.parts, clock=clock)
        other.api = create_api(other.parts)
        return other

    def http(self, address: str = "203.0.113.7", **headers: str) -> httpx.AsyncClient:
        """Return a client without a session; it talks to the application without a network, as if from ``address``."""
        transport = httpx.ASGITransport(app=self.api, raise_app_exceptions=False, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, timeout=30)

    async def signed_in(self, login: str, organisation: str = "") -> "Browser":
        """Return a browser in which ``login`` is signed in."""
        browser = Browser(self.http())
        answer = await browser.log_in(login, organisation=organisation)
        assert answer.status_code == 200, answer.text
        return browser

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve over a real port; yields ``127.0.0.1:port``."""
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            self.api, loop="none", lifespan="off", log_config=None, ws="websockets-sansio", access_log=False
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await eventually(lambda: server.started)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            self.application.floor.stop_all()
            await self.application.chat.stop()
            server.should_exit = True
            await task
            listener.close()


class Browser:
    """A client that keeps a session and sends what a page sends."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.csrf = ""

    async def log_in(self, login: str, password: str = PASSWORD, organisation: str = "") -> httpx.Response:
        body = {"login": login, "password": password, "organisation": organisation}
        answer = await self.http.post("/api/v1/login", json=body, headers={"Origin": ORIGIN})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", params=query)

    async def post(self, path: str, body: Mapping[str, object] | None = None, **headers: str) -> httpx.Response:
        return await self.send("POST", path, body, **headers)

    async def send(
        self, method: str, path: str, body: Mapping[str, object] | None = None, **headers: str
    ) -> httpx.Response:
        sent = {"Origin": ORIGIN, "X-CSRF-Token": self.csrf, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self.http.request(method, f"/api/v1{path}", json=body or {}, headers=sent)

    @property
    def cookie(self) -> str:
        return f"cordboard_session={self.http.cookies['cordboard_session']}"


class Socket:
    """A test's end of a socket: frames as dictionaries, all of them kept."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.seen: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: object) -> None:
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def receive(self, within_s: float = 30) -> dict[str, Any]:
        async with asyncio.timeout(within_s):
            frame: dict[str, Any] = json.loads(await self.connection.recv())
        self.seen.append(frame)
        return frame

    async def until(self, kind: str, within_s: float = 30, **wanted: object) -> dict[str, Any]:
        """Return the next frame of a kind in which the fields are as wanted."""
        async with asyncio.timeout(within_s):
            while True:
                frame = await self.receive(within_s)
                if frame["type"] == kind and all(frame.get(key) == value for key, value in wanted.items()):
                    return frame

    async def closed(self, within_s: float = 30) -> int:
        """Read until the other side closes; return the code."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    await self.receive(within_s)
            except ConnectionClosed as end:
                return end.rcvd.code if end.rcvd else 1006

    async def state(self, **counts: int) -> dict[str, Any]:
        """Return the next state with so many ``offers`` and ``items``."""
        while True:
            frame = await self.until("state")
            if all(len(frame[key]) == count for key, count in counts.items()):
                return frame


@contextlib.asynccontextmanager
async def agent_socket(address: str, browser: Browser) -> AsyncIterator[Socket]:
    """Open an agent's socket with a browser's session."""
    headers = {"Cookie": browser.cookie}
    origin = Origin(f"http://{address}")
    async with connect(
        f"ws://{address}/api/v1/agent/socket", additional_headers=headers, origin=origin, proxy=None
    ) as connection:
        yield Socket(connection)


@dataclass
class Visitor:
    """A visitor with an open chat."""

    socket: Socket
    token: str
    interaction_id: str

    async def say(self, body: str) -> str:
        client_id = secrets.token_hex(8)
        await self.socket.send("message", client_id=client_id, body=body)
        await self.socket.until("ack", client_id=client_id)
        return client_id


@contextlib.asynccontextmanager
async def visitor(address: str, org_id: str, body: str = "Hello", **form: str) -> AsyncIterator[Visitor]:
    """Open a chat."""
    token = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    async with connect(f"ws://{address}/chat/{org_id}/web/socket", proxy=None) as connection:
        client = Socket(connection)
        filled = {"name": "Vera", "email": "vera@example.com", "topic": "order", **form}
        await client.send("open", v=1, token=token, locale="en", form=filled, client_id="first", body=body)
        opened = await client.until("opened")
        yield Visitor(socket=client, token=token, interaction_id=opened["session"]["interaction_id"])


@contextlib.asynccontextmanager
async def running_engine(
    directory: Path, valkey: str, organisations: Iterable[Organisation], *, database: str = "", **settings: object
) -> AsyncIterator[Engine]:
    """Run an engine that serves ``organisations``; its record is a file unless ``database`` names another."""
    process = Settings(data=directory, valkey_url=valkey, config=(), database_url=database)
    directory.mkdir(parents=True, exist_ok=True)
    assert database or process.database == migrated_file(directory.absolute() / "cordboard.sqlite3")
    await keep_organisations(process.database, organisations)
    application = Application(process)
    try:
        await application.start()
        yield Engine(application, login_failure_ms=0, **settings)
    finally:
        await application.stop()
