"""The embedded server: one per directory, never orphaned, never forgetful."""

import asyncio
import contextlib
import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import redis.asyncio

from engine.errors import Unavailable
from engine.valkey import ValkeyRestart, ValkeyServer
from tests.servers import eventually


@contextlib.asynccontextmanager
async def served(data: Path, on_restart: Callable[[ValkeyRestart], None] | None = None) -> AsyncIterator[ValkeyServer]:
    server = ValkeyServer(data=data, on_restart=on_restart)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def client(server: ValkeyServer) -> AsyncIterator["redis.asyncio.Redis"]:
    connection = redis.asyncio.Redis.from_url(server.address, protocol=2, decode_responses=True)
    try:
        yield connection
    finally:
        await connection.aclose()


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie, which nobody may reap in a container, does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def test_serves_on_a_private_socket_only_and_syncs_every_write(tmp_path: Path) -> None:
    async with served(tmp_path) as server, client(server) as valkey:
        settings = await valkey.config_get("*")
        assert settings["port"] == "0"
        assert (settings["appendonly"], settings["appendfsync"], settings["save"]) == ("yes", "always", "")
        assert settings["maxmemory-policy"] == "noeviction"
        socket = Path(server.address.removeprefix("unix://"))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="no wheel of it there",
)
async def test_runs_with_the_allocator_of_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    async with served(tmp_path) as server:
        assert "libmimalloc.so.3" in Path(f"/proc/{server.pid}/maps").read_text(encoding="ascii")


async def test_keeps_its_data_over_a_stop_and_leaves_no_process(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        async with client(server) as valkey:
            await valkey.set("k", "v")
        pid = server.pid
        assert pid is not None
    assert not alive(pid)
    async with served(tmp_path) as server, client(server) as valkey:
        assert await valkey.get("k") == "v"


async def test_refuses_a_directory_in_use(tmp_path: Path) -> None:
    async with served(tmp_path) as first:
        second = ValkeyServer(data=tmp_path, lock_timeout_s=0)
        with pytest.raises(Unavailable, match="Another Valkey server") as refusal:
            await second.start()
        assert refusal.value.slug == "board-locked"
        assert str(first.pid) in str(refusal.value)
        await second.stop()
        assert first.pid is not None
        async with client(first) as valkey:
            assert await valkey.ping()


async def test_a_server_left_behind_still_holds_its_directory(tmp_path: Path) -> None:
    """The engine may die while its server lives on; the lock is the server's as well."""
    server = ValkeyServer(data=tmp_path)
    await server.start()
    assert server._lock is not None
    server._lock.close()  # what the kernel does with the engine's descriptor
    second = ValkeyServer(data=tmp_path, lock_timeout_s=0)
    with pytest.raises(Unavailable, match="Another Valkey server"):
        await second.start()
    await server.stop()
    async with served(tmp_path):
        pass


PARENT = """
import asyncio, sys
from pathlib import Path
from engine.valkey import ValkeyServer

async def main():
    server = ValkeyServer(data=Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_dies_with_a_killed_parent_and_can_be_started_again(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    await parent.wait()
    async with served(tmp_path) as server:  # waits for the dying one to let go
        assert server.pid != pid
        assert not alive(pid)


async def test_the_watching_guard_kills_its_command_at_the_end_of_the_pipe(tmp_path: Path) -> None:
    """Where the kernel cannot tie a process to its parent (macOS), the guard stays and watches a pipe."""
    program = textwrap.dedent(
        """
        import sys
        from engine.valkey.guard import run_watching_pipe
        sys.exit(run_watching_pipe(int(sys.argv[1]), [sys.executable, "-c", sys.argv[2]]) and 7)
        """
    )
    forever = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    read_end, write_end = os.pipe()
    guard = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(read_end), forever, stdout=subprocess.PIPE, pass_fds=(read_end,)
    )
    os.close(read_end)
    assert guard.stdout is not None
    pid = int(await guard.stdout.readline())
    assert alive(pid)
    os.close(write_end)
    assert await guard.wait() == 7
    assert not alive(pid)


async def test_restarts_a_killed_server_with_all_its_data(tmp_path: Path) -> None:
    restarts: list[ValkeyRestart] = []
    async with served(tmp_path, restarts.append) as server:
        watch = asyncio.create_task(server.run())
        for number in range(1, 4):
            async with client(server) as valkey:
                await valkey.set(f"k{number}", "v")
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await eventually(lambda n=number: len(restarts) == n)  # type: ignore[misc]
        async with client(server) as valkey:
            assert await valkey.mget("k1", "k2", "k3") == ["v", "v", "v"]
        assert [restart.exit_code for restart in restarts] == [-signal.SIGKILL] * 3
        assert [restart.restarts for restart in restarts] == [1, 2, 3]
        await server.stop()
        await watch


async def test_starts_empty_when_its_directory_was_removed(tmp_path: Path) -> None:
    restarts: list[ValkeyRestart] = []
    async with served(tmp_path, restarts.append) as server:
        watch = asyncio.create_task(server.run())
        shutil.rmtree(server.directory)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await eventually(lambda: len(restarts) == 1)
        async with client(server) as valkey:
            assert await valkey.dbsize() == 0
        second = ValkeyServer(data=tmp_path, lock_timeout_s=0.1)
        with pytest.raises(Unavailable, match="is using"):
            await second.start()
        await server.stop()
        await watch


async def test_names_a_damaged_file_and_the_mend(tmp_path: Path) -> None:
    async with served(tmp_path) as server, client(server) as valkey:
        for number in range(10):
            await valkey.set(f"k{number}", "v")
    [increment] = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    content = bytearray(increment.read_bytes())
    content[40:60] = b"X" * 20
    increment.write_bytes(content)
    damaged = ValkeyServer(data=tmp_path)
    with pytest.raises(Unavailable, match=rf"{increment.name}.* Move .*appendonlydir aside") as failure:
        await damaged.start()
    assert failure.value.slug == "board-corrupt"
    assert damaged.pid is None


async def test_forgives_a_write_cut_short_by_a_crash(tmp_path: Path) -> None:
    """A last command without its end was never answered; Valkey drops it."""
    async with served(tmp_path) as server, client(server) as valkey:
        await valkey.set("k", "v")
    [increment] = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    with increment.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$5\r\nab")
    async with served(tmp_path) as server, client(server) as valkey:
        assert await valkey.get("k") == "v"
        assert await valkey.get("x") is None


async def test_gives_up_after_repeated_failures(tmp_path: Path) -> None:
    server = ValkeyServer(data=tmp_path, attempts=3, backoff_s=(0.01, 0.02))
    await server.start()
    watch = asyncio.create_task(server.run())
    server._binary = Path(shutil.which("false") or "")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(Unavailable, match="ended with status 1"):
        await watch
    await server.stop()


async def test_finds_room_for_its_socket_when_the_path_is_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    async with served(deep) as server, client(server) as valkey:
        assert await valkey.ping()
        socket = Path(server.address.removeprefix("unix://"))
        assert not socket.is_relative_to(deep)
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert not socket.parent.exists()


async def test_a_silent_program_is_ended_at_the_time_limit(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    silent.chmod(0o755)
    server = ValkeyServer(data=tmp_path, binary=silent, start_timeout_s=0.2)
    with pytest.raises(Unavailable, match="did not answer in time"):
        await server.start()
    assert server.pid is None
