"""A whole chat house for tests: real record, real board, real sockets; and a visitor who keeps to the protocol."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

from engine.channels.chat.channel import ChatChannel
from engine.channels.chat.keeper import Keeper
from engine.channels.chat.parts import Parts
from engine.channels.chat.position import PositionWatch
from engine.channels.chat.presence import Presence
from engine.channels.chat.protocol import hash_token
from engine.channels.chat.settings import ChatSettings
from engine.channels.socket import SocketClosed
from engine.clock import SystemClock
from engine.conversations.catchup import CatchUp
from engine.conversations.hub import Hub
from engine.conversations.transcript import Transcript
from engine.errors import NotFound, ProtocolError
from engine.ids import id_source
from engine.intake.reception import Reception
from engine.intake.reroute import Rerouting
from engine.intake.sweep import Sweep
from engine.model.chat_limits import ChatLimits
from engine.model.conversation import Author, Draft, Entry, EntryKind, Interaction
from engine.model.organisation import AgentSetup, Channel, Organisation, Role
from engine.model.record import Applied
from engine.model.work import Outcome
from engine.router.board import Board
from engine.router.library import compose_library
from engine.router.router import Router
from engine.store.store import Store
from engine.valkey.client import Valkey
from engine.wiring.recorder import Recorder
from engine.wiring.waits import Waits
from tests.organisations import small_organisation
from tests.records import migrated_file
from tests.servers import eventually

GENEROUS = ChatLimits(visitor_rate=1e6, visitor_burst=10**6, address_rate=1e6, address_burst=10**6)


class Offset:
    """The machine's clock, moved forward by hand."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self._stopped_ms = 0

    def now_ms(self) -> int:
        return (self._stopped_ms or SystemClock().now_ms()) + self.ahead_ms

    def stop(self) -> None:
        """Let time go by where ``ahead_ms`` grows, and nowhere else: what a slow machine takes does not count."""
        self._stopped_ms = SystemClock().now_ms()


