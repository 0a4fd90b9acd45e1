"""Settings of a process: where it listens, where its data lies, which servers it uses.

What an organisation configures (queues, skills, channels) is not here but in YAML, see ``engine.config``.
Precedence: defaults < settings file (TOML) < environment ``CORDBOARD_…`` < command line. Unknown names are refused.
Each value can come from a file instead, which is how secrets are given:
``CORDBOARD_DATABASE_URL_FILE=/run/secrets/db``. Only this module reads ``os.environ``.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import settings_values as read
from engine.errors import ConfigurationError

PREFIX = "CORDBOARD_"
NO_SETTINGS = ("CORDBOARD_SETTINGS", "CORDBOARD_DEBUG")
"""Read from the environment, but not settings: the settings file, and tracebacks on the command line."""
TEST_PREFIX = "CORDBOARD_TEST_"
"""For whoever tests the engine; the engine does not look at these."""


def _setting(default: object, how: read.Read, form: str, meaning: str, *, secret: bool = False) -> Any:  # noqa: ANN401 - as dataclasses.field
    metadata = {"read": how, "form": form, "meaning": meaning, "secret": secret}
    return dataclasses.field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that one process is told."""

    host: str = _setting("127.0.0.1", read.text, "text", "Address to listen on; `0.0.0.0` for every network.")
    port: int = _setting(8400, read.whole(0, 65_535), "number", "Port to listen on; `0` takes a free one.")
    data: Path = _setting(  # noqa: RUF009
        Path("var"), read.path, "path", "Directory of everything that is kept: record, board, secrets."
    )
    config: tuple[Path, ...] = _setting(
        (),
        read.paths,
        "paths",
        "Configuration directories, one for each organisation; empty: `config` in the data directory.",
    )
    database_url: str = _setting(
        "",
        read.text,
        "text",
        "Record: `postgresql://user@host/name`; empty: SQLite in the data directory.",
        secret=True,
    )
    valkey_url: str = _setting(
        "",
        read.servers,
        "servers",
        "Board: `redis://host:6379`, some nodes of a cluster, or `unix:///path`; empty: own Valkey, embedded.",
        secret=True,
    )
    roles: tuple[str, ...] = _setting(
        ("all",),
        read.names,
        "names",
        "What this process does: `web` (pages, sockets), `work` (timers, sweeps) or `all`.",
    )
    log_level: str = _setting("info", read.choice("debug", "info", "warning", "error"), "choice", "Least level logged.")
    log_format: str = _setting(
        "auto", read.choice("auto", "text", "json"), "choice", "Form of the log; `auto`: text on a terminal, else JSON."
    )
    public_origins: tuple[str, ...] = _setting(
        (), read.origins, "origins", "Addresses under which people reach the engine, such as `https://chat.example`."
    )
    secure_cookies: str = _setting(
        "auto",
        read.choice("auto", "yes", "no"),
        "choice",
        "Cookies over HTTPS only; `auto`: when a public origin is HTTPS.",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), read.networks, "networks", "Proxies whose `X-Forwarded-For` and `-Proto` are believed."
    )
    session_ttl_ms: int = _setting(43_200_000, read.duration, "duration", "A log-in lasts this long without use.")
    login_attempts: int = _setting(
        5, read.whole(1, 1_000), "number", "Passwords tried for an account from one address or known browser: so many …"
    )
    login_lock_ms: int = _setting(300_000, read.duration, "duration", "… and as many again in this time.")
    login_attempts_anywhere: int = _setting(
        50, read.whole(1, 100_000), "number", "Wrong passwords for an account from browsers it does not know: so many …"
    )
    login_lock_anywhere_ms: int = _setting(1_800_000, read.duration, "duration", "… lock it for all of them this long.")
    password_threads: int = _setting(2, read.whole(1, 64), "number", "Passwords checked at once; each takes 19 MiB.")
    metrics_token: str = _setting(
        "",
        read.secret,
        "text",
        "A scraper reads `/metrics` with it; empty: with an admin's API token only.",
        secret=True,
    )
    metrics_local: bool = _setting(
        False, read.boolean, "true/false", "Let everybody on this machine read `/metrics`; not beside a proxy."
    )
    keep_history_ms: int = _setting(
        400 * read.UNITS_MS["d"],
        read.days,
        "duration",
        "Routing events and statuses of closed work are kept this long.",
    )
    webhook_secrets: Path | None = _setting(  # noqa: RUF009
        None,
        read.path,
        "path",
        "Directory of the secrets of webhooks; empty: `secrets/webhooks` in the data directory.",
    )
    webhook_private: bool = _setting(
        False, read.boolean, "true/false", "Let webhooks call addresses of the own network, and plain HTTP."
    )
    webhook_give_up_ms: int = _setting(
        86_400_000, read.duration, "duration", "A webhook that fails so long is disabled."
    )
    captcha_secrets: Path | None = _setting(  # noqa: RUF009
        None,
        read.path,
        "path",
        "Directory of the secrets of CAPTCHAs; empty: `secrets/captcha` in the data directory.",
    )
    telephony_secrets: Path | None = _setting(  # noqa: RUF009
        None,
        read.path,
        "path",
        "Directory of the secrets of telephone systems; empty: `secrets/telephony` in the data directory.",
    )
    smtp_url: str = _setting(
        "",
        read.relay,
        "relay",
        "Mail relay: `smtp://user:password@host:587`, `smtps://…`, or `folder:///path`; empty: no mail.",
        secret=True,
    )
    smtp_from: str = _setting("", read.address, "address", "Address that mail comes from; empty: no mail.")
    smtp_timeout_ms: int = _setting(15_000, read.duration, "duration", "The mail relay has this long to answer.")
    smtp_listen: str = _setting(
        "", read.listen, "address", "Mail is received here over SMTP, such as `0.0.0.0:25`; empty: it is not."
    )
    lmtp_listen: str = _setting(
        "", read.listen, "address", "Mail is received here over LMTP: `127.0.0.1:24`, or the path of a socket."
    )
    smtp_certificate: Path | None = _setting(  # noqa: RUF009
        None, read.path, "path", "Certificate chain (PEM) for STARTTLS; empty: none is offered."
    )
    smtp_key: Path | None = _setting(None, read.path, "path", "Its private key.")  # noqa: RUF009
    smtp_name: str = _setting("", read.text, "text", "Name of this mail server; empty: the machine's.")
    smtp_bytes: int = _setting(
        104_857_600, read.whole(10_240, 2**31), "number", "A mail that is received has at most so many bytes."
    )
    mail_reserve: int = _setting(
        268_435_456,
        read.whole(0, 2**50),
        "number",
        "No mail is taken while less of the disk is free than so many bytes; `0`: as long as it can be written.",
    )
    smtp_connections: int = _setting(500, read.whole(1, 100_000), "number", "Connections to receive mail at once.")
    smtp_connections_per_address: int = _setting(
        20, read.whole(1, 100_000), "number", "… of them from one network address."
    )
    smtp_rate: int = _setting(600, read.whole(1, 1_000_000), "number", "Mails from one network address in a minute.")
    smtp_networks: tuple[str, ...] = _setting(
        (), read.networks, "networks", "Networks whose mail servers are believed, and not slowed down."
    )
    smtp_users: Path | None = _setting(  # noqa: RUF009
        None, read.path, "path", "File of `user:password` lines; with it, mail is taken after AUTH over TLS only."
    )
    mail_secrets: Path | None = _setting(  # noqa: RUF009
        None,
        read.path,
        "path",
        "Directory of passwords of mailboxes and relays, and of DKIM keys; empty: `secrets/mail` in `data`.",
    )
    mail_connections: int = _setting(8, read.whole(1, 1_000), "number", "Connections to each mail relay at once.")
    mail_per_domain: int = _setting(4, read.whole(1, 1_000), "number", "Mails on their way to one domain at once …")
    mail_rate_per_domain: int = _setting(600, read.whole(1, 1_000_000), "number", "… and in a minute.")
    mail_rate_per_author: int = _setting(
        120, read.whole(1, 1_000_000), "number", "One user writes mail to so many recipients in a minute."
    )
    mail_give_up_ms: int = _setting(
        5 * read.UNITS_MS["d"], read.duration, "duration", "A mail that no server takes is given up after so long."
    )
    mail_readers: int = _setting(2, read.whole(1, 64), "number", "Processes that read mails.")
    drain_ms: int = _setting(10_000, read.duration, "duration", "At the end, open requests have this long to finish.")
    import_bytes: int = _setting(
        1_073_741_824, read.whole(1_000, 2**40), "number", "A file that is imported has at most so many bytes."
    )
    pages: Path | None = _setting(  # noqa: RUF009
        None, read.path, "path", "Directory of the built web pages; empty: found beside the engine."
    )
    demo: bool = _setting(False, read.boolean, "true/false", "Run the demo organisation and give its users passwords.")
    failpoints: str = _setting("", read.text, "text", "For tests: where to fail, such as `intake.after-commit=kill`.")

    @property
    def database(self) -> str:
        """Return the URL of the record, the embedded default included."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'cordboard.sqlite3'}"

    @property
    def config_directories(self) -> tuple[Path, ...]:
        """Return the configuration directories, the default included."""
        return self.config or (self.data / "config",)

    @property
    def secrets(self) -> Path:
        """Return the directory of secrets that the engine makes itself."""
        return self.data / "secrets"

    @property
    def webhook_secret_files(self) -> Path:
        """Return the directory of the secrets of webhooks, the default included."""
        return self.webhook_secrets or self.secrets / "webhooks"

    @property
    def captcha_secret_files(self) -> Path:
        """Return the directory of the secrets of CAPTCHAs, the default included."""
        return self.captcha_secrets or self.secrets / "captcha"

    @property
    def telephony_secret_files(self) -> Path:
        """Return the directory of the secrets of telephone systems, the default included."""
        return self.telephony_secrets or self.secrets / "telephony"

    @property
    def mail_secret_files(self) -> Path:
        """Return the directory of the secrets of mail, the default included."""
        return self.mail_secrets or self.secrets / "mail"

    @property
    def cookies_are_secure(self) -> bool:
        """Say whether browsers may send the session cookie over HTTPS only."""
        if self.secure_cookies == "auto":
            return any(origin.startswith("https:") for origin in self.public_origins)
        return self.secure_cookies == "yes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """One setting, for people."""

    name: str  # in the settings file
    variable: str  # in the environment
    form: str
    default: str
    meaning: str
    secret: bool


def describe() -> list[Described]:
    """Return every setting, in order, for ``cordboard settings`` and the reference."""
    return [
        Described(
            name=name,
            variable=_variable(name),
            form=field.metadata["form"],
            default=write_value(field.name, field.default),
            meaning=field.metadata["meaning"],
            secret=field.metadata["secret"],
        )
        for name, field in _fields().items()
    ]


def load_settings(
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Join defaults, ``file`` (or the one that ``CORDBOARD_SETTINGS`` names), environment and ``overrides``.

    ``environment``: None for the process's own. ``overrides`` are keyed by setting; those that are None do not count.
    Blocks (reads files).

    Raises:
        ConfigurationError: an unknown name, a value that cannot be read, or a file that cannot be.
    """
    variables = dict(os.environ) if environment is None else environment
    named = variables.get("CORDBOARD_SETTINGS", "")
    path = file or (Path(named) if named else None)
    values: dict[str, Any] = _from_file(path) if path else {}
    values |= _from_environment(variables)
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = _read(name, value, f"--{name.replace('_', '-')}")
    return Settings(**{_fields()[name].name: value for name, value in values.items()})


