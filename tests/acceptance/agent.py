"""People who are signed in: the public API with a session or a token, and the agent's socket beside it."""

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx

from tests.acceptance.peer import Frame, Peer


class SignedIn:
    """A user of the public API."""

    def __init__(self, url: str, *, cookie: str = "", csrf: str = "", token: str = "") -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"} if token else {"Cookie": cookie, "X-CSRF-Token": csrf}
        self.token = token
        # Without ``verify`` each client would read the system's certificates, which takes longer than a test.
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", timeout=20, headers={**self.headers, "Origin": url}, verify=False
        )

    @classmethod
    def by_password(cls, url: str, login: str, password: str) -> Self:
        """Log in."""
        answer = try_login(url, login, password)
        assert answer.status_code == 200, answer.text
        cookie = f"cordboard_session={answer.cookies['cordboard_session']}"
        return cls(url, cookie=cookie, csrf=answer.json()["csrf"])

    def at(self, url: str) -> "SignedIn":
        """Return the same session at another process."""
        return SignedIn(url, cookie=self.headers["Cookie"], csrf=self.headers["X-CSRF-Token"])

    def get(self, path: str, **parameters: str) -> Any:
        """Return the JSON at ``path``."""
        answer = self._http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, path: str, body: Mapping[str, object] | None = None, **headers: str) -> httpx.Response:
        """Post, and return whatever is answered."""
        return self._http.post(path, json=body or {}, headers=headers)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Post, and return what is answered; a refusal is an error."""
        answer = self.ask(path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Close connections."""
        self._http.close()


class Agent(Peer):
    """An agent with one window open, whose heart beats while it is."""

    def __init__(self, person: SignedIn) -> None:
        super().__init__()
        self.person = person
        self.state: Frame = {"offers": [], "items": [], "status": {"key": ""}, "load": {"used": 0, "units": 0}}
        self.entries: dict[str, dict[int, Frame]] = {}
        self._dead = threading.Event()
        self._heart: threading.Thread | None = None

    @property
    def hello(self) -> Frame:
        """Return the welcome."""
        return self.hear("hello")

    def sit_down(self, status: str = "available") -> Self:
        """Open the socket and take a status."""
        self.open()
        self.choose(status)
        return self

    def open(self, url: str = "") -> Self:
        """Open the socket, here or at another process."""
        url = url or self.person.url
        headers = {} if self.person.token else {"Cookie": self.person.headers["Cookie"]}
        self.connect(f"{url}/api/v1/agent/socket", origin=url, **headers)
        if self.person.token:
            self.send("hello", v=1, token=self.person.token)
        every_s = self.hello["heartbeat_ms"] / 1000
        self._dead.clear()
        self._heart = threading.Thread(target=self._beat, args=(every_s,), name="heart", daemon=True)
        self._heart.start()
        return self

    def choose(self, status: str) -> None:
        """Take a status and see it."""
        self.person.post("/presence", {"status": status})
        self.wait(lambda: self.state["status"]["key"] == status, what=f"status {status}")

    def offer(self, within_s: float = 20, *, but: str = "") -> Frame:
        """Wait for an offer; ``but``: of another item."""
        return self.wait(
            lambda: next((one for one in self.state["offers"] if one["item_id"] != but), None),
            within_s=within_s,
            what="an offer",
        )

    def accept(self, offer: Frame | None = None) -> Frame:
        """Accept an offer and wait until the conversation is shown."""
        offer = offer or self.offer()
        self.person.post(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
        return self.holds(offer["interaction"]["id"])

    def holds(self, interaction_id: str) -> Frame:
        """Wait until a conversation is with the agent and shown; return its item."""
        self.hear_conversation(interaction_id)
        return self.wait(lambda: self.item_of(interaction_id), what=f"item of {interaction_id}")

    def item_of(self, interaction_id: str) -> Frame | None:
        """Return the item held for a conversation."""
        return next((one for one in self.state["items"] if one["interaction_id"] == interaction_id), None)

    def hear_conversation(self, interaction_id: str) -> Frame:
        """Wait for a conversation's frame."""
        return self.wait(
            lambda: next(
                (
                    one
                    for one in reversed(self.frames)
                    if one["type"] == "conversation" and one["interaction"]["id"] == interaction_id
                ),
                None,
            ),
            what=f"conversation {interaction_id}",
        )

    def idle(self) -> None:
        """Wait until nothing is offered or held."""
        self.wait(lambda: not self.state["offers"] and not self.state["items"], what="nothing offered or held")

    def decline(self, offer: Frame) -> None:
        """Decline an offer."""
        self.person.post(f"/offers/{offer['item_id']}/decline", {"assignment": offer["assignment"], "reason": "busy"})

    def finish(self, item: Frame, disposition: str = "solved") -> None:
        """End the conversation and its wrap-up."""
        self.end(item)
        self.wrap_up(item, disposition)

    def end(self, item: Frame) -> None:
        """End the conversation."""
        self.person.post(f"/work-items/{item['item_id']}/end", {"assignment": item["assignment"]})

    def wrap_up(self, item: Frame, disposition: str = "solved") -> None:
        """Finish the wrap-up and see it gone."""
        body = {"assignment": item["assignment"], "disposition": disposition}
        self.person.post(f"/work-items/{item['item_id']}/wrap-up", body)
        self.wait(lambda: self.item_of(item["interaction_id"]) is None, what="wrapped up")

    def say(self, interaction_id: str, body: str) -> str:
        """Say something and wait until it is committed; return its id."""
        client_id = secrets.token_hex(8)
        self.send("message", interaction_id=interaction_id, client_id=client_id, body=body)
        self.hear("ack", client_id=client_id)
        return client_id

    def sees(self, interaction_id: str, body: str) -> Frame:
        """Wait until a message is shown."""
        return self.wait(
            lambda: next((one for one in self.said(interaction_id) if one["body"] == body), None), what=body
        )

    def said(self, interaction_id: str) -> list[Frame]:
        """Return a conversation's messages, in order."""
        entries = sorted(self.entries.get(interaction_id, {}).items())
        return [one for _, one in entries if one["kind"] == "message"]

    def stand_up(self) -> None:
        """Sign out, ending what is open, and close the window."""
        self.person.post("/sign-out", {"open_work": "end"})
        self.close()

    def take(self, frame: Frame) -> None:
        """Learn from a frame."""
        if frame["type"] == "state":
            self.state = frame
        elif frame["type"] == "conversation":
            lines = self.entries.setdefault(frame["interaction"]["id"], {})
            lines.update({entry["seq"]: entry for entry in frame["entries"]})
        elif frame["type"] == "entry":
            self.entries.setdefault(frame["interaction_id"], {})[frame["entry"]["seq"]] = frame["entry"]

    def close(self) -> None:
        """Close the window."""
        self._dead.set()
        super().close()
        if self._heart is not None:
            self._heart.join(5)

    def _beat(self, every_s: float) -> None:
        while not self._dead.wait(every_s) and self.connected:
            self.send("heartbeat")


def try_login(url: str, login: str, password: str) -> httpx.Response:
    """Return what a log-in is answered."""
    body = {"login": login, "password": password}
    return httpx.post(f"{url}/api/v1/login", json=body, headers={"Origin": url}, timeout=20)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make the calls in threads that start together; return their answers in order."""
    gate = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        gate.wait(60)
        try:
            answers[place] = calls[place]()
        except Exception as error:  # noqa: BLE001 - handed to whoever called
            answers[place] = error

    threads = [threading.Thread(target=run, args=(place,), name=f"at-once-{place}") for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers
