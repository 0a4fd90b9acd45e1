"""Files that are taken in: contacts, accounts, cases."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import StreamingResponse

from engine.api.access import Parts, SeeingAll
from engine.api.operation import Operation
from engine.api.schemas.imports import ColumnAnswer, ImportAnswer, RowFailureAnswer
from engine.api.schemas.model import Page
from engine.errors import InvalidInput
from engine.model.transfer import (
    LONGEST_SOURCE,
    FileFormat,
    ImportOptions,
    Noun,
    OnEmpty,
    OnKnown,
    OnUnknownColumn,
)
from engine.transfer.failed_rows import as_csv

TAG = "Import and export"

Importer = SeeingAll
"""What an import changes is found by keys, not by what one sees."""
Region = Annotated[str, Query(pattern=r"^([A-Za-z]{2})?$", description="Country of telephone numbers without one.")]


async def start_import(
    request: Request,
    parts: Parts,
    who: Importer,
    *,
    noun: Noun,
    format: FileFormat = FileFormat.CSV,  # noqa: A002 -- the parameter's name
    source: Annotated[
        str, Query(max_length=LONGEST_SOURCE, description="The system whose keys `external_id` holds.")
    ] = "",
    columns: Annotated[
        list[str] | None,
        Query(
            alias="map",
            max_length=500,
            description="`Name in the file=column`; without a column it is not looked at. May be repeated.",
        ),
    ] = None,
    unknown: Annotated[OnUnknownColumn, Query(description="Of columns.")] = OnUnknownColumn.REFUSE,
    known: Annotated[OnKnown, Query(description="Of customers found by address or name.")] = OnKnown.UPDATE,
    empty: Annotated[OnEmpty, Query(description="What an empty CSV cell means.")] = OnEmpty.KEEP,
    dry_run: Annotated[bool, Query(description="Check all, write nothing.")] = False,
    quiet: Annotated[bool, Query(description="Cases: no rule and no mail hears of them.")] = True,
    plain: Annotated[bool, Query(description="An apostrophe at a cell's beginning is one.")] = False,
    charset: Annotated[str, Query(max_length=40)] = "utf-8",
    delimiter: Annotated[str, Query(max_length=10, description="`comma`, `semicolon` or `tab`.")] = "",
    date_format: Annotated[str, Query(max_length=40, description="Such as `%d.%m.%Y`.")] = "",
    region: Region = "",
    name: Annotated[str, Query(max_length=200, description="Of the file.")] = "",
    complete: Annotated[bool, Query(description="False: more of the file comes.")] = True,
) -> ImportAnswer:
    """Import a file.

    The body is the file as it is, up to 64 MiB at once; a longer one, or one over a slow line, comes in pieces: say
    `complete=false` and go on with `PATCH`. The answer means that what came is safely on the disk. The rows are worked
    off behind it, each exactly once, whatever dies when.
    """
    options = ImportOptions(
        noun=noun, format=format, source=source, columns=_map(columns or []), unknown=unknown, known=known,
        empty=empty, dry_run=dry_run, quiet=quiet, plain=plain, charset=charset, delimiter=delimiter,
        date_format=date_format, region=region.upper(), name=name,
    )  # fmt: skip
    asked = await parts.service.imports.ask(who.org_id, options, request.stream(), whole=complete, asked_by=who.user_id)
    return ImportAnswer.of(asked)


def _map(columns: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in columns:
        name, between, column = one.rpartition("=")
        if not between or not name.strip() or len(one) > 500:
            raise InvalidInput(f"{one[:60]!r} maps nothing.", field="map", mend="Write it as Name=column.")
        found[name.strip()] = column.strip()
    return found


async def add_to_import(
    request: Request,
    import_id: str,
    parts: Parts,
    who: Importer,
    offset: Annotated[int, Query(ge=0, description="Where the piece begins: `received` bytes are there.")],
    *,
    complete: Annotated[bool, Query(description="True: it is the last piece.")] = False,
) -> ImportAnswer:
    """Add a piece to an import's file.

    Where the line broke: read the import, and go on at `received`. With `complete=true`, which an empty piece may say,
    the rows begin to be worked off.
    """
    imports = parts.service.imports
    taken = await imports.receive(who.org_id, import_id, request.stream(), at=offset, whole=complete)
    return ImportAnswer.of(taken)


async def list_imports(
    parts: Parts,
    who: Importer,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_id: Annotated[str, Query(max_length=40)] = "",
) -> Page[ImportAnswer]:
    """List imports.

    Newest first.
    """
    found = await parts.service.imports.record.list(who.org_id, limit=limit, before_id=before_id)
    return Page(items=[ImportAnswer.of(one) for one in found])


async def read_import(import_id: str, parts: Parts, who: Importer) -> ImportAnswer:
    """Read how far an import is.

    `created`, `updated`, `unchanged`, `skipped` and `failed` reach `total` together when the `state` is `done`.
    """
    return ImportAnswer.of(await parts.service.imports.record.get(who.org_id, import_id))


async def cancel_import(import_id: str, parts: Parts, who: Importer) -> ImportAnswer:
    """Cancel an import.

    What is written stays. One that has ended stays as it is.
    """
    return ImportAnswer.of(await parts.service.imports.cancel(who.org_id, import_id))


async def list_import_failures(
    import_id: str,
    parts: Parts,
    who: Importer,
    after_number: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Page[RowFailureAnswer]:
    """List an import's failures.

    Each row that could not be taken in: its number, the column, why, and the row as it was given.
    """
    found = await parts.service.imports.failures(who.org_id, import_id, after_number=after_number, limit=limit)
    return Page(items=[RowFailureAnswer.of(one) for one in found])


async def read_failed_rows(import_id: str, parts: Parts, who: Importer) -> StreamingResponse:
    """Read an import's failed rows as a file.

    CSV with the columns of the file, to be mended and imported again with the same parameters; the columns
    `import_row`, `import_field`, `import_reason` and `import_detail` say what was wrong, and are not looked at then.
    """
    one = await parts.service.imports.record.get(who.org_id, import_id)
    headers = {"Content-Disposition": f'attachment; filename="failed-{import_id}.csv"'}
    return StreamingResponse(
        as_csv(parts.service.imports.record, one), media_type="text/csv; charset=utf-8", headers=headers
    )


async def list_import_columns(noun: Noun, parts: Parts, who: Importer) -> Page[ColumnAnswer]:
    """List the columns of a noun.

    What files of contacts, accounts or cases may have, the organisation's custom fields among them.
    """
    return Page(items=[ColumnAnswer.of(one) for one in parts.service.imports.columns(who.org_id, noun)])


UNKNOWN = ("unknown-import",)
OPERATIONS = (
    Operation(
        method="POST",
        path="/imports",
        handler=start_import,
        tag=TAG,
        status=202,
        errors=("too-large",),
        secret=True,  # an idempotency key would hold the whole file in memory; rows are known by their keys
    ),
    Operation(method="GET", path="/imports", handler=list_imports, tag=TAG),
    Operation(method="GET", path="/imports/columns/{noun}", handler=list_import_columns, tag=TAG),
    Operation(method="GET", path="/imports/{import_id}", handler=read_import, tag=TAG, errors=UNKNOWN),
    Operation(
        method="PATCH",
        path="/imports/{import_id}",
        handler=add_to_import,
        tag=TAG,
        status=202,
        errors=(*UNKNOWN, "wrong-offset", "file-complete", "too-large"),
        secret=True,  # as above; a repeat is known by its offset
    ),
    Operation(method="POST", path="/imports/{import_id}/cancel", handler=cancel_import, tag=TAG, errors=UNKNOWN),
    Operation(
        method="GET", path="/imports/{import_id}/failures", handler=list_import_failures, tag=TAG, errors=UNKNOWN
    ),
    Operation(
        method="GET",
        path="/imports/{import_id}/failures.csv",
        handler=read_failed_rows,
        tag=TAG,
        errors=UNKNOWN,
        secret=True,  # as above
    ),
)
