"""Every node is reached in the form of the addresses given: encrypted, with the same certificate authority and user."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.errors import Unavailable
from engine.valkey.client import Valkey
from tests.integration.valkey.cluster.conftest import LIBRARY
from tests.integration.valkey.cluster.servers import ValkeyCluster, running_cluster
from tests.servers import eventually


@pytest.fixture
def plain() -> Iterator[ValkeyCluster]:
    with running_cluster(replicas=False) as cluster:
        yield cluster


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate of loopback and its key in one file."""
    program = shutil.which("openssl")
    assert program is not None, "openssl is missing; Debian: apt-get install openssl"
    key, signed, both = tmp_path / "key", tmp_path / "signed", tmp_path / "both"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", signed],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_bytes(signed.read_bytes() + key.read_bytes())
    return both


@contextlib.asynccontextmanager
async def encrypted(cluster: ValkeyCluster, certificate: Path) -> AsyncIterator[list[int]]:
    """Stand before every node, as a node with TLS would; yield the ports, which the cluster announces."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with contextlib.AsyncExitStack() as stack:
        ports = []
        for member in cluster.members:
            front = Front(member.port)
            server = await asyncio.start_server(front.serve, "127.0.0.1", 0, ssl=context)
            stack.callback(server.close)
            ports.append(server.sockets[0].getsockname()[1])
            member.ask("CONFIG", "SET", "cluster-announce-port", ports[-1])
        await eventually(
            lambda: all(sorted(row[2][1] for row in cluster.slots(m)) == sorted(ports) for m in cluster.members)
        )
        yield ports


class Front:
    """Pass on what comes, both ways."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while part := await reader.read(65_536):
                writer.write(part)
                await writer.drain()
        writer.close()


async def test_a_cluster_behind_tls(plain: ValkeyCluster, certificate: Path, org: str) -> None:
    for member in plain.members:
        member.ask("ACL", "SETUSER", "cordboard", "on", ">secret", "~*", "&*", "+@all")
    async with encrypted(plain, certificate) as ports:
        nodes = [f"rediss://cordboard:secret@127.0.0.1:{port}?ssl_ca_certs={certificate}" for port in ports]
        client = Valkey(address=nodes[0], library=LIBRARY)
        await client.connect()
        await asyncio.gather(*(client.call("test_add_v1", f"{org}-{number}", 1) for number in range(50)))
        for member in plain.members:
            assert {line["user"] for line in member.redis.client_list() if line["cmd"] == "fcall"} == {"cordboard"}
        await client.close()
        stranger = Valkey(address=f"rediss://cordboard:secret@127.0.0.1:{ports[0]}")
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.connect()
        await stranger.close()
