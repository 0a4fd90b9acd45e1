"""Commands about an organisation's configuration."""

from __future__ import annotations

import functools
import json
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.options import AsJson, DataDirectory, OrganisationId, SettingsFile, settings_for
from engine.cli.output import print_json
from engine.cli.record import now_ms, pick_organisation, with_store
from engine.clock import rfc3339
from engine.config.compile import load
from engine.config.files import directory_meant
from engine.config.findings import Severity
from engine.config.json_schema import configuration_schema
from engine.config.lint import lint as find
from engine.config.problems import Problem, problems_of
from engine.config.snapshot import pack, unpack
from engine.errors import ConfigurationError, NotFound
from engine.model.organisation import Organisation
from engine.model.record import Snapshot

if TYPE_CHECKING:
    from engine.store.store import Store  # opened in record.py only: the other commands start without SQL

ConfigDirectory = Annotated[
    Path | None, typer.Argument(metavar="DIR", help="Configuration directory; else the one of the settings.")
]


def check(
    directory: ConfigDirectory = None,
    *,
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> int:
    """Check configuration files and name every mistake with file and line. Changes nothing.

    Examples:
      cordboard config check config
      cordboard config check config --json

    Exit codes: 0 all is well, 1 there are mistakes, 2 wrong use.
    """
    directories = _directories(directory, settings_file, data)
    reports = [_report(each) for each in directories]
    if as_json:
        print_json({"ok": all(report["ok"] for report in reports), "directories": reports})
    return 0 if all(report["ok"] for report in reports) else 1


def lint(
    directory: ConfigDirectory = None,
    *,
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count like errors.")] = False,
    as_json: AsJson = False,
) -> int:
    """Find what is valid and yet cannot work well: queues out of reach, skills nobody has, waits without end.

    Examples:
      cordboard config lint config
      cordboard config lint config --strict --json

    Exit codes: 0 nothing worse than a warning, 1 errors or mistakes (with --strict warnings too), 2 wrong use.
    """
    bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    reports = [_lint_report(each, bad) for each in _directories(directory, settings_file, data)]
    if as_json:
        print_json({"ok": all(report["ok"] for report in reports), "directories": reports})
    return 0 if all(report["ok"] for report in reports) else 1


def schema() -> None:
    """Print the JSON Schema of the configuration files, for editors.

    Examples:
      cordboard config schema > configuration.schema.json

    Exit codes: 0 printed, 2 wrong use.
    """
    print_json(configuration_schema())


def apply(
    directory: ConfigDirectory = None,
    *,
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Check the files and put them into force; a running engine takes them up within seconds.

    Examples:
      cordboard config apply config --data var

    Exit codes: 0 in force, 1 there are mistakes, 2 wrong use, 3 the database is away.
    """
    settings = settings_for(settings_file, data)
    reports = []
    for each in _directories(directory, settings_file, data):
        organisation = load(each)
        snapshot = with_store(settings, functools.partial(_put, organisation=organisation))
        reports.append({"organisation": organisation.id, "version": snapshot.version, "digest": snapshot.digest})
        if not as_json:
            print(f"{organisation.id}: version {snapshot.version} is in force ({snapshot.digest[:12]})")
    if as_json:
        print_json(reports)


def show(
    *,
    organisation: OrganisationId = "",
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Show the configuration in force.

    Examples:
      cordboard config show
      cordboard config show --organisation demo --json

    Exit codes: 0 shown, 1 nothing is in force, 2 wrong use, 3 the database is away.
    """
    snapshot = with_store(settings_for(settings_file, data), lambda store: _latest(store, organisation))
    if as_json:
        content = json.loads(snapshot.compiled)["organisation"]
        print_json({"version": snapshot.version, "digest": snapshot.digest, "organisation": content})
        return
    in_force = unpack(snapshot.compiled, version=snapshot.version)
    print(f"{in_force.id}: version {snapshot.version} of {rfc3339(snapshot.applied_ms)} ({snapshot.digest[:12]})")
    print(summary(in_force))


def summary(organisation: Organisation) -> str:
    """Say in one line what an organisation has."""
    counts = {
        "queues": len(organisation.queues),
        "skills": len(organisation.skills),
        "channels": len(organisation.channels),
        "rules": len(organisation.rules),
        "users": len(organisation.agents),
    }
    return f"{organisation.name}; " + ", ".join(f"{what} {count}" for what, count in counts.items())


def _directories(directory: Path | None, settings_file: Path | None, data: Path | None) -> tuple[Path, ...]:
    return (directory_meant(directory),) if directory else settings_for(settings_file, data).config_directories


def _report(directory: Path) -> dict[str, object]:
    try:
        organisation = load(directory)
    except ConfigurationError as error:
        problems = problems_of(error)
        for problem in problems:
            print(_line(directory, problem), file=sys.stderr)
        return {"directory": str(directory), "ok": False, "problems": [_as_mapping(problem) for problem in problems]}
    print(f"{directory}: {summary(organisation)}", file=sys.stderr)
    digest = pack(organisation).digest
    return {
        "directory": str(directory),
        "ok": True,
        "organisation": organisation.id,
        "digest": digest,
        "problems": [],
    }


def _lint_report(directory: Path, bad: Collection[Severity]) -> dict[str, object]:
    try:
        findings = find(directory)
    except ConfigurationError:
        return {**_report(directory), "findings": []}
    for finding in findings:
        place, _, text = _line(directory, finding.problem).partition(": ")
        print(f"{place}: {finding.severity}: {text} [{finding.check}]", file=sys.stderr)
    counts = Counter(finding.severity for finding in findings)
    said = ", ".join(f"{severity}s {counts[severity]}" for severity in Severity)
    print(f"{directory}: {said}", file=sys.stderr)
    return {
        "directory": str(directory),
        "ok": not any(finding.severity in bad for finding in findings),
        "problems": [],
        "findings": [
            {"check": finding.check, "severity": finding.severity.value, **_as_mapping(finding.problem)}
            for finding in findings
        ],
    }


def _line(directory: Path, problem: Problem) -> str:
    return str(problem) if problem.file == str(directory) else str(directory / str(problem))


def _as_mapping(problem: Problem) -> dict[str, object]:
    return {"file": problem.file, "line": problem.line, "detail": problem.detail, "mend": problem.mend}


async def _put(store: Store, *, organisation: Organisation) -> Snapshot:
    packed = pack(organisation)
    return await store.configuration.put(
        organisation.id,
        name=organisation.name,
        digest=packed.digest,
        compiled=packed.compiled,
        agents=tuple(organisation.agents.values()),
        targets={key: queue.answer_within_ms for key, queue in organisation.queues.items()},
        author="cordboard config apply",
        now_ms=now_ms(),
    )


async def _latest(store: Store, wanted: str) -> Snapshot:
    org_id = await pick_organisation(store, wanted)
    snapshot = await store.configuration.latest(org_id)
    if snapshot is None:
        raise NotFound(f"no configuration of {org_id!r} is in force.", mend="cordboard config apply puts one.")
    return snapshot
