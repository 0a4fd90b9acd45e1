"""Settings come from file, environment and command line, in this order; nothing unknown passes."""

from pathlib import Path

import pytest

from engine.cli.installation import settings_text
from engine.errors import ConfigurationError
from engine.settings import Settings, debug_wanted, describe, load_settings


def load(environment: dict[str, str] | None = None, **overrides: object) -> Settings:
    return load_settings(environment=environment or {}, overrides=overrides)


def test_defaults() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8400, Path("var"))
    assert settings.database == f"sqlite:///{Path('var').absolute()}/cordboard.sqlite3"
    assert settings.config_directories == (Path("var/config"),)
    assert settings.secrets == Path("var/secrets")
    assert settings.session_ttl_ms == 12 * 3_600_000
    assert not settings.cookies_are_secure


def test_precedence(tmp_path: Path) -> None:
    file = tmp_path / "cordboard.toml"
    file.write_text('host = "file"\nport = 1\nlog_level = "error"\n')
    environment = {"CORDBOARD_PORT": "2", "CORDBOARD_LOG_LEVEL": "DEBUG", "CORDBOARD_SETTINGS": str(file)}
    settings = load(environment, log_level="warning", host=None)
    assert (settings.host, settings.port, settings.log_level) == ("file", 2, "warning")


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "cordboard.toml").write_text('data = "."\nconfig = ["a", "/b"]\n')
    settings = load_settings(file=tmp_path / "cordboard.toml", environment={})
    assert settings.data == tmp_path
    assert settings.config == (tmp_path / "a", Path("/b"))


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("CONFIG", "a, b", "config", (Path("a"), Path("b"))),
        ("DEMO", "yes", "demo", True),
        ("DEMO", "0", "demo", False),
        ("SESSION_TTL", "30m", "session_ttl_ms", 1_800_000),
        (
            "PUBLIC_ORIGINS",
            "https://a.example,http://[::1]:80",
            "public_origins",
            ("https://a.example", "http://[::1]:80"),
        ),
        ("TRUSTED_PROXIES", "10.0.0.0/8,::1", "trusted_proxies", ("10.0.0.0/8", "::1/128")),
        ("ROLES", "web,router", "roles", ("web", "router")),
        ("PORT", "", "port", 8400),
        ("METRICS_TOKEN", " sixteen-letters! ", "metrics_token", "sixteen-letters!"),
        ("PAGES", "/x", "pages", Path("/x")),
        ("VALKEY_URL", " unix:///run/valkey.sock", "valkey_url", "unix:///run/valkey.sock"),
        ("VALKEY_URL", "redis://a:1,valkeys://u:p,w@b", "valkey_url", "redis://a:1,valkeys://u:p,w@b"),
    ],
)
def test_values(variable: str, value: str, name: str, expected: object) -> None:
    assert getattr(load({f"CORDBOARD_{variable}": value}), name) == expected


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"CORDBOARD_PROT": "1"}, "unknown variable CORDBOARD_PROT in the environment. Did you mean CORDBOARD_PORT?"),
        ({"CORDBOARD_PORT": "65536"}, "CORDBOARD_PORT: write a whole number from 0 to 65535"),
        ({"CORDBOARD_PORT": "x"}, "CORDBOARD_PORT: write a whole number"),
        ({"CORDBOARD_DEMO": "maybe"}, "CORDBOARD_DEMO: write true or false"),
        ({"CORDBOARD_LOG_LEVEL": "loud"}, "CORDBOARD_LOG_LEVEL: write one of: debug"),
        ({"CORDBOARD_SESSION_TTL": "12"}, "CORDBOARD_SESSION_TTL: write a time"),
        ({"CORDBOARD_PUBLIC_ORIGINS": "chat.example"}, "CORDBOARD_PUBLIC_ORIGINS: write scheme and host"),
        ({"CORDBOARD_VALKEY_URL": "localhost:6379"}, "CORDBOARD_VALKEY_URL: write redis://host:port"),
        ({"CORDBOARD_VALKEY_URL": "redis://a:1,b:2"}, "CORDBOARD_VALKEY_URL: write redis://host:port"),
        ({"CORDBOARD_TRUSTED_PROXIES": "10.0.0.1/8"}, "CORDBOARD_TRUSTED_PROXIES: write addresses"),
        ({"CORDBOARD_KEEP_HISTORY": "12h"}, "CORDBOARD_KEEP_HISTORY: write a time of at least one day"),
        ({"CORDBOARD_METRICS_TOKEN": "fifteen-letters"}, "CORDBOARD_METRICS_TOKEN: write at least 16 characters"),
        ({"CORDBOARD_SETTINGS": "/none.toml"}, "/none.toml: cannot read the settings"),
        ({"CORDBOARD_DATABASE_URL_FILE": "/none"}, "CORDBOARD_DATABASE_URL_FILE: cannot read /none"),
        ({"CORDBOARD_DATABASE_URL": "a", "CORDBOARD_DATABASE_URL_FILE": "/none"}, "are both set"),
    ],
)
def test_refusals_of_the_environment(environment: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environment)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('host = "a"\n\nprot = 1\n', ":3: unknown setting 'prot'. Did you mean port?"),
        ("[server]\nport = 1\n", ":1: unknown setting 'server'"),
        ('\nport = "x"\n', ":2: setting 'port': write a whole number"),
        ("host = 5\n", ":1: setting 'host': write a text"),
        ("config = 5\n", ":1: setting 'config': write names"),
        ("port = true\n", ":1: setting 'port': write a whole number"),
        ("port = \n", "not TOML"),
    ],
)
def test_refusals_of_the_file(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file=tmp_path / "c.toml", environment={})
    assert reason in str(caught.value)


