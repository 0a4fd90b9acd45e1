"""Everything the routes need, handed in by ``engine/app.py``: no route looks for anything elsewhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from starlette.requests import HTTPConnection

from engine.agents.board import Wallboard
from engine.agents.consulting import Consulting
from engine.agents.desk import Desk
from engine.agents.floor import Floor
from engine.agents.handling import Handling
from engine.agents.session import SessionParts
from engine.api.metrics import Metrics
from engine.api.pace import PACES, Allowed, Pace
from engine.api.ports import (
    Alerts,
    Audit,
    Configuration,
    Conversations,
    Explainer,
    History,
    IdempotencyKeys,
    Organisations,
    Passwords,
    Sessions,
    Tokens,
    Transcripts,
    Users,
    WorkItems,
)
from engine.api.service import ServiceParts
from engine.channels.form.channel import FormChannel
from engine.channels.form.settings import FormSettings
from engine.channels.socket import Socket
from engine.clock import Clock
from engine.cti.reception import CallReception
from engine.events.endpoints import Endpoints
from engine.events.streams import Streams
from engine.intake.dispatch import Dispatch
from engine.model.call import Call, CallEvent, CallFilter
from engine.model.organisation import Channel
from engine.model.visibility import Sight

Probe = Callable[[], Awaitable[object]]
Description = Callable[[], Mapping[str, object]]
"""Makes a JSON Schema; takes up to tenths of a second of processor time."""
"""Ask one part for a sign of life; raises when there is none."""


class CallReader(Protocol):
    """Read calls."""

    async def get(self, org_id: str, call_id: str) -> Call:
        """Return a call; raise NotFound."""
        ...

    async def reports(self, org_id: str, call_id: str) -> Sequence[CallEvent]:
        """Return all reports of a call, in no order."""
        ...

    async def list(self, org_id: str, sight: Sight, wanted: CallFilter, *, internal: bool) -> Sequence[Call]:
        """Return calls that somebody sees, newest first; ``internal``: those of no conversation, too."""
        ...


class Calls(Protocol):
    """Telephony."""

    @property
    def record(self) -> CallReader:
        """Return what reads calls."""
        ...

    @property
    def reception(self) -> CallReception:
        """Return what takes reports."""
        ...


class Chat(Protocol):
    """The chat channel."""

    async def serve(self, org_id: str, channel_key: str, socket: Socket) -> None:
        """Serve an accepted visitor's socket until it closes."""
        ...

    async def info(self, org_id: str, channel_key: str, *, topic: str = "", locale: str = "en") -> dict[str, object]:
        """Describe the channel to the widget; raise NotFound."""
        ...

    def check_origin(self, org_id: str, channel_key: str, *, origin: str, host: str) -> Channel:
        """Return the channel when a page of ``origin`` may use it; raise NotFound, Forbidden."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiSettings:
    """What the API is told about its surroundings. Times in milliseconds."""

    secure_cookies: bool = False
    public_origins: tuple[str, ...] = ()  # "https://chat.example"; the request's own host is always allowed
    session_ttl_ms: int = 43_200_000  # a log-in lasts this long without use
    login_attempts: int = 5  # tries for one account from one place at once …
    login_lock_ms: int = 900_000  # … and as many again in this time
    login_attempts_anywhere: int = 50  # wrong passwords for one account from unknown browsers …
    login_lock_anywhere_ms: int = 1_800_000  # … lock it for all of them this long
    login_rate: float = 0.5  # failed log-ins per second and address …
    login_burst: int = 20  # … after so many at once
    login_failure_ms: int = 250  # a refused log-in takes at least this long, whatever was wrong
    public_rate: float = 20.0  # public look-ups per second and address …
    public_burst: int = 200
    paces: Mapping[Pace, Allowed] = field(default_factory=lambda: PACES)  # how fast one user may do what costs much
    password_threads: int = 2  # passwords checked at once
    cache_ms: int = 5_000  # how long a session or token is believed without asking the record
    forms: FormSettings = field(default_factory=FormSettings)  # bounds of web forms
    body_bytes: int = 1_048_576  # longest request body …
    bulk_bytes: int = 33_554_432  # … and of many work items at once
    request_timeout_ms: int = 30_000
    bulk_timeout_ms: int = 180_000  # 10,000 work items in one request
    sockets_per_user: int = 16
    first_frame_ms: int = 10_000  # a socket without a cookie must say hello within
    probe_timeout_ms: int = 2_000
    metrics_token: str = field(default="", repr=False)  # with which a scraper reads /metrics; "" = an admin's only
    metrics_local: bool = False  # whoever is on this machine may too, unless through a proxy that says so
    pages: Path | None = None  # directory of the built web pages


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiParts:
    """The parts behind the routes."""

    settings: ApiSettings
    clock: Clock
    organisations: Organisations
    # stages
    desk: Desk
    handling: Handling
    consulting: Consulting
    dispatch: Dispatch
    streams: Streams
    endpoints: Endpoints
    floor: Floor
    wallboard: Wallboard
    session: SessionParts
    service: ServiceParts
    chat: Chat
    forms: FormChannel
    calls: Calls
    explainer: Explainer
    # the record
    users: Users
    passwords: Passwords
    sessions: Sessions
    tokens: Tokens
    work: WorkItems
    history: History
    conversations: Conversations
    transcripts: Transcripts
    alerts: Alerts
    configuration: Configuration
    idempotency: IdempotencyKeys
    audit: Audit
    # the process
    metrics: Metrics
    probes: Mapping[str, Probe] = field(default_factory=dict)  # part → sign of life, for /readyz
    schemas: Mapping[str, Description] = field(default_factory=dict)  # "chat", "configuration": JSON Schema
    draining: Callable[[], bool] = lambda: False


def parts_of(connection: HTTPConnection) -> ApiParts:
    """Return the parts of the application that serves this request."""
    parts: ApiParts = connection.app.state.parts
    return parts


async def handed_parts(connection: HTTPConnection) -> ApiParts:
    """Return the same to a route that depends on it: the framework would run a plain function in a thread."""
    return parts_of(connection)
