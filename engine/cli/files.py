"""The commands that bring files to a running engine and fetch them, over its HTTP API; both go on where they ended."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from engine.cli.options import AsJson
from engine.cli.output import print_json
from engine.errors import InvalidInput, Unavailable
from engine.model.transfer import CellKind, Column, FileFormat, OnEmpty, OnKnown, OnUnknownColumn
from engine.transfer.cells import neutralised, written

PIECE = 8_388_608
"""Bytes of a file that are sent at once."""
TRIES = 8
"""How often a request is repeated while the engine is away."""
TIMEOUT_S = 60.0
POLL_S = 0.5
SUFFIXES = {".csv": FileFormat.CSV, ".jsonl": FileFormat.JSONL, ".ndjson": FileFormat.JSONL, ".json": FileFormat.JSON}


class Plural(StrEnum):
    """What a file holds."""

    CONTACTS = "contacts"
    ACCOUNTS = "accounts"
    CASES = "cases"


What = Annotated[Plural, typer.Argument(metavar="WHAT", help="contacts, accounts or cases.")]
Url = Annotated[str, typer.Option(metavar="URL", help="Where the engine is reached.")]
TokenFile = Annotated[
    Path,
    typer.Option("--token-file", metavar="FILE", help="File with an API token; - is standard input."),
]
Format = Annotated[FileFormat | None, typer.Option("--format", help="Else as the file's name ends.")]
Source = Annotated[str, typer.Option(metavar="NAME", help="The system whose keys external_id holds.")]


def import_file(
    what: What,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The file.")],
    *,
    token_file: TokenFile,
    url: Url = "http://127.0.0.1:8400",
    form: Format = None,
    source: Source = "",
    columns: Annotated[
        list[str] | None, typer.Option("--map", metavar="NAME=COLUMN", help="What a column means; may be repeated.")
    ] = None,
    unknown: Annotated[
        OnUnknownColumn, typer.Option(help="Columns that nothing is known of.")
    ] = OnUnknownColumn.REFUSE,
    known: Annotated[OnKnown, typer.Option(help="Customers found by address or name.")] = OnKnown.UPDATE,
    empty: Annotated[OnEmpty, typer.Option(help="What an empty cell means.")] = OnEmpty.KEEP,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all, write nothing.")] = False,
    loud: Annotated[bool, typer.Option("--loud", help="Cases: rules and mails hear that they were opened.")] = False,
    charset: Annotated[str, typer.Option(help="Of the file.")] = "utf-8",
    date_format: Annotated[str, typer.Option(metavar="FORMAT", help="Such as %d.%m.%Y.")] = "",
    region: Annotated[str, typer.Option(metavar="CC", help="Country of telephone numbers without one.")] = "",
    failures: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the rows that failed here.")] = None,
    as_json: AsJson = False,
) -> int:
    """Import contacts, accounts or cases from a file, and wait until all its rows are through.

    Called again with the same file and options after an interruption, it goes on where it was cut off.

    Examples:
      cordboard import contacts people.csv --token-file token --source crm --map E-Mail=email
      cordboard import cases old.jsonl --token-file token --source helpdesk --dry-run
      cordboard import accounts firms.csv --token-file token --failures to-mend.csv --json

    Exit codes: 0 every row is in, 1 refused or rows failed, 2 wrong use, 3 the engine is away.
    """
    query: dict[str, Any] = {
        "noun": what.value.removesuffix("s"), "format": _format(file, form), "source": source, "map": columns or [],
        "unknown": unknown.value, "known": known.value, "empty": empty.value, "dry_run": dry_run, "quiet": not loud,
        "charset": charset, "date_format": date_format, "region": region, "complete": False,
    }  # fmt: skip
    query["name"] = f"{file.name[:100]} {_digest(file, query)}"
    with _client(url, token_file) as engine, _progress(file.name) as (progress, task):
        ask = engine.ask
        one = _begun(ask, query)
        one = _brought(ask, one, file, lambda at, size: progress.update(task, completed=at, total=size))
        while not one["ended_at"]:
            time.sleep(POLL_S)
            one = ask("GET", f"/imports/{one['id']}").json()
            progress.update(task, completed=one["rows"], total=one["total"] or None)
        if failures is not None and one["failed"]:
            failures.write_bytes(ask("GET", f"/imports/{one['id']}/failures.csv").content)
        few = ask("GET", f"/imports/{one['id']}/failures", params={"limit": 20}).json()["items"]
    _tell(one, few, as_json=as_json)
    return 0 if one["state"] == "done" and not one["failed"] else 1


def export_file(
    what: What,
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to write it.")],
    *,
    token_file: TokenFile,
    url: Url = "http://127.0.0.1:8400",
    form: Format = None,
    source: Source = "",
    columns: Annotated[str, typer.Option(metavar="NAMES", help="With commas between; else all.")] = "",
    text: Annotated[str, typer.Option(metavar="WORDS", help="Only what these words are found in.")] = "",
    plain: Annotated[bool, typer.Option("--plain", help="Leave cells that spreadsheets take for formulas.")] = False,
    as_json: AsJson = False,
) -> int:
    """Export contacts, accounts or cases into a file: what the token sees.

    What is fetched lies in FILE.part until it is all; called again after an interruption, it goes on there.

    Examples:
      cordboard export contacts people.csv --token-file token --source crm
      cordboard export cases cases.jsonl --token-file token
      cordboard export cases open.csv --token-file token --columns number,subject,status

    Exit codes: 0 written, 1 refused, 2 wrong use, 3 the engine is away.
    """
    wanted = FileFormat(_format(file, form))
    if wanted is FileFormat.JSON:
        raise typer.BadParameter("exports are csv or jsonl", param_hint="--format")
    mark = "number" if what is Plural.CASES else "id"
    names = [one for one in columns.split(",") if one]
    asked = ",".join([*names, *([mark] if names and mark not in names else [])])
    query = {"format": "jsonl", "columns": asked, "source": source, "text": text}
    part = file.with_name(f"{file.name}.part")
    with _client(url, token_file) as engine, _progress(file.name):
        engine.fetch(f"/exports/{what.value.removesuffix('s')}", query, part, mark)
    count = _kept(part, mark)[0]
    _written_out(part, file, wanted, names, plain=plain)
    print_json({"file": str(file), "rows": count}) if as_json else print(f"{count} {what.value} in {file}")
    return 0


class Engine:
    """A running engine, reached over its API: what fails for its absence is tried again for a while."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401 -- as httpx takes it
        """Send a request; raise InvalidInput where it is refused, Unavailable where nobody answers."""
        for wait_s in self._waits():
            try:
                answer = self._http.request(method, path, **how)
            except httpx.TransportError:
                time.sleep(wait_s)
                continue
            if answer.status_code < 500:
                return _accepted(answer)
            time.sleep(wait_s)
        raise self._away()

    def fetch(self, path: str, query: dict[str, str], part: Path, mark: str) -> None:
        """Fetch lines into ``part``, behind the last whole one there, however often the line breaks."""
        for wait_s in self._waits():
            try:
                with self._http.stream("GET", path, params={**query, "after": _kept(part, mark)[1]}) as answer:
                    if answer.status_code >= 400:
                        answer.read()
                        _accepted(answer)
                    with part.open("ab") as content:
                        for piece in answer.iter_bytes():
                            content.write(piece)
            except httpx.TransportError:
                time.sleep(wait_s)
                continue
            return
        raise self._away()

    def _waits(self) -> Iterator[float]:
        yield from (min(2.0**attempt / 4, 5) for attempt in range(TRIES))

    def _away(self) -> Unavailable:
        return Unavailable(f"no engine answers at {self._http.base_url}.", mend="Call again: it goes on where it was.")