class House:
    """Record, board, conversations, intake and chat channel of one process."""

    def __init__(
        self, *, org_id: str, store: Store, valkey: Valkey, clock: Offset, settings: ChatSettings, hub: Hub
    ) -> None:
        self.org_id, self.store, self.valkey, self.clock = org_id, store, valkey, clock
        self.organisation = small_organisation(org_id, lease_ms=600_000)  # nobody beats
        self.set_channel(limits=GENEROUS)
        self.board = Board(valkey=valkey)
        self.router = Router(board=self.board)
        self.waits = Waits(router=self.router, commands=valkey, clock=clock, observe=lambda *_: None)
        self.hub = hub
        self.transcript = Transcript(record=store.transcripts, hub=self.hub, clock=clock)
        self.recorder = Recorder(history=store.routing, follow=[self._tell])
        self.reception = Reception(
            record=store, router=self.router, organisations=self, recorder=self.recorder,
            transcript=self.transcript, clock=clock,
        )  # fmt: skip
        self.rerouting = Rerouting(
            record=store, router=self.router, recorder=self.recorder, organisations=self,
            conclude=self.reception.conclude, clock=clock,
        )  # fmt: skip
        self.sweep = Sweep(
            arrivals=store.arrivals, router=self.router, reroute=self.rerouting,
            turn_away=self.reception.turn_away, organisations=self, clock=clock,
        )  # fmt: skip
        self.catch_up = CatchUp(record=store.transcripts, hub=self.hub)
        self.presence = Presence(commands=valkey, hub=self.hub, settings=settings)
        parts = Parts(
            organisations=self, reception=self.reception, transcript=self.transcript, hub=self.hub, record=store
        )
        self.channel = ChatChannel(parts=parts, presence=self.presence, clock=clock, settings=settings)
        self.positions = PositionWatch(waiting=self.channel, waits=self.waits, hub=self.hub, settings=settings)
        self.keeper = Keeper(
            organisations=self, reception=self.reception, presence=self.presence, chats=store.conversations,
            transcript=self.transcript, clock=clock, settings=settings,
        )  # fmt: skip
        self.address = ""

    def get(self, org_id: str) -> Organisation:
        if org_id != self.org_id:
            raise NotFound("no such organisation", slug="unknown-organisation")
        return self.organisation

    def all(self) -> Sequence[Organisation]:
        return (self.organisation,)

    def set_channel(self, **changes: Any) -> Channel:
        channel = replace(self.organisation.channels["web"], **changes)
        self.organisation = replace(self.organisation, channels={"web": channel})
        return channel

    def set_limits(self, **changes: Any) -> None:
        self.set_channel(limits=replace(self.organisation.channels["web"].limits, **changes))

    async def open_board(self) -> None:
        """Begin an epoch and put the configuration on the board."""
        epoch = await self.store.routing.begin_epoch(self.org_id, at_least=0)
        assert (await self.board.ask_in(epoch, self.org_id, "open_board", 0)).outcome is Outcome.OK
        agents = [AgentSetup(login=login, name=login.title(), role=Role.AGENT) for login in self.organisation.agents]
        await self.store.configuration.put(
            self.org_id, name="Acme", digest="1", compiled=b"{}", agents=agents, author="test",
            now_ms=self.clock.now_ms(),
        )  # fmt: skip
        self.users = {one.login: one.id for one in await self.store.users.list(self.org_id)}
        assert (await self.router.configure(self.organisation, self.users)).ok
        await self.board.ask(self.org_id, "start_matching")

    async def staff(self, login: str = "ana") -> str:
        """Sign an agent in; return the user's id."""
        user = self.users[login]
        for reply in (
            await self.router.connect_agent(self.org_id, user, f"socket-{login}"),
            await self.router.set_status(self.org_id, user, "available"),
        ):
            assert reply.ok, reply.outcome
            await self.recorder.record(reply.events)
        return user

    async def answer(self, token: str, login: str = "ana") -> Interaction:
        """Let the agent accept the visitor's offer."""
        interaction = await self.interaction(token)
        item = await self.store.work.for_interaction(self.org_id, interaction.id)
        assert item is not None
        user = self.users[login]
        view = await self.router.agent_view(self.org_id, user)
        offer = next(one for one in view.offers if one.item_id == item.id)
        reply = await self.router.accept(self.org_id, item.id, user, offer.assignment)
        assert reply.ok, reply.outcome
        await self.recorder.record(reply.events)
        return interaction

    async def say(self, interaction: Interaction, body: str, client_id: str = "") -> Entry:
        """Append an agent's message."""
        draft = Draft(
            kind=EntryKind.MESSAGE, author=Author.AGENT, author_name="Ana", body=body,
            client_id=client_id or secrets.token_hex(8),
        )  # fmt: skip
        return (await self.transcript.append(self.org_id, interaction.id, draft)).entry

    async def interaction(self, token: str) -> Interaction:
        found = await self.store.conversations.by_token(self.org_id, "web", hash_token(token))
        assert found is not None
        return found

    async def transcript_of(self, interaction: Interaction) -> list[Entry]:
        return await self.store.transcripts.since(self.org_id, interaction.id, after_seq=0, limit=10_000)

    async def _tell(self, applied: Sequence[Applied]) -> None:
        for one in applied:
            self.transcript.publish(one.entries, org_id=one.event.org_id)


