"""One signed request of a webhook, and what came of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import httpx

from engine import __version__
from engine.clock import Clock
from engine.errors import CordboardError
from engine.events.address import resolve, target_of
from engine.events.payload import message_id, message_of
from engine.model.outside import ToldEvent, Webhook
from engine.skills.signature import headers

MOST_READ = 65_536
"""Bytes of an answer that are read, and thrown away; a longer one costs the connection."""
GONE = 410


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of a request."""

    fault: str = ""  # "" = it was taken
    gone: bool = False  # the receiver wants no more, ever
    retry_after_ms: int = 0

    @property
    def ok(self) -> bool:
        """Say whether the receiver has taken the message."""
        return not self.fault


class Posting:
    """Send messages to one webhook, over one set of connections. An asynchronous context manager."""

    def __init__(
        self,
        *,
        hook: Webhook,
        keys: Sequence[bytes],
        clock: Clock,
        private: bool,
        timeout_s: float,
        trusted: ssl.SSLContext,
    ) -> None:
        """``private``: also to the operator's own network, and over plain HTTP. ``trusted``: for HTTPS."""
        self._hook = hook
        self._keys = keys
        self._clock = clock
        self._private = private
        self._timeout_s = timeout_s
        # No proxy of the environment's, which would resolve names by itself; no redirects, which lead elsewhere.
        self._client = httpx.AsyncClient(verify=trusted, trust_env=False, follow_redirects=False, timeout=timeout_s)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, told: ToldEvent) -> Result:
        """Send an event; whatever goes wrong is a result. Safe to repeat: its id stays the same."""
        return await self.send_body(message_id(told), message_of(told))

    async def send_body(self, known_as: str, body: bytes, more: Mapping[str, str] | None = None) -> Result:
        """Send a message, ``known_as`` its id; ``more`` headers. Whatever goes wrong is a result. Safe to repeat."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(known_as, body, more or {})
        except TimeoutError:
            return Result(fault=f"no answer within {self._timeout_s:g} s")
        except CordboardError as error:
            return Result(fault=error.detail)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Result(fault=f"{type(error).__name__}: {error}"[:300])

    async def _send(self, known_as: str, body: bytes, more: Mapping[str, str]) -> Result:
        target = target_of(self._hook.url, private=self._private)
        address = await resolve(target, private=self._private)
        signed = headers(message_id=known_as, at_s=self._clock.now_ms() // 1000, body=body, keys=self._keys)
        request = self._client.build_request(
            "POST",
            _at(self._hook.url, address, target.port),
            content=body,
            headers={
                **more,
                **signed,
                "Host": urlsplit(self._hook.url).netloc,
                "Content-Type": "application/json",
                "User-Agent": f"Cordboard/{__version__}",
            },
            extensions={"sni_hostname": target.host},
        )
        response = await self._client.send(request, stream=True)
        try:
            await _drain(response)
        finally:
            await response.aclose()
        return _result(response)


def _at(url: str, address: str, port: int) -> str:
    """Return the URL with the address that was checked in place of the host's name."""
    host = f"[{address}]" if ":" in address else address
    return urlunsplit(urlsplit(url)._replace(netloc=f"{host}:{port}"))


async def _drain(response: httpx.Response) -> None:
    read = 0
    async for part in response.aiter_raw():
        read += len(part)
        if read > MOST_READ:
            return


def _result(response: httpx.Response) -> Result:
    if response.is_success:
        return Result()
    asked = response.headers.get("retry-after", "")
    return Result(
        fault=f"answered {response.status_code}",
        gone=response.status_code == GONE,
        retry_after_ms=int(asked) * 1000 if asked.isdecimal() and len(asked) < 7 else 0,
    )
