"""Files that are given out: contacts, accounts, cases, as their lists show them."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import StreamingResponse

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.pace import Pace
from engine.api.parts import ApiParts
from engine.api.routes.imports import TAG
from engine.api.schemas.case_filters import CaseWords, filter_of
from engine.api.sight import sight_of, viewer_of
from engine.errors import InvalidInput
from engine.model.case_list import CaseOrder, Place
from engine.model.transfer import LONGEST_SOURCE, FileFormat, Noun
from engine.model.user import Principal
from engine.transfer.exporting import PAGE, Pages, Rows

MEDIA_TYPES = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.JSONL: "application/jsonl"}


class ExportQuery(CaseWords):
    """What is exported, and how. The filters are those of the list of cases; of the others `text` only."""

    format: Literal["csv", "jsonl"] = "csv"
    columns: str = Field(default="", max_length=4_000, description="Names with commas between; empty: all.")
    source: str = Field(default="", max_length=LONGEST_SOURCE, description="The system whose keys `external_id` shows.")
    after: str = Field(default="", max_length=40, description="Go on after this row: its `id`, of cases its `number`.")
    head: bool | None = Field(default=None, description="Whether CSV begins with the names; not after another part.")
    plain: bool = Field(default=False, description="Leave cells as they are that spreadsheets take for formulas.")


async def export_rows(
    noun: Noun, parts: Parts, who: Agent, asked: Annotated[ExportQuery, Query()]
) -> StreamingResponse:
    """Export contacts, accounts or cases.

    What the caller sees, oldest first, as an import reads it again. However long the file is, it is streamed; where the
    line breaks, go on after the last row that came whole. In CSV a cell that a spreadsheet would take for a formula
    begins with an apostrophe, which imports take off again.
    """
    form = FileFormat(asked.format)
    names = [one for one in asked.columns.split(",") if one]
    exporter = parts.service.exporter
    columns = exporter.columns(who.org_id, noun, names, source=asked.source)
    head = asked.head if asked.head is not None else not asked.after
    pages = _cases(parts, who, asked) if noun is Noun.CASE else _customers(parts, who, noun, asked)
    pieces = await exporter.file(pages, columns, form, after=asked.after, head=head, plain=asked.plain)
    headers = {"Content-Disposition": f'attachment; filename="{noun.value}s.{form.value}"'}
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[form], headers=headers)


def _customers(parts: ApiParts, who: Principal, noun: Noun, asked: ExportQuery) -> Pages:
    if set(asked.said()) - {"text"}:
        raise InvalidInput(
            f"A file of {noun.value}s is narrowed by text only.", field=min(set(asked.said()) - {"text"})
        )
    record = parts.service.exporter.record
    read = record.contacts if noun is Noun.CONTACT else record.accounts
    sight = sight_of(parts, who)

    async def pages(after: str) -> tuple[Rows, str]:
        return await read(who.org_id, after_id=after, limit=PAGE, text=asked.text, source=asked.source, sight=sight)

    return pages


def _cases(parts: ApiParts, who: Principal, asked: ExportQuery) -> Pages:
    wanted, viewer, sight = filter_of(asked.said()), viewer_of(parts, who), sight_of(parts, who)

    async def pages(after: str) -> tuple[Rows, str]:
        if after and not (after.isascii() and after.isdigit() and len(after) < 18):
            raise InvalidInput("Cases go on after a number.", field="after")
        place: Any = Place(value=0, number=int(after)) if after else None
        page = await parts.service.lists.page(
            who.org_id, wanted, viewer, order=CaseOrder.OLDEST, limit=PAGE, after=place, sight=sight
        )
        rows = await parts.service.exporter.record.cases(who.org_id, page.cases, source=asked.source)
        return rows, str(page.next.number) if page.next else ""

    return pages


OPERATIONS = (
    Operation(
        method="GET",
        path="/exports/{noun}",
        handler=export_rows,
        tag=TAG,
        pace=Pace.EXPORT,
        secret=True,  # an idempotency key would hold the whole file in memory
    ),
)
