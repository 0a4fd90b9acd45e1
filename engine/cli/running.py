"""Commands that run for a while: the engine itself, and benchmarks."""

from __future__ import annotations

import dataclasses
import gc
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import DataDirectory, SettingsFile
from engine.config.files import directory_meant
from engine.config.samples import demo_directory
from engine.settings import Settings, load_settings


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    data: DataDirectory = None,
    config: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Configuration directory; may be repeated.")
    ] = None,
    roles: Annotated[str | None, typer.Option(help="What this process does: web, work or all.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, text or json.")] = None,
    settings_file: SettingsFile = None,
    demo: Annotated[bool, typer.Option("--demo", help="Run the demo organisation; prints log-ins.")] = False,
    traffic: Annotated[bool, typer.Option("--traffic", help="With --demo: simulated customers and agents.")] = False,
    demo_cases: Annotated[
        int, typer.Option(metavar="N", min=0, max=10_000, help="With --demo: so many cases of the past, at first.")
    ] = 0,
) -> int:
    """Run the engine until it is told to stop (SIGTERM, Ctrl-C).

    Examples:
      cordboard serve --demo
      cordboard serve --settings /etc/cordboard/cordboard.toml
      cordboard serve --data /srv/cordboard --port 9000 --log-format json

    Exit codes: 0 stopped as told, 1 wrong settings or configuration, 2 wrong use, 3 a part it needs is away.
    """
    settings = load_settings(
        file=settings_file,
        overrides={
            "host": host,
            "port": port,
            "data": data,
            "config": tuple(directory_meant(each) for each in config) if config else None,
            "roles": roles,
            "log_level": log_level,
            "log_format": log_format,
            "demo": demo or None,
        },
    )
    gc.disable()  # modules and routes stay; looking through them again and again is a tenth of the start
    from engine.cli.serve import serve as run_engine  # noqa: PLC0415 - the other commands start quicker without

    return run_engine(with_demo(settings), demo=settings.demo, traffic=traffic, demo_cases=demo_cases)


def with_demo(settings: Settings) -> Settings:
    """Let the demo use its own configuration unless another one is given or lies in the data directory.

    It takes mail at a free port of this machine unless the settings say where.
    """
    if not settings.demo:
        return settings
    if not (settings.smtp_listen or settings.lmtp_listen):
        settings = dataclasses.replace(settings, smtp_listen="127.0.0.1:0")
    if settings.config or any(settings.config_directories[0].glob("*.yaml")):
        return settings
    return dataclasses.replace(settings, config=(demo_directory(),))


def bench_chat(context: typer.Context) -> int:
    """Measure the way of a chat message, and of a new chat to an agent's offer.

    Examples:
      cordboard bench chat --help
      cordboard bench chat

    Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
    """
    from engine.bench.chat import run  # noqa: PLC0415 - the engine's users rarely need the load tool

    return run(context.args)


def bench_routing(context: typer.Context) -> int:
    """Measure what a routed work item costs, beside a plain job queue and a hand-written SQL table.

    Examples:
      cordboard bench routing --help
      cordboard bench routing

    Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
    """
    from engine.bench.routing.command import run  # noqa: PLC0415 - as above

    return run(context.args)


def bench_cases(context: typer.Context) -> int:
    """Measure opening, changing, listing and searching cases, and the view of a customer, at scale.

    Examples:
      cordboard bench cases --help
      cordboard bench cases
      cordboard bench cases --messages 1000000

    Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
    """
    from engine.bench.cases.command import run  # noqa: PLC0415 - as above

    return run(context.args)


def bench_escalation(context: typer.Context) -> int:
    """Measure how late the steps of escalations are while many cases wait for theirs.

    Examples:
      cordboard bench escalation --help
      cordboard bench escalation
      cordboard bench escalation --cases 100000 --rate 400

    Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
    """
    from engine.bench.escalation.command import run  # noqa: PLC0415 - as above

    return run(context.args)


def bench_email(context: typer.Context) -> int:
    """Measure how many mails a second are accepted over SMTP, and how many are filed and routed.

    Examples:
      cordboard bench email --help
      cordboard bench email
      cordboard bench email --mails 10000 --only sqlite

    Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
    """
    from engine.bench.email.command import run  # noqa: PLC0415 - as above

    return run(context.args)


def bench_drain(context: typer.Context) -> int:
    """Measure how long an agent who becomes free waits for his next offer while customers wait.

    Examples:
      cordboard bench drain --help
      cordboard bench drain

    Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
    """
    from engine.bench.drain import run  # noqa: PLC0415 - as above

    return run(context.args)


def bench_telephony(context: typer.Context) -> int:
    """Measure how soon the agent whose telephone rings sees the call.

    Examples:
      cordboard bench telephony --help
      cordboard bench telephony
      cordboard bench telephony --rate 500 --seconds 60 --json result.json

    Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
    """
    from engine.bench.telephony.command import run  # noqa: PLC0415 - as above

    return run(context.args)
