"""Ask a CAPTCHA's provider whether an answer is good: ``siteverify``, which hCaptcha, Turnstile and reCAPTCHA share.

POST ``secret``, ``response``, ``remoteip`` as a form; the answer is JSON with ``success``.
https://docs.hcaptcha.com/#verify-the-user-response-server-side,
https://developers.cloudflare.com/turnstile/get-started/server-side-validation/,
https://developers.google.com/recaptcha/docs/verify
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import structlog

from engine.channels.form.guard import Human
from engine.model.form import Captcha

log = structlog.get_logger(__name__)

LONGEST_ANSWER = 8_192
LONGEST_REPLY = 65_536
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_AWAY = frozenset({"missing-input-secret", "invalid-input-secret", "internal-error"})
"""What is wrong on our side or theirs, not with the answer."""


class CaptchaProvider:
    """Check answers."""

    def __init__(self, *, secrets: Path) -> None:
        """``secrets``: a directory with a directory for each organisation, in it a file for each name."""
        self._secrets = secrets

    async def check(self, org_id: str, captcha: Captcha, *, answer: str, address: str) -> Human:
        """Say what the provider says; ``AWAY`` when it cannot be asked. Raises nothing but cancellation."""
        if not answer:
            return Human.NONE
        if len(answer) > LONGEST_ANSWER:
            return Human.NO
        try:
            secret = await asyncio.to_thread(self._secret, org_id, captcha.secret)
            async with asyncio.timeout(captcha.timeout_ms / 1_000):
                reply = await _ask(captcha, {"secret": secret, "response": answer, "remoteip": address})
        except (OSError, UnicodeDecodeError, ValueError, TimeoutError, httpx.HTTPError) as error:
            log.warning("the CAPTCHA cannot be checked", org=org_id, url=captcha.verify_url, why=str(error) or "time")
            return Human.AWAY
        if reply.get("success") is True:
            return Human.YES
        codes = reply.get("error-codes")
        if isinstance(codes, list) and _AWAY.intersection(str(code) for code in codes):
            log.warning("the CAPTCHA cannot be checked", org=org_id, url=captcha.verify_url, why=codes)
            return Human.AWAY
        return Human.NO

    def _secret(self, org_id: str, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a secret")
        return (self._secrets / org_id / name).read_text(encoding="ascii").strip()


async def _ask(captcha: Captcha, form: dict[str, str]) -> dict[str, object]:
    async with (
        httpx.AsyncClient(timeout=captcha.timeout_ms / 1_000, follow_redirects=False) as client,
        client.stream("POST", captcha.verify_url, data=form) as response,
    ):
        response.raise_for_status()
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LONGEST_REPLY:
                raise ValueError("the answer is too long")
    reply = httpx.Response(200, content=bytes(body)).json()
    if not isinstance(reply, dict):
        raise ValueError("the answer is no JSON object")  # noqa: TRY004 -- of what came, not of a call
    return reply
