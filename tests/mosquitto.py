"""A real MQTT server for tests: Mosquitto on free ports, plain and with TLS, in a directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from engine.bench.ports import free_port
from tests.dovecot import make_certificate
from tests.servers import Missing

USER, PASSWORD = "pbx", "mqtt-password"
START_S = 30.0
CONFIGURATION = """
per_listener_settings false
persistence false
allow_anonymous false
password_file {directory}/passwords
user {user}
listener {port} 127.0.0.1
listener {tls_port} 127.0.0.1
certfile {directory}/certificate.pem
keyfile {directory}/key.pem
"""


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        raise Missing(f"no {name} on PATH; Debian: apt-get install mosquitto")
    return found


class Mosquitto:
    """Run a server that forgets everything when it ends."""

    def __init__(self) -> None:
        self._program = _program("mosquitto")
        self.directory = Path(tempfile.mkdtemp(prefix="cb-mosquitto-"))
        self.port, self.tls_port = free_port(), free_port()
        make_certificate(self.directory)
        text = CONFIGURATION.format(
            directory=self.directory,
            port=self.port,
            tls_port=self.tls_port,
            user="root" if os.geteuid() == 0 else "nobody",  # to become another is for root only
        )
        (self.directory / "mosquitto.conf").write_text(text, encoding="ascii")
        passwords = self.directory / "passwords"
        subprocess.run(
            [_program("mosquitto_passwd"), "-b", "-c", str(passwords), USER, PASSWORD], check=True, capture_output=True
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def authority(self) -> str:
        """Who signed its certificate, as PEM."""
        return (self.directory / "certificate.pem").read_text(encoding="ascii")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with (self.directory / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self.directory / "mosquitto.conf")], stdout=out, stderr=out
            )
        deadline = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.tls_port), timeout=START_S).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.directory / "out").read_text(encoding="utf-8")) from None
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop it, with every connection. Safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def remove(self) -> None:
        """Stop it and delete what it wrote."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def publish(self, topic: str, *payloads: bytes, qos: int = 1, content_type: str = "", retain: bool = False) -> None:
        """Publish messages as a telephone system does, and wait until the server has them."""
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(USER, PASSWORD)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # the library's
        if content_type:
            properties.ContentType = content_type
        for payload in payloads:
            client.publish(topic, payload, qos=qos, retain=retain, properties=properties).wait_for_publish(START_S)
        client.disconnect()
        client.loop_stop()
