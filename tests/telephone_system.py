"""A telephone system as the engine hears of it: signed requests."""

import base64
import json
import secrets
import time
from pathlib import Path

from engine.skills.signature import headers

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def keep_secret(data: Path, org_id: str, name: str = "pbx") -> None:
    """Put the system's secret where an engine with this data directory looks for it."""
    folder = data / "secrets" / "telephony" / org_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(SECRET + "\n", encoding="ascii")


def signed(
    body: object, *, kind: str = "application/json", at_s: int = 0, key: bytes = KEY
) -> tuple[bytes, dict[str, str]]:
    """Return the body of a request and its headers, signed now or at ``at_s``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = headers(
        message_id=f"msg_{secrets.token_hex(8)}", at_s=at_s or int(time.time()), body=content, keys=[key]
    )
    return content, {"content-type": kind, **signature}
