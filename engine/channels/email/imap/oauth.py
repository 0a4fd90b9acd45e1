"""Access tokens for XOAUTH2: the refresh-token and client-credentials grants of RFC 6749.

The secret's file holds one line, the refresh token (``refresh_token``) or the client's secret (``client_credentials``);
or lines ``refresh_token=…`` and ``client_secret=…``. Google wants both for the first grant. A server may hand out a new
refresh token with each access token (Microsoft does): it is written to the file, and kept in memory where that fails.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import httpx
import msgspec
import structlog

from engine.channels.email.imap.faults import Fault, Faulty
from engine.channels.email.secret_files import SecretFiles
from engine.clock import Clock
from engine.errors import NotFound
from engine.model.mail_channel import MailboxSource, OAuth

log = structlog.get_logger(__name__)

TIMEOUT_S = 20.0
LONGEST_REPLY = 65_536
EARLY_MS = 120_000
"""A token is fetched anew so long before it runs out …"""
SHORTEST_MS = 30_000
"""… and used so long at least."""
USUAL_S = 3_600
_LINE = re.compile(r"(refresh_token|client_secret)\s*=\s*(\S+)")


class Reply(msgspec.Struct):
    """What a token endpoint answers (RFC 6749, 5.1 and 5.2)."""

    access_token: str = ""
    expires_in: int = USUAL_S
    refresh_token: str = ""
    error: str = ""
    error_description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What a secret's file holds."""

    refresh_token: str = ""
    client_secret: str = ""


class Tokens:
    """Fetch the access token of one mailbox, and keep it until shortly before it runs out."""

    def __init__(self, *, org_id: str, source: MailboxSource, secrets: SecretFiles, clock: Clock) -> None:
        self._org_id = org_id
        self._source = source
        self._secrets = secrets
        self._clock = clock
        self._token = ""
        self._until_ms = 0
        self._file = ""
        self._rotated = ""  # the newest refresh token, where the file could not be written

    @property
    def kept(self) -> bool:
        """Say whether the next token is one that was used before."""
        return bool(self._token) and self._clock.now_ms() < self._until_ms

    def forget(self) -> None:
        """Let the next token be a new one: the server refused this."""
        self._token = ""

    async def get(self, oauth: OAuth) -> str:
        """Return a token. Raises Faulty (``secret``, ``token``, ``unreachable``)."""
        if not self.kept:
            given = await asyncio.to_thread(self._credentials, oauth)
            reply = await _ask(oauth, given)
            lasts_ms = max(SHORTEST_MS, reply.expires_in * 1_000 - EARLY_MS)
            self._token, self._until_ms = reply.access_token, self._clock.now_ms() + lasts_ms
            if reply.refresh_token not in ("", given.refresh_token):
                await asyncio.to_thread(self._keep, given, reply.refresh_token)
        return self._token

    def _credentials(self, oauth: OAuth) -> Credentials:
        try:
            text = self._secrets.read(self._org_id, self._source.secret)
        except NotFound as error:
            raise Faulty(Fault.SECRET, error.detail) from error
        if text != self._file:  # somebody has put another one there
            self._file, self._rotated = text, ""
        named = dict(_LINE.findall(text))
        if not named:
            alone = "refresh_token" if oauth.grant == "refresh_token" else "client_secret"
            named = {alone: text}
        if self._rotated:
            named["refresh_token"] = self._rotated
        return Credentials(**named)

    def _keep(self, given: Credentials, refresh_token: str) -> None:
        lines = [f"refresh_token={refresh_token}"]
        lines += [f"client_secret={given.client_secret}"] if given.client_secret else []
        text = "\n".join(lines)
        try:
            self._secrets.write(self._org_id, self._source.secret, f"{text}\n")
        except OSError as error:
            log.warning("a new refresh token cannot be written", mailbox=self._source.key, reason=error.strerror)
            self._rotated = refresh_token
        else:
            self._file, self._rotated = text, ""


async def _ask(oauth: OAuth, given: Credentials) -> Reply:
    form = {"grant_type": oauth.grant, "client_id": oauth.client_id, "scope": oauth.scope}
    if oauth.grant == "refresh_token":
        form["refresh_token"] = given.refresh_token
    form["client_secret"] = given.client_secret
    try:
        async with asyncio.timeout(TIMEOUT_S):
            status, body = await _post(oauth.token_url, {name: value for name, value in form.items() if value})
    except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Faulty(Fault.UNREACHABLE, f"{oauth.token_url}: {error}") from error
    try:
        reply = msgspec.json.decode(body, type=Reply, strict=False)
    except msgspec.MsgspecError as error:
        raise Faulty(Fault.TOKEN, f"{oauth.token_url} answered {status} and no token") from error
    if status >= 500:
        raise Faulty(Fault.UNREACHABLE, f"{oauth.token_url} answered {status}")
    if not reply.access_token:
        raise Faulty(Fault.TOKEN, f"{reply.error or status}: {reply.error_description}")
    return reply


async def _post(url: str, form: dict[str, str]) -> tuple[int, bytes]:
    async with (
        httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client,
        client.stream("POST", url, data=form) as response,
    ):
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LONGEST_REPLY:
                raise ValueError("the answer is too long")
        return response.status_code, bytes(body)