def debug_wanted(environment: Mapping[str, str] | None = None) -> bool:
    """Say whether ``CORDBOARD_DEBUG`` asks for tracebacks on the command line."""
    variables = os.environ if environment is None else environment
    return variables.get("CORDBOARD_DEBUG", "").lower() not in ("", "0", "false", "no")


def write_value(field: str, value: object) -> str:
    """Write a setting's value as it stands in the reference; ``field`` is the name in ``Settings``."""
    if field.endswith("_ms") and isinstance(value, int):
        unit = next(unit for unit in ("d", "h", "m", "s", "ms") if value % read.UNITS_MS[unit] == 0)
        return f"{value // read.UNITS_MS[unit]}{unit}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return "" if value is None else str(value)


def _fields() -> dict[str, dataclasses.Field[Any]]:
    return {field.name.removesuffix("_ms"): field for field in dataclasses.fields(Settings)}


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _from_file(path: Path) -> dict[str, object]:
    try:
        content = path.read_text(encoding="utf-8")
        table = tomllib.loads(content)
    except OSError as error:
        raise ConfigurationError(f"cannot read the settings: {error.strerror}.", file=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"not TOML: {error}.", file=str(path)) from error
    values = {}
    for name, value in table.items():
        line = _line_of(content, name)
        if name not in _fields():
            mend = _did_you_mean(name, _fields())
            raise ConfigurationError(f"unknown setting {name!r}.", file=str(path), line=line, mend=mend)
        values[name] = _beside(path, _read(name, value, str(path), line))
    return values


