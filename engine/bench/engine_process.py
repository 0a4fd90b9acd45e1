"""The engine under test: a process of its own with a data directory of its own, and its agents' API tokens."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from engine.bench.ports import free_port
from engine.errors import Unavailable

ORG, CHANNEL, IDLE_CHANNEL = "bench", "web", "idle"
ADMIN = "bench-admin"
START_S = 60.0
STOP_S = 20.0
_POLL_S = 0.1
_NOT_OURS = ("SETTINGS", "DATABASE_URL", "VALKEY_URL", "ROLES", "FAILPOINTS", "DEMO", "LOG_FORMAT")
_CONFIG = Path(__file__).with_name("config")


def write_configuration(directory: Path, *, agents: int, units: int = 0) -> None:
    """Write the bench's organisation with so many agents; ``units``: chats an agent has at once, 0 = twelve. Blocks."""
    directory.mkdir(parents=True, exist_ok=True)
    for file in sorted(_CONFIG.glob("*.yaml")):
        shutil.copyfile(file, directory / file.name)
    if units:
        profile = f"profiles: {{ busy: {{ units: {units}, channels: {{ chat: {{ weight: 1 }} }} }} }}\n"
        (directory / "profiles.yaml").write_text(profile, encoding="utf-8")
    lines = ["agents:", f"  {ADMIN}: {{ name: Bench, role: admin }}"]
    lines += [
        f"  agent-{number}: {{ name: Agent {number}, profile: busy, skills: {{ english: 5 }}, queues: [chats] }}"
        for number in range(agents)
    ]
    lines.append("  keeper-0: { name: Keeper, profile: busy, skills: { english: 5 }, queues: [idle] }")
    (directory / "agents.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


class EngineProcess:
    """Run ``cordboard serve`` on a free port."""

    def __init__(
        self, *, data: Path, config: Path, database_url: str = "", settings: Mapping[str, str] | None = None
    ) -> None:
        self._data = data
        self._config = config
        self._settings = data.parent / "settings.toml"
        self._told = {**({"database_url": database_url} if database_url else {}), **(settings or {})}
        self._process: asyncio.subprocess.Process | None = None
        self._log = data.parent / "engine.log"
        self.url = ""

    @property
    def pid(self) -> int:
        """Return the process id."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it is ready; raises Unavailable with the end of its log."""
        await asyncio.to_thread(_write_settings, self._settings, self._told)
        port = await asyncio.to_thread(free_port)
        self.url = f"http://127.0.0.1:{port}"
        arguments = ["serve", "--host", "127.0.0.1", "--port", str(port), "--config", str(self._config)]
        arguments += ["--data", str(self._data), "--log-level", "warning"]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(*arguments), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        await self._ready()

    async def admin_token(self) -> str:
        """Make an API token of the administrator, over the command line; raises Unavailable."""
        arguments = ("token", "create", "--name", "bench", "--role", "admin", "--json", "--organisation", ORG)
        process = await asyncio.create_subprocess_exec(
            *self._command(*arguments, "--data", str(self._data)),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        if process.returncode:
            raise Unavailable(f"no API token: {err.decode(errors='replace').strip()}")
        return str(json.loads(out)["token"])

    async def fill(self, cases: int) -> None:
        """Write demo data beside the running engine, unless they are there; raises Unavailable."""
        arguments = ("demo-data", "--size", str(cases), "--organisation", ORG, "--data", str(self._data))
        process = await asyncio.create_subprocess_exec(
            *self._command(*arguments), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            _, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise Unavailable(f"no demo data: {err.decode(errors='replace').strip()}")

    async def stop(self) -> None:
        """End it; after a while, hard."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _command(self, *arguments: str) -> list[str]:
        """Return a command line of ours that the caller's own settings do not reach: it must not meet his record."""
        unset = [part for name in _NOT_OURS for part in ("-u", f"CORDBOARD_{name}", "-u", f"CORDBOARD_{name}_FILE")]
        return ["env", *unset, sys.executable, "-m", "engine", *arguments, "--settings", str(self._settings)]

    async def _ready(self) -> None:
        assert self._process is not None
        async with httpx.AsyncClient(timeout=2) as http:
            for _ in range(int(START_S / _POLL_S)):
                if self._process.returncode is not None:
                    break
                try:
                    if (await http.get(f"{self.url}/readyz")).status_code == httpx.codes.OK:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(_POLL_S)
        end = await asyncio.to_thread(_end_of, self._log)
        raise Unavailable(f"the engine did not start: {end}")


async def agent_tokens(url: str, admin_token: str) -> tuple[list[str], list[str]]:
    """Make API tokens for the agents and for the keepers of the idle channel; raises Unavailable."""
    headers = {"Authorization": f"Bearer {admin_token}"}
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=30) as http:
        users = await _answer(http, "GET", "/users")
        agents: list[str] = []
        keepers: list[str] = []
        for user in sorted(users["items"], key=lambda one: str(one["login"])):
            login = str(user["login"])
            if login.startswith(("agent-", "keeper-")):
                body = {"name": f"bench {login}", "role": "agent", "user_id": user["id"], "valid_days": 1}
                made = await _answer(http, "POST", "/tokens", body)
                (agents if login.startswith("agent-") else keepers).append(str(made["secret"]))
    if not agents or not keepers:
        raise Unavailable("the engine's organisation is not the bench's", mend="See --write-config.")
    return agents, keepers


async def _answer(
    http: httpx.AsyncClient, method: str, path: str, body: Mapping[str, object] | None = None
) -> dict[str, Any]:
    try:
        answer = await http.request(method, path, json=body)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(f"{method} {path}: {error}") from error
    return dict(answer.json())


def _write_settings(file: Path, told: Mapping[str, str]) -> None:
    file.touch(mode=0o600)  # the address may hold a password
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items()), encoding="utf-8")


def _end_of(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "no log"
    return lines[-1] if lines else "no log"
