"""What the API is told about its surroundings, from the process's settings."""

from pathlib import Path

from engine.api.parts import ApiSettings
from engine.settings import Settings

PAGES = Path(__file__).parents[2] / "web" / "dist"
"""The built pages of a checkout; an installation names its own with the setting ``pages``."""


def api_settings(settings: Settings) -> ApiSettings:
    """Return the API's share of the settings."""
    return ApiSettings(
        secure_cookies=settings.cookies_are_secure,
        public_origins=settings.public_origins,
        session_ttl_ms=settings.session_ttl_ms,
        login_attempts=settings.login_attempts,
        login_lock_ms=settings.login_lock_ms,
        login_attempts_anywhere=settings.login_attempts_anywhere,
        login_lock_anywhere_ms=settings.login_lock_anywhere_ms,
        password_threads=settings.password_threads,
        metrics_token=settings.metrics_token,
        metrics_local=settings.metrics_local,
        pages=settings.pages or PAGES,
    )