@contextmanager
def _client(url: str, token_file: Path) -> Iterator[Engine]:
    text = sys.stdin.readline() if str(token_file) == "-" else token_file.read_text(encoding="utf-8")
    headers = {"Authorization": f"Bearer {text.partition(chr(10))[0].strip()}"}
    with httpx.Client(base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=TIMEOUT_S) as http:
        yield Engine(http)


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < 400 or answer.status_code == 409:
        return answer
    try:
        said = answer.json()
    except ValueError:
        said = {}
    raise InvalidInput(str(said.get("detail", f"HTTP {answer.status_code}")), mend=str(said.get("mend", "")))


@contextmanager
def _progress(name: str) -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield progress, progress.add_task(name, total=None)


def _format(file: Path, form: FileFormat | None) -> str:
    found = form or SUFFIXES.get(file.suffix.lower())
    if found is None:
        raise typer.BadParameter("say which: csv, jsonl or json", param_hint="--format")
    return found.value


def _digest(file: Path, query: dict[str, Any]) -> str:
    """Return what tells this file with these options from any other: by that a second call finds its import."""
    digest = hashlib.sha256(json.dumps(query, sort_keys=True).encode())
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()[:32]


def _begun(ask: Callable[..., httpx.Response], query: dict[str, Any]) -> dict[str, Any]:
    """Return the import of an interrupted call, or a new one."""
    for one in ask("GET", "/imports").json()["items"]:
        if one["name"] == query["name"] and not one["ended_at"]:
            return dict(one)
    return dict(ask("POST", "/imports", params=query, content=b"").json())