def test_secrets_come_from_files_and_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("postgresql://u:hunter2@h/d\n")
    settings = load({"CORDBOARD_DATABASE_URL_FILE": str(tmp_path / "db")})
    assert settings.database == "postgresql://u:hunter2@h/d"
    assert "hunter2" not in repr(settings)


def test_tests_may_have_variables_of_their_own() -> None:
    assert load({"CORDBOARD_TEST_POSTGRES": "x", "CORDBOARD_DEBUG": "1"}) == load()


def test_the_settings_file_that_init_writes_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cordboard.toml"
    file.write_text(settings_text())
    assert load_settings(file=file, environment={}) == load(data=tmp_path)
    lines = settings_text().replace("\n# ", "\n").splitlines()
    values = "\n".join(line for line in lines if " = " in line and not line.endswith("."))
    paths = (
        "pages",
        "webhook_secrets",
        "captcha_secrets",
        "telephony_secrets",
        "mail_secrets",
        "smtp_certificate",
        "smtp_key",
        "smtp_users",
    )
    for unset in (f'{name} = ""' for name in paths):
        values = values.replace(unset, "")
    file.write_text(values)
    assert load_settings(file=file, environment={}) == load(data=tmp_path)


@pytest.mark.parametrize(
    ("origins", "mode", "secure"),
    [
        ("https://a.example", "auto", True),
        ("http://a.example", "auto", False),
        ("http://a.example", "yes", True),
        ("https://a.example", "no", False),
    ],
)
def test_secure_cookies(origins: str, mode: str, secure: bool) -> None:
    settings = load({"CORDBOARD_PUBLIC_ORIGINS": origins, "CORDBOARD_SECURE_COOKIES": mode})
    assert settings.cookies_are_secure is secure


def test_everything_is_described() -> None:
    described = describe()
    assert all(entry.meaning.endswith((".", "…")) and entry.variable.startswith("CORDBOARD_") for entry in described)
    secrets = ["database_url", "valkey_url", "metrics_token", "smtp_url"]
    assert [entry.name for entry in described if entry.secret] == secrets
    assert {entry.name: entry.default for entry in described}["session_ttl"] == "12h"


def test_debug() -> None:
    assert debug_wanted({"CORDBOARD_DEBUG": "1"})
    assert not debug_wanted({"CORDBOARD_DEBUG": "0"})
    assert not debug_wanted({})


@pytest.mark.parametrize(
    "url", ["smtp://relay.example", "smtps://u:p%40@[::1]:465", "smtp-plain://127.0.0.1:2525/", "folder:///tmp/sent"]
)
def test_a_mail_relay(url: str) -> None:
    assert load({"CORDBOARD_SMTP_URL": url, "CORDBOARD_SMTP_FROM": "desk@shop.example"}).smtp_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [("URL", "http://relay"), ("URL", "smtp://"), ("URL", "folder://sent"), ("FROM", "desk"), ("TIMEOUT", "0s")],
)
def test_a_mail_relay_that_is_none(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError):
        load({f"CORDBOARD_SMTP_{name}": value})
