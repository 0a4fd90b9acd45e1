"""``cordboard serve``: one process of the engine behind uvicorn.

The listening socket is taken first, so that a taken port is said before anything is started. SIGTERM and Ctrl-C end
in order: not ready any more, sockets closed with 1012 (their clients come back), open requests finished, record
drained. A second signal ends at once.
"""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Iterator, Mapping

import structlog
import uvicorn

from engine.api.application import create_api
from engine.api.line import Line
from engine.app import Application
from engine.cli.logs import set_up_logs
from engine.cli.welcome import SIMULATED, address_of, mail_lines, print_welcome
from engine.demo.accounts import ensure_demo_passwords
from engine.errors import Conflict, Unavailable
from engine.model.organisation import Organisation
from engine.settings import Settings
from engine.wiring.interpreter import tune_interpreter
from engine.wiring.mail_sending import SENT

log = structlog.get_logger(__name__)

LARGEST_FRAME = 1 << 18
"""Bytes; larger frames end the socket in the library. Each channel's own limit is far below and answers in words."""
BACKLOG = 2_048


def serve(settings: Settings, *, demo: bool, traffic: bool, demo_cases: int = 0) -> int:
    """Run until told to stop; return the exit code. Raises CordboardError with one clear line."""
    set_up_logs(settings.log_level, settings.log_format)
    _private_directory(settings)
    listener = _listen(settings.host, settings.port)
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: PLC0415 - not on every system

        return uvloop.run(_Serving(settings, listener, demo=demo, traffic=traffic, demo_cases=demo_cases).run())
    return asyncio.run(_Serving(settings, listener, demo=demo, traffic=traffic, demo_cases=demo_cases).run())


class _Serving:
    """One run of the program."""

    def __init__(
        self, settings: Settings, listener: socket.socket, *, demo: bool, traffic: bool, demo_cases: int
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._demo = demo
        self._traffic_wanted = traffic
        self._demo_cases = demo_cases
        self._application = Application(settings)
        self._stop = asyncio.Event()
        self._signals = 0
        self._server: uvicorn.Server | None = None

    async def run(self) -> int:
        """Start, serve, stop; return the exit code. Raises CordboardError when a part cannot be had."""
        self._catch_signals()
        try:
            await self._application.start()
            await self._serve()
        finally:
            await self._application.stop()
            self._listener.close()
        return 0

    async def _serve(self) -> None:
        passwords = await self._passwords() if self._demo else {}
        server = self._server = _Server(self._configuration())
        tune_interpreter()
        serving = asyncio.create_task(server.serve(sockets=[self._listener]), name="uvicorn")
        stopped = asyncio.create_task(self._stop.wait(), name="signal")
        failed = asyncio.create_task(self._application.failed(), name="fault")
        helpers: list[asyncio.Task[None]] = []
        try:
            await _until_listening(server, serving)
            helpers = self._welcome(passwords)
            await asyncio.wait({serving, stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
            await self._wind_down(server, serving)
            if failed.done():
                failed.result()
        finally:
            for task in (stopped, failed, *helpers):
                task.cancel()
            await asyncio.gather(stopped, failed, *helpers, return_exceptions=True)

    async def _wind_down(self, server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
        log.info("stopping")
        self._application.drain()
        self._application.floor.stop_all()
        await self._application.chat.stop()
        server.should_exit = True
        await serving

    def _configuration(self) -> uvicorn.Config:
        settings = self._settings
        return uvicorn.Config(
            create_api(self._application.api_parts()),
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws=Line,
            ws_max_size=LARGEST_FRAME,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            ws_per_message_deflate=False,
            backlog=BACKLOG,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=max(1, settings.drain_ms // 1000),
        )

    def _welcome(self, passwords: Mapping[str, Mapping[str, str]]) -> "list[asyncio.Task[None]]":
        """Say where everything is; with the demo, say the log-ins and start traffic."""
        base = address_of(self._listener)
        organisations = self._application.book.all()
        if not self._demo:
            log.info("ready", address=base, organisations=[one.id for one in organisations])
            return []
        helpers = []
        for organisation in organisations:
            if self._demo_cases:
                helpers.append(_fill(self._application, organisation.id, self._demo_cases))
            if self._traffic_wanted:
                helpers.append(_simulate(base, organisation, passwords[organisation.id]))
            mail = mail_lines(organisation, self._application.service.mail.ports, self._settings.data / SENT)
            print_welcome(base, organisation, passwords[organisation.id], mail=mail)
        return helpers

    async def _passwords(self) -> Mapping[str, Mapping[str, str]]:
        """Give the demo's users their passwords, before anybody can reach the log-in."""
        data, store = self._settings.data, self._application.store
        return {
            organisation.id: await ensure_demo_passwords(data, store, organisation.id, tuple(organisation.agents))
            for organisation in self._application.book.all()
        }

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)

    def _told_to_stop(self) -> None:
        self._signals += 1
        self._stop.set()
        if self._signals > 1 and self._server is not None:
            self._server.force_exit = True


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: signals are ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def _until_listening(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    while not server.started:
        if serving.done():
            await serving
            raise Unavailable("The web server did not start.", slug="server-failed")
        await asyncio.sleep(0.01)


def _fill(application: Application, org_id: str, cases: int) -> "asyncio.Task[None]":
    """Write a few customers and cases beside what goes on, unless there are some."""

    async def fill_once() -> None:
        from engine.wiring.demo_data import fill  # noqa: PLC0415 - only the demo needs it

        now_ms = time.time_ns() // 1_000_000
        with contextlib.suppress(Conflict):  # somebody has been here: his data are left alone
            await fill(application.store, org_id, cases=cases, now_ms=now_ms)

    task = asyncio.create_task(fill_once(), name="demo-data")
    task.add_done_callback(_tell_of_end)
    return task


def _simulate(base: str, organisation: Organisation, passwords: Mapping[str, str]) -> "asyncio.Task[None]":
    accounts = {login: password for login, password in passwords.items() if login.startswith(SIMULATED)}
    from engine.demo.traffic import Traffic  # noqa: PLC0415 - only the demo needs it

    channels = [channel.key for channel in organisation.channels.values() if channel.kind == "chat"]
    traffic = Traffic(base_url=base, organisation=organisation.id, channel=channels[0], accounts=accounts)
    task = asyncio.create_task(traffic.run(), name="traffic")
    task.add_done_callback(_tell_of_end)
    return task


def _tell_of_end(traffic: "asyncio.Task[None]") -> None:
    if not traffic.cancelled() and traffic.exception() is not None:
        log.warning("a part of the demo has ended; the engine goes on", reason=repr(traffic.exception()))


def _private_directory(settings: Settings) -> None:
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = settings.data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Unavailable(
            f"The data directory {settings.data} cannot be written to: {error.strerror}.",
            slug="data-directory",
            mend="Choose another one with --data, or change its owner.",
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            slug="port-taken",
            mend="Stop what uses it, or choose another one with --port (0 takes a free one).",
        ) from error
    listener.set_inheritable(False)
    return listener
