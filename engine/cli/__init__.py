"""The console command ``cordboard``: put the commands together, turn errors into one line and an exit code."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence

import typer

from engine.cli import (
    automation,
    configuration,
    demo_data,
    explain,
    files,
    hours,
    installation,
    queues,
    running,
    search,
    tokens,
    users,
)
from engine.errors import CordboardError, Unavailable
from engine.settings import debug_wanted

FAILED = 1
WRONG_USE = 2
AWAY = 3
INTERRUPTED = 130
"""As the shell counts a program ended by Ctrl-C."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    os.umask(0o077)  # record, board and log-ins are the owner's, also in a directory that others may enter
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    command = typer.main.get_command(build())
    try:
        code = command.main(args=list(arguments), prog_name="cordboard", standalone_mode=False)
    except typer.TyperException as error:
        _complain_of_use(error.format_message())
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except CordboardError as error:
        if debug_wanted():
            raise
        _complain(str(error))
        return AWAY if isinstance(error, Unavailable) else FAILED
    except OSError as error:
        if debug_wanted():
            raise
        _complain(f"{error.filename or 'the system'}: {error.strerror or error}")
        return FAILED
    return code if isinstance(code, int) else 0


def build() -> typer.Typer:
    """Return the command line with all commands."""
    app = _group("Cordboard, an omni-channel contact-center engine.", completion=True)
    _register(app, "serve", running.serve)
    _register(app, "init", installation.init)
    _register(app, "settings", installation.settings)
    _register(app, "version", installation.version)
    app.add_typer(_config(), name="config")
    app.add_typer(_user(), name="user")
    app.add_typer(_token(), name="token")
    app.add_typer(_queue(), name="queue")
    app.add_typer(_search(), name="search")
    app.add_typer(_automation(), name="automation")
    _register(app, "explain", explain.explain)
    _register(app, "hours", hours.hours)
    _register(app, "demo-data", demo_data.demo_data)
    _register(app, "import", files.import_file)
    _register(app, "export", files.export_file)
    app.add_typer(_bench(), name="bench")
    return app


def _config() -> typer.Typer:
    group = _group("Check, apply and show the configuration of an organisation.")
    _register(group, "check", configuration.check)
    _register(group, "lint", configuration.lint)
    _register(group, "schema", configuration.schema)
    _register(group, "apply", configuration.apply)
    _register(group, "show", configuration.show)
    return group


def _user() -> typer.Typer:
    group = _group("Manage who can sign in.")
    _register(group, "add", users.add)
    _register(group, "list", users.list_users)
    _register(group, "set-password", users.set_password)
    _register(group, "set-role", users.set_role)
    _register(group, "disable", users.disable)
    _register(group, "enable", users.enable)
    _register(group, "unlock", users.unlock)
    return group


def _token() -> typer.Typer:
    group = _group("Manage API tokens: how other programs sign in.")
    _register(group, "create", tokens.create)
    _register(group, "list", tokens.list_tokens)
    _register(group, "revoke", tokens.revoke)
    return group


def _queue() -> typer.Typer:
    group = _group("Pause, drain and resume the queues of the engine that runs on this machine.")
    _register(group, "list", queues.list_queues)
    _register(group, "pause", queues.pause)
    _register(group, "resume", queues.resume)
    _register(group, "drain", queues.drain)
    return group


def _search() -> typer.Typer:
    group = _group("See to the index in which cases, messages, contacts and accounts are found.")
    _register(group, "rebuild", search.rebuild)
    _register(group, "status", search.status)
    return group


def _automation() -> typer.Typer:
    group = _group("Try automation rules.")
    _register(group, "try", automation.try_rules)
    return group


def _bench() -> typer.Typer:
    group = _group("Measure. Reports numbers, never fails on them.")
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    for name, function in (
        ("chat", running.bench_chat),
        ("drain", running.bench_drain),
        ("cases", running.bench_cases),
        ("email", running.bench_email),
        ("escalation", running.bench_escalation),
        ("routing", running.bench_routing),
        ("telephony", running.bench_telephony),
    ):
        group.command(name, help=_help(function), context_settings=settings)(function)
    return group


def _group(text: str, *, completion: bool = False) -> typer.Typer:
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        add_completion=completion,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    )


def _register(group: typer.Typer, name: str, function: Callable[..., object]) -> None:
    group.command(name, help=_help(function))(function)


def _help(function: Callable[..., object]) -> str:
    """Return a command's docstring with its examples and exit codes marked as not to be re-wrapped."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    kept = [f"\b\n{text}" if text.startswith(("Examples:", "Exit codes:")) else text for text in paragraphs]
    return "\n\n".join(kept)


def _complain_of_use(message: str) -> None:
    if message.startswith("Usage:"):  # a group without a command: the message is its help
        print(message, file=sys.stderr)
    else:
        _complain(f"{message} --help says more.")


def _complain(text: str) -> None:
    line = " ".join(text.split())
    print(f"cordboard: {line}", file=sys.stderr)
