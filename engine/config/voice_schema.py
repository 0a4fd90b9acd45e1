"""What may stand in the section `voice` of a channel, and of an agent's telephones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.config.durations import Duration
from engine.config.section import Key, Section

PhoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+*#._@/:\-]{0,100}$")]
HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,253}$")]
TopicFilter = Annotated[
    str, StringConstraints(pattern=r"^([^+#\x00$/][^+#\x00/]*|\+)?(/([^+#\x00/]*|\+))*(/#)?$", max_length=200)
]
ForeignName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class MqttServerSection(Section):
    """The MQTT 5 server that a telephone system reports to. Only in sources of kind mqtt."""

    host: HostName = Field(description="Its name or address.")
    port: int | None = Field(None, ge=1, le=65_535, description="Left out: 8883, or 1883 without TLS.")
    tls: bool = Field(True, description="Encrypt, and have the server prove who it is.")
    ca: Key | None = Field(
        None, description="Name of the file, beside the secrets, of who signed its certificate; left out: the system's."
    )
    user: Annotated[str, StringConstraints(max_length=200)] = Field("", description="Whom to log in as.")
    topic: TopicFilter = Field(
        "", description="Where reports come; + and # stand for any. Left out: cordboard/<organisation>/<source>."
    )
    keep: Duration = Field(3_600_000, description="How long it keeps reports while no engine is connected.")


class CallSourceSection(Section):
    """A telephone system that reports calls."""

    kind: Literal["http", "mqtt"] = Field(
        "http", description="How its reports come: http: it posts them, signed; mqtt: from an MQTT server."
    )
    secret: Key | None = Field(
        None,
        description="Name of the file, in the directory of telephony secrets, that holds its secrets (http), or the "
        "password (mqtt; may be left out).",
    )
    per_second: int = Field(100, ge=1, le=10_000, description="http: reports a second that are taken …")
    burst: int = Field(1_000, ge=1, le=100_000, description="… after this many at once.")
    server: MqttServerSection | None = Field(None, description="mqtt: the server.")


class PopChoiceSection(Section):
    """What the screen does, by how much was found."""

    none: Literal["new", "url", "nothing"] = Field(
        "new", description="Nobody: the form of a new contact with the number, a page of another program, or nothing."
    )
    one: Literal["match", "case", "url", "nothing"] = Field(
        "match", description="One: match opens it; case opens the customer's newest open case, else himself."
    )
    many: Literal["list", "url", "nothing"] = Field("list", description="Several: they are listed to choose from.")


class PopSection(Section):
    """What opens on the screen of the agent whose telephone rings."""

    case_number: list[ForeignName] = Field(
        default_factory=list,
        max_length=5,
        description="Names of what callers key in (`given`) that is the number of a case.",
    )
    customer_number: list[ForeignName] = Field(
        default_factory=list, max_length=5, description="… that is a customer's number in customer_source."
    )
    customer_source: str = Field(
        "", max_length=100, description="The system whose keys they are, as its contacts and accounts were imported."
    )
    inbound: PopChoiceSection = Field(default_factory=PopChoiceSection, description="When a customer calls.")
    outbound: PopChoiceSection = Field(default_factory=PopChoiceSection, description="When a customer is called.")
    url: str = Field(
        "",
        max_length=1_000,
        description="Another program's page: https or http, with {number}, {called}, {direction}, {queue}, {call}, "
        "{contact}, {agent} and {given.NAME}.",
    )


class VoiceSection(Section):
    """Telephone calls. Only in channels of kind voice."""

    sources: dict[Key, CallSourceSection] = Field(
        min_length=1, max_length=20, description="Telephone systems, by names that no other channel has."
    )
    queues: dict[ForeignName, str] = Field(
        default_factory=dict, max_length=500, description="The telephone system's queues: its name to ours."
    )
    pop: PopSection = Field(default_factory=PopSection, description="What opens on the agent's screen.")
    stale_ringing: Duration = Field(
        1_800_000, description="Nothing heard so long of a call that rings, or waits: it is lost."
    )
    stale_talking: Duration = Field(14_400_000, description="… of a call that was answered.")


class PhoneSection(Section):
    """By what the telephone system knows an agent. All of them name one agent only."""

    extension: PhoneName = Field("", description="Extension.")
    devices: list[PhoneName] = Field(default_factory=list, max_length=20, description="Devices or lines.")
    user: PhoneName = Field("", description="User of the telephone system.")
