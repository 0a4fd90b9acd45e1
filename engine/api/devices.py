"""Browsers in which a user has signed in before: a cookie that proves it, and nothing else. Pure but for the chance.

The cookie is signed with the hash of the user's password, which nobody outside knows: it needs no secret of its own and
no row in the record, and a new password ends it. After OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from engine.model.record import Credentials

PREFIX = "cordboard_device_"
KEPT_S = 400 * 86_400
"""As long as browsers keep a cookie at most (draft-ietf-httpbis-rfc6265bis, section 5.5)."""


def device_cookie(credentials: Credentials) -> str:
    """Return the cookie's name; each user of a shared browser has one."""
    return PREFIX + hashlib.sha256(credentials.user.id.encode()).hexdigest()[:16]


def new_device(credentials: Credentials) -> str:
    """Return a cookie for the browser in which their user has just signed in."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_sign(credentials, nonce)}"


def known_device(credentials: Credentials, cookies: Mapping[str, str]) -> str:
    """Return what names the browser when it has a cookie that holds, else ``""``."""
    nonce, _, signature = cookies.get(device_cookie(credentials), "").partition(".")
    right = hmac.compare_digest(signature.encode(), _sign(credentials, nonce).encode())
    return nonce if right and credentials.password_hash else ""


def _sign(credentials: Credentials, nonce: str) -> str:
    text = f"device\0{credentials.user.org_id}\0{credentials.user.id}\0{nonce}"
    return hmac.new(credentials.password_hash.encode(), text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