def _beside(file: Path, value: object) -> object:
    """Take relative paths in a settings file as relative to its directory."""
    if isinstance(value, Path):
        return file.absolute().parent / value
    if isinstance(value, tuple):
        return tuple(_beside(file, part) for part in value)
    return value


def _from_environment(variables: Mapping[str, str]) -> dict[str, object]:
    known = {_variable(name): name for name in _fields()}
    values: dict[str, object] = {}
    for variable in sorted(variables):
        if not variable.startswith(PREFIX) or variable.startswith(TEST_PREFIX) or variable in NO_SETTINGS:
            continue
        name = known.get(variable) or known.get(variable.removesuffix("_FILE"))
        if name is None:
            mend = _did_you_mean(variable, [*known, *NO_SETTINGS])
            raise ConfigurationError(f"unknown variable {variable} in the environment.", mend=mend)
        if name in values:
            raise ConfigurationError(f"{_variable(name)} and {_variable(name)}_FILE are both set.", mend="Unset one.")
        text = variables[variable] if variable in known else _content(variable, Path(variables[variable]))
        if text.strip():  # an empty variable is as good as none: container files often set them so
            values[name] = _read(name, text, variable)
    return values


def _content(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigurationError(f"{variable}: cannot read {path}: {reason}.") from error


def _read(name: str, value: object, source: str, line: int = 0) -> object:
    try:
        return _fields()[name].metadata["read"](value)
    except ValueError as error:
        where = source if source.startswith(("--", PREFIX)) else f"setting {name!r}"
        file = "" if source.startswith(("--", PREFIX)) else source
        raise ConfigurationError(f"{where}: {error}.", file=file, line=line) from None


def _line_of(content: str, name: str) -> int:
    found = re.search(rf"(?m)^[ \t]*\[?[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*[=.\]]", content)
    return content.count("\n", 0, found.start()) + 1 if found else 0


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else "`cordboard settings` lists them all."