def _brought(
    ask: Callable[..., httpx.Response], one: dict[str, Any], file: Path, told: Callable[[int, int], None]
) -> dict[str, Any]:
    size, path = file.stat().st_size, f"/imports/{one['id']}"
    with file.open("rb") as content:
        while one["state"] == "receiving":
            at = one["received"]
            told(at, size)
            content.seek(at)
            piece = content.read(PIECE)
            query = {"offset": at, "complete": at + len(piece) >= size}
            answer = ask("PATCH", path, params=query, content=piece)
            one = answer.json() if answer.status_code != 409 else ask("GET", path).json()
    return one


def _tell(one: dict[str, Any], few: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({**one, "failures": few})
        return
    counts = ", ".join(f"{one[name]} {name}" for name in ("created", "updated", "unchanged", "skipped", "failed"))
    print(f"{'Checked' if one['dry_run'] else one['state'].capitalize()}: {one['total']} rows, {counts}.")
    if one["fault"]:
        print(one["fault"], file=sys.stderr)
    for failure in few:
        print(f"  row {failure['number']}: {failure['field']}: {failure['detail']}", file=sys.stderr)


def _kept(part: Path, mark: str) -> tuple[int, str]:
    """Cut off a line that is not whole; return how many are, and the mark of the last one."""
    if not part.exists():
        return 0, ""
    count, end, last = 0, 0, b""
    with part.open("rb") as content:
        for line in content:
            if not line.endswith(b"\n"):
                break
            count, end, last = count + 1, end + len(line), line
    os.truncate(part, end)
    return count, str(json.loads(last)[mark]) if last else ""


def _written_out(part: Path, file: Path, form: FileFormat, names: list[str], *, plain: bool) -> None:
    if form is FileFormat.JSONL and not names:
        part.replace(file)
        return
    whole = file.with_name(f"{file.name}.whole")
    with part.open(encoding="utf-8") as lines, whole.open("w", encoding="utf-8", newline="") as out:
        rows = (json.loads(line) for line in lines)
        _write_rows(rows, out, form, names, plain=plain)
    whole.replace(file)
    part.unlink()


def _write_rows(rows: Iterator[dict[str, Any]], out: Any, form: FileFormat, names: list[str], *, plain: bool) -> None:  # noqa: ANN401 -- a text file
    writer, head = csv.writer(out, quoting=csv.QUOTE_ALL), names  # as ``lines_of``
    for number, row in enumerate(rows):
        if form is FileFormat.JSONL:
            out.write(json.dumps({name: row[name] for name in names}, ensure_ascii=False) + "\n")
            continue
        if number == 0:
            head = names or list(row)
            writer.writerow(head)
        writer.writerow([_cell(row.get(name), plain=plain) for name in head])


def _cell(value: object, *, plain: bool) -> str:
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    text = "" if value in ({}, []) else written(Column(name="", kind=CellKind.LIST if texts else CellKind.TEXT), value)
    return text if plain or isinstance(value, int | float) else neutralised(text)