class WebSocketPort:
    """The engine's Socket over Starlette, as the API has it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self.address = socket.headers.get("x-test-address", "127.0.0.1")
        self.origin = socket.headers.get("origin", "")
        self.host = socket.headers.get("host", "")

    async def receive_text(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise SocketClosed
        text = message.get("text")
        if text is None:
            raise ProtocolError("frames are text")
        return str(text)

    def send_at_once(self, text: str) -> bool:
        return False

    async def send_text(self, text: str) -> None:
        try:
            await self._socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise SocketClosed from error

    async def close(self, code: int, reason: str) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code, reason)


@contextlib.asynccontextmanager
async def running_house(
    org_id: str,
    valkey_address: str,
    folder: Path,
    *,
    settings: ChatSettings | None = None,
    hub: Hub | None = None,
    serve: bool = True,
    url: str = "",
) -> AsyncIterator[House]:
    """Run a house, with its sockets served on a free port of the loopback."""
    clock = Offset()
    url = url or migrated_file(folder / "record.db")
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    valkey = Valkey(address=valkey_address, library=compose_library())
    await store.start()
    await valkey.connect()
    try:
        house = House(
            org_id=org_id,
            store=store,
            valkey=valkey,
            clock=clock,
            settings=settings or ChatSettings(),
            hub=hub or Hub(),
        )
        await house.open_board()
        if serve:
            async with serving(house):
                yield house
        else:
            yield house
    finally:
        await valkey.close()
        await store.stop()


@contextlib.asynccontextmanager
async def serving(house: House) -> AsyncIterator[None]:
    """Serve the house's chat sockets."""

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        await house.channel.serve(socket.path_params["org"], socket.path_params["channel"], WebSocketPort(socket))

    app = Starlette(routes=[WebSocketRoute("/chat/{org}/{channel}/socket", endpoint)])
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            log_level="error",
            lifespan="off",
            ws_max_size=65_536,
            ws_per_message_deflate=False,
        )
    )
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, every_s=0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    house.address = f"ws://127.0.0.1:{port}/chat/{house.org_id}/web/socket"
    try:
        yield
    finally:
        await house.channel.stop()
        server.should_exit = True
        await task


async def until(condition: Callable[[], Awaitable[object]], *, within_s: float = 30.0) -> None:
    """Wait until an awaited condition holds; an AssertionError in it counts as "not yet"."""
    look: Any = condition
    await eventually(look, within_s=within_s)


def new_token() -> str:
    return secrets.token_urlsafe(32)


@dataclass
class Visitor:
    """A client over a real socket, frame by frame."""

    socket: ClientConnection
    token: str = field(default_factory=new_token)
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def open(self, body: str = "hello", **more: Any) -> dict[str, Any]:
        said = {"client_id": "first", "body": body} if body else {}
        frame = {"v": 1, "token": self.token, "locale": "en", "form": {"name": "Eve"}, **said, **more}
        await self.send(type="open", **frame)
        return await self.expect("opened", "offline")

    async def resume(self, last_seq: int = 0) -> dict[str, Any]:
        await self.send(type="resume", v=1, token=self.token, last_seq=last_seq)
        return await self.expect("opened")

    async def say(self, body: str, client_id: str = "") -> dict[str, Any]:
        client_id = client_id or secrets.token_hex(8)
        await self.send(type="message", client_id=client_id, body=body)
        return await self.expect("ack", client_id=client_id)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        self.frames.append(frame)
        return frame

    async def expect(self, *types: str, **fields: Any) -> dict[str, Any]:
        """Return the next frame of one of ``types`` (with these fields), keeping the others in ``frames``."""
        while True:
            frame = await self.next()
            if frame["type"] in types and fields.items() <= frame.items():
                return frame
            assert frame["type"] != "error", frame

    async def entry(self, body: str) -> dict[str, Any]:
        while True:
            line: dict[str, Any] = (await self.expect("entry"))["entry"]
            if line.get("body", "") == body:
                return line

    async def line(self, kind: EntryKind) -> dict[str, Any]:
        """Return the next entry of a kind."""
        while True:
            line: dict[str, Any] = (await self.expect("entry"))["entry"]
            if line["kind"] == kind.value:
                return line

    async def refused(self) -> tuple[str, int]:
        """Return the slug of the error frame and the code of the close that follow."""
        frame = await self.next()
        while frame["type"] != "error":
            frame = await self.next()
        return frame["slug"], await self.closed()

    async def closed(self) -> int:
        async with asyncio.timeout(30):
            await self.socket.wait_closed()
        assert self.socket.close_code is not None
        return self.socket.close_code

    def bodies(self) -> list[str]:
        return [
            frame["entry"]["body"] for frame in self.frames if frame["type"] == "entry" and "body" in frame["entry"]
        ]


@contextlib.asynccontextmanager
async def visiting(house: House, *, token: str = "", origin: str = "", address: str = "") -> AsyncIterator[Visitor]:
    """Connect a visitor."""
    headers = {"x-test-address": address} if address else {}
    async with connect(house.address, origin=origin or None, additional_headers=headers, close_timeout=1) as socket:  # type: ignore[arg-type] # a plain string is fine
        yield Visitor(socket=socket, token=token or new_token())
