"""Telephone systems, in the files."""

import pytest

from engine.config.snapshot import pack, unpack
from engine.model.voice import CallSource, MqttServer
from tests.unit.config.conftest import SMALL, Load, Refused


def files(source: str) -> dict[str, str]:
    """Return a configuration with one telephone system."""
    return {
        "profiles.yaml": SMALL["profiles.yaml"].replace("chat: {weight: 1}", "chat: {weight: 1}, voice: {}"),
        "statuses.yaml": SMALL["statuses.yaml"].replace("[chat]", "[chat, voice]"),
        "channels.yaml": SMALL["channels.yaml"].rstrip()
        + "\n  phone:\n    kind: voice\n    name: Phone\n    queue: general\n"
        + f"    voice: {{sources: {{pbx: {source}}}}}\n",
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{secret: pbx}", CallSource(key="pbx", kind="http", secret="pbx")),
        (
            "{kind: mqtt, server: {host: mqtt.shop.example}}",
            CallSource(key="pbx", kind="mqtt", server=MqttServer(host="mqtt.shop.example")),
        ),
        (
            "{kind: mqtt, secret: mqtt, server: {host: '::1', tls: false, user: u, topic: 'pbx/+/#', keep: 1d}}",
            CallSource(
                key="pbx",
                kind="mqtt",
                secret="mqtt",
                server=MqttServer(host="::1", port=1883, tls=False, user="u", topic="pbx/+/#", keep_ms=86_400_000),
            ),
        ),
    ],
)
def test_a_source_is_as_configured(load_with: Load, written: str, expected: CallSource) -> None:
    organisation = unpack(pack(load_with(files(written))).compiled, version=1)
    voice = organisation.channels["phone"].voice
    assert voice is not None
    assert voice.sources == {"pbx": expected}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{kind: http}", "a source of kind http needs a secret"),
        ("{secret: pbx, server: {host: h}}", "a source of kind http has no server"),
        ("{kind: mqtt, secret: pbx}", "a source of kind mqtt needs a server"),
        ("{kind: mqtt, server: {host: 'a b'}}", "channels.phone.voice.sources.pbx.server.host"),
        ("{kind: mqtt, server: {host: h, topic: '$share/g/calls'}}", "channels.phone.voice.sources.pbx.server.topic"),
        ("{kind: mqtt, server: {host: h, topic: 'a#'}}", "channels.phone.voice.sources.pbx.server.topic"),
        ("{kind: amqp, secret: pbx}", "channels.phone.voice.sources.pbx.kind"),
    ],
)
def test_what_is_no_source_is_refused(refused: Refused, written: str, said: str) -> None:
    assert any(said in line for line in refused(files(written))), refused(files(written))
