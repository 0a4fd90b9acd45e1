"""The whole program as a child process: started, killed, started again; and what it says over its public API."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import httpx

from engine.bench.ports import free_port
from tests.acceptance import warm

T = TypeVar("T")

CONFIG = Path(__file__).with_name("config")
ORG = "demo"
START_S = 180.0
"""A start takes a second of processor time, and forty on a machine that does ten things more."""


def until(predicate: Callable[[], T], *, within_s: float = 60.0, what: str = "") -> T:
    """Call ``predicate`` until it returns something true; network errors and assertions count as "not yet"."""
    deadline = time.monotonic() + within_s
    while True:
        last: object
        try:
            value = predicate()
            if value:
                return value
            last = value
        except (AssertionError, httpx.HTTPError, ConnectionError) as error:
            last = repr(error)
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what or predicate!r}; last: {last}")
        threading.Event().wait(0.05)


class EngineProcess:
    """Run ``cordboard serve`` with its own data directory; dies with this object's ``close``."""

    def __init__(
        self, data: Path, *, config: Path = CONFIG, settings: Mapping[str, str] | None = None, cold: bool = False
    ) -> None:
        """Prepare; ``cold``: a new interpreter runs it, which imports it again."""
        self.data = data
        self.config = config
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = dict(settings or {})
        self._cold = cold
        self._process: subprocess.Popen[bytes] | warm.Forked | None = None
        self._log = data.parent / f"{data.name}.log"
        self._keeper: threading.Thread | None = None
        self._closed = threading.Event()
        self._has_logins = False
        self.deaths = 0

    def start(self, failpoints: str = "") -> None:
        """Start the program and wait until it is ready, or has died of an armed failpoint."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CORDBOARD_")}
        environment |= {"CORDBOARD_METRICS_LOCAL": "yes"} | self._settings
        if failpoints:
            environment["CORDBOARD_FAILPOINTS"] = failpoints
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as where it is installed: nobody compiles it at each start
        arguments = ["serve", "--config", str(self.config)]
        arguments += [] if self._has_logins else ["--demo"]  # which makes them; checking them again takes as long
        arguments += ["--data", str(self.data), "--host", "127.0.0.1", "--port", str(self.port)]
        with self._log.open("ab") as log:
            if warm.POSSIBLE and not self._cold:
                self._process = warm.nursery().start(arguments, environment, log)
            else:
                command = [sys.executable, "-m", "engine", *arguments]
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
                )
        until(lambda: self.ready() or not self.running, within_s=START_S, what=f"ready; see\n{self.log_end()}")
        self._has_logins |= self.running

    def start_kept(self, failpoints: str = "") -> None:
        """Start the program and, when it dies, start it again without failpoints, as a service manager does."""
        self.start(failpoints)
        self._keeper = threading.Thread(target=self._keep, name="service-manager", daemon=True)
        self._keeper.start()
        until(self.ready, within_s=START_S, what="ready, after dying at the start perhaps")

    def _keep(self) -> None:
        while not self._closed.is_set():
            process = self._process
            assert process is not None
            process.wait()
            if self._closed.is_set():
                return
            self.deaths += 1
            self.start()

    @property
    def running(self) -> bool:
        """Say whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the engine's process id."""
        assert self._process is not None
        return self._process.pid

    def ready(self) -> bool:
        """Ask ``/readyz``."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """End the process as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(60)

    def kill_valkey(self) -> None:
        """Kill the embedded Valkey, whose engine goes on."""
        for child in self._valkey_pids():
            os.kill(child, signal.SIGKILL)

    def _valkey_pids(self) -> list[int]:
        pids = []
        for status in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = status.read_bytes().replace(b"\0", b" ")
                parent = (status.parent / "stat").read_text().rsplit(")", 1)[1].split()[1]
            except OSError:
                continue
            if b"valkey" in command and int(parent) == self.pid:
                pids.append(int(status.parent.name))
        assert pids, "the engine has no Valkey child"
        return pids

    def lose_board(self) -> None:
        """Delete the board's files; the engine must not be running."""
        assert not self.running
        shutil.rmtree(self.data / "valkey")

    def stop(self) -> int:
        """Ask the process to end and return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def close(self) -> None:
        """End whatever runs."""
        self._closed.set()
        if self.running:
            self.kill()
        if self._keeper is not None:
            self._keeper.join(START_S)
        if self.running:
            self.kill()

    def log_end(self, lines: int = 60) -> str:
        """Return the end of what the program printed."""
        if not self._log.exists():
            return "(no log)"
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    @property
    def logins(self) -> dict[str, str]:
        """Return login → password of the demo organisation."""
        path = self.data / "secrets" / "demo-logins.json"
        return cast("dict[str, str]", json.loads(path.read_text()))


class ApiClient:
    """A signed-in user of the public API."""

    def __init__(self, engine: EngineProcess, login: str) -> None:
        self._engine = engine
        self._login = login
        self._http = httpx.Client(base_url=engine.url, timeout=60, headers={"Origin": engine.url})
        self._csrf = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self) -> None:
        """Open a session."""
        body = {"login": self._login, "password": self._engine.logins[self._login]}
        answer = self._http.post("/api/v1/login", json=body)
        assert answer.status_code == 200, answer.text
        self._csrf = answer.json()["csrf"]

    def get(self, path: str, **parameters: str) -> Any:
        """Return the JSON at ``path``; signs in when needed."""
        if not self._csrf:
            self.sign_in()
        answer = self._http.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Post JSON and return the answer's."""
        if not self._csrf:
            self.sign_in()
        return self._send("POST", path, body)

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """Patch JSON and return the answer's."""
        if not self._csrf:
            self.sign_in()
        return self._send("PATCH", path, body)

    def send_file(self, method: str, path: str, content: bytes, **query: str) -> Any:
        """Send a file, or a piece of one, as it is, and return the answer's JSON; signs in when needed."""
        if not self._csrf:
            self.sign_in()
        headers = {"X-CSRF-Token": self._csrf}
        answer = self._http.request(method, f"/api/v1{path}", content=content, params=query, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def _send(self, method: str, path: str, body: Mapping[str, object]) -> Any:
        answer = self._http.request(method, f"/api/v1{path}", json=body, headers={"X-CSRF-Token": self._csrf})
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None
