"""A visitor who speaks the chat protocol as the widget does: own token, own ids, resumes, sends again."""

import secrets
from typing import Self

from tests.acceptance.engine_process import ORG
from tests.acceptance.peer import Frame, Peer


class Visitor(Peer):
    """One conversation, over as many sockets as it takes; without ``origin`` it is held on the engine's own page."""

    def __init__(self, url: str, *, token: str = "", channel: str = "web", origin: str | None = None) -> None:
        super().__init__()
        self.url = url
        self.token = token or secrets.token_urlsafe(32)
        self.interaction_id = ""
        self.position = -1
        self.entries: dict[int, Frame] = {}
        self.doubled: list[int] = []
        """Numbers of entries that came again on one socket."""
        self._channel = channel
        self._origin = origin
        self._here: set[int] = set()
        self._unacknowledged: dict[str, str] = {}

    def enter(self, url: str = "") -> Self:
        """Open a socket, here or at another process."""
        self.url = url or self.url
        self._here = set()
        origin = self.url if self._origin is None else self._origin
        self.connect(f"{self.url}/chat/{ORG}/{self._channel}/socket", origin=origin)
        return self

    def open(self, body: str = "Hello", *, name: str = "Vera", email: str = "", topic: str = "order") -> Self:
        """Begin a conversation and wait until it is there, or until nobody is."""
        self.begin(body, name=name, email=email, topic=topic)
        self.wait(lambda: self.interaction_id or self.seen("offline"), what="opened or offline")
        return self

    def begin(self, body: str = "Hello", *, name: str = "Vera", email: str = "", topic: str = "order") -> Self:
        """Ask for a conversation."""
        if not self.connected:
            self.enter()
        self.frames.clear()
        form = {"name": name, "email": email, "topic": topic}
        client_id = f"first-{self.token[:8]}"
        self._unacknowledged[client_id] = body
        self.send("open", v=1, token=self.token, locale="en", form=form, client_id=client_id, body=body)
        return self

    def come_back(self, url: str = "") -> Self:
        """Resume after a cut, here or at another process, and say again what was not acknowledged."""
        self.frames.clear()
        self.enter(url)
        self.send("resume", v=1, token=self.token, last_seq=max(self.entries, default=0))
        self.hear("opened")
        for client_id, body in self._unacknowledged.items():
            self.send("message", client_id=client_id, body=body)
        return self

    def say(self, body: str) -> str:
        """Say something and wait until it is committed and shown; return its id."""
        client_id = self.utter(body)
        seq = self.hear("ack", client_id=client_id)["seq"]
        self.wait(lambda: seq in self.entries, what=f"{body} shown")
        return client_id

    def utter(self, body: str, client_id: str = "") -> str:
        """Say something without waiting."""
        client_id = client_id or secrets.token_hex(8)
        self._unacknowledged[client_id] = body
        self.send("message", client_id=client_id, body=body)
        return client_id

    def give_up(self) -> None:
        """Do not say again what was not acknowledged."""
        self._unacknowledged.clear()

    def sees(self, body: str) -> Frame:
        """Wait until a message is shown."""
        return self.wait(lambda: next((one for one in self.said if one["body"] == body), None), what=body)

    def sees_kind(self, kind: str) -> Frame:
        """Wait until a system line is shown."""
        return self.wait(
            lambda: next((one for one in self.entries.values() if one["kind"] == kind), None), what=f"a line: {kind}"
        )

    def place(self) -> int:
        """Return the place in the line as heard last."""
        self.read_all()
        return self.position

    @property
    def said(self) -> list[Frame]:
        """Return the messages, in order."""
        return [one for _, one in sorted(self.entries.items()) if one["kind"] == "message"]

    @property
    def bodies(self) -> list[str]:
        """Return the messages' texts, in order."""
        return [str(one["body"]) for one in self.said]

    def end(self) -> None:
        """End the conversation and wait for the end."""
        self.send("end")
        self.hear("ended")

    def leave_shop(self) -> None:
        """End the conversation whatever has become of the socket."""
        if not self.interaction_id:
            self.close()
            return
        self.read_all()
        if not self.seen("ended"):
            if not self.connected:
                self.come_back()
            if not self.seen("opened", session={"interaction_id": self.interaction_id, "state": "closed"}):
                self.end()
        self.close()

    def take(self, frame: Frame) -> None:
        """Learn from a frame."""
        if frame["type"] == "opened":
            self.interaction_id = frame["session"]["interaction_id"]
        elif frame["type"] == "entry":
            entry = frame["entry"]
            if entry["seq"] in self._here:
                self.doubled.append(entry["seq"])
            self._here.add(entry["seq"])
            self.entries[entry["seq"]] = entry
        elif frame["type"] == "ack":
            self._unacknowledged.pop(frame["client_id"], None)
        elif frame["type"] == "position":
            self.position = frame["position"]
