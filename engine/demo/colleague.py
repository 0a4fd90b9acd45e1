"""A simulated agent: signs in like a real one, accepts, answers, wraps up, takes breaks. An outside client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from engine.demo.script import ANSWERS, GREETINGS, NOTES, language

CONNECT_S = 10
SILENCE_S = 120.0  # a customer who says nothing for so long is let go
DECLINES = 0.04
BREAKS = 0.10
_BREAK_S = (20.0, 60.0)


@dataclass(kw_only=True)
class Conversation:
    """One conversation in this agent's hands."""

    interaction_id: str
    locale: str
    first_answer: int  # so that not every conversation is the same
    answers: int = 0
    seq: int = 0  # of the customer's last words
    answered_seq: int = 0
    talking: asyncio.Task[None] | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Colleague:
    """One agent for as long as ``run`` runs."""

    def __init__(self, *, base_url: str, organisation: str, login: str, password: str, chance: random.Random) -> None:
        self._base_url = base_url
        self._organisation = organisation
        self._login = login
        self._password = password
        self._chance = chance
        self._name = login
        self._http: httpx.AsyncClient | None = None
        self._socket: ClientConnection | None = None
        self._hello: dict[str, Any] = {}
        self._conversations: dict[str, Conversation] = {}  # by work item
        self._tasks: set[asyncio.Task[None]] = set()
        self._handled: set[tuple[str, int, str]] = set()  # item, assignment, what was done about it

    async def run(self) -> None:
        """Sign in and work until the connection ends. Raises OSError, httpx.HTTPError, ConnectionClosed."""
        async with httpx.AsyncClient(base_url=self._base_url, timeout=CONNECT_S) as http:
            self._http = http
            http.headers["Origin"] = self._base_url
            form = {"login": self._login, "password": self._password, "organisation": self._organisation}
            answer = (await http.post("/api/v1/login", json=form)).raise_for_status().json()
            http.headers["X-CSRF-Token"] = answer["csrf"]
            try:
                await self._work(_cookies(http))
            finally:
                await self._stop_talking()

    async def _work(self, cookies: str) -> None:
        url = f"{self._base_url.replace('http', 'ws', 1)}/api/v1/agent/socket"
        origin: Any = self._base_url
        headers = {"Cookie": cookies}
        async with connect(url, origin=origin, additional_headers=headers, open_timeout=CONNECT_S) as socket:
            self._socket = socket
            async for frame in socket:
                await self._react(json.loads(frame))

    async def _react(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "hello":
            self._hello = frame
            self._name = frame["user"]["name"].partition(" ")[0]
            self._spawn(self._beat(frame["heartbeat_ms"] / 1000))
            self._spawn(self._choose_status("available"))
        elif kind == "state":
            self._look(frame)
        elif kind == "conversation":
            self._take(frame)
        elif kind == "entry":
            self._listen(frame["interaction_id"], frame["entry"])

    def _look(self, state: Mapping[str, Any]) -> None:
        """Act on every offer and every wrap-up that is new; forget what is gone."""
        for offer in state["offers"]:
            if self._first_time(offer, "offer"):
                self._spawn(self._consider(offer))
        for item in state["items"]:
            if item["state"] == "wrapup" and self._first_time(item, "wrapup"):
                self._spawn(self._wrap_up(item))
        held = {item["item_id"] for item in state["items"] if item["state"] == "active"}
        for item_id in list(self._conversations.keys() - held):
            conversation = self._conversations.pop(item_id)
            if conversation.talking is not None:
                conversation.talking.cancel()

    def _first_time(self, item: Mapping[str, Any], what: str) -> bool:
        key = (str(item["item_id"]), int(item["assignment"]), what)
        fresh = key not in self._handled
        self._handled.add(key)
        return fresh

    def _take(self, frame: Mapping[str, Any]) -> None:
        interaction = frame["interaction"]
        conversation = Conversation(
            interaction_id=interaction["id"],
            locale=language(interaction["locale"]),
            first_answer=self._chance.randrange(10),
        )
        self._conversations[frame["item_id"]] = conversation
        for entry in frame["entries"]:
            self._listen(conversation.interaction_id, entry)
        conversation.talking = self._spawn(self._talk(frame["item_id"], conversation))

    def _listen(self, interaction_id: str, entry: Mapping[str, Any]) -> None:
        for conversation in self._conversations.values():
            if conversation.interaction_id != interaction_id or entry["kind"] != "message":
                continue
            if entry["author"] == "visitor":
                conversation.seq = max(conversation.seq, int(entry["seq"]))
                conversation.news.set()
            elif entry["author"] == "agent":
                conversation.answers += 1
                conversation.answered_seq = max(conversation.answered_seq, int(entry["seq"]))

    async def _talk(self, item_id: str, conversation: Conversation) -> None:
        while item_id in self._conversations:
            if conversation.seq > conversation.answered_seq:
                await self._answer(conversation)
                continue
            conversation.news.clear()
            try:
                async with asyncio.timeout(SILENCE_S):
                    await conversation.news.wait()
            except TimeoutError:
                return  # the engine warns and closes idle chats by itself

    async def _answer(self, conversation: Conversation) -> None:
        to = {"interaction_id": conversation.interaction_id}
        await self._send({"type": "read", "seq": conversation.seq, **to})
        await asyncio.sleep(self._chance.uniform(1.0, 5.0))
        await self._send({"type": "typing", "on": True, **to})
        await asyncio.sleep(self._chance.uniform(1.5, 5.0))
        first = conversation.answers == 0
        choice = (GREETINGS if first else ANSWERS)[conversation.locale]
        text = choice[(conversation.first_answer + conversation.answers) % len(choice)].format(name=self._name)
        client_id = f"{self._login}-{conversation.seq}"
        conversation.answered_seq = conversation.seq
        await self._send({"type": "message", "client_id": client_id, "body": text, "note": False, **to})
        if not first and self._chance.random() < 0.1:  # now and then an internal note
            note = self._chance.choice(NOTES)
            await self._send({"type": "message", "client_id": f"{client_id}-note", "body": note, "note": True, **to})

    async def _consider(self, offer: Mapping[str, Any]) -> None:
        await asyncio.sleep(self._chance.uniform(1.0, 5.0))
        verb = "decline" if self._chance.random() < DECLINES else "accept"
        await self._post(f"/offers/{offer['item_id']}/{verb}", {"assignment": offer["assignment"]})

    async def _wrap_up(self, item: Mapping[str, Any]) -> None:
        await asyncio.sleep(self._chance.uniform(2.0, 8.0))
        dispositions = self._hello["dispositions"]
        body = {"assignment": item["assignment"], "disposition": self._chance.choice(dispositions)["key"]}
        await self._post(f"/work-items/{item['item_id']}/wrap-up", body)
        if self._chance.random() < BREAKS and not self._conversations:
            await self._choose_status("break")
            await asyncio.sleep(self._chance.uniform(*_BREAK_S))
            await self._choose_status("available")

    async def _choose_status(self, kind: str) -> None:
        fitting = [one["key"] for one in self._hello["statuses"] if one["kind"] == kind]
        taking = [one["key"] for one in self._hello["statuses"] if one["kind"] == kind and "chat" in one["channels"]]
        if fitting:
            await self._post("/presence", {"status": (taking or fitting)[0]})

    async def _post(self, path: str, body: Mapping[str, object]) -> None:
        """Ask; a refusal is part of life (the offer is over, the customer gone)."""
        assert self._http is not None
        with contextlib.suppress(httpx.HTTPError):
            await self._http.post(f"/api/v1{path}", json=body)

    async def _beat(self, every_s: float) -> None:
        while True:
            await self._send({"type": "heartbeat"})
            await asyncio.sleep(every_s)

    async def _send(self, frame: Mapping[str, object]) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"traffic:{self._login}")
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a send on a closed socket: `run` ends by itself and says so

    async def _stop_talking(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._conversations.clear()
        self._handled.clear()


def _cookies(http: httpx.AsyncClient) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in http.cookies.jar)
