"""Forms as browsers send them (RFC 7578, and ``application/x-www-form-urlencoded``), within bounds.

Files come to lie in temporary files that have no name, so that neither memory nor the disk keeps what is not taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from engine.channels.form.post import Posted

CHUNK = 65_536
MOST_FILES = 40
LONGEST_BOUNDARY = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How much a form may hold."""

    fields_bytes: int  # of all values together, with their names
    most_values: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form."""

    file: UploadFile

    @property
    def name(self) -> str:
        """Return its name as the browser says it."""
        return self.file.filename or ""

    @property
    def media_type(self) -> str:
        """Return its type as the browser says it."""
        return self.file.content_type or ""

    @property
    def size(self) -> int:
        """Return its bytes."""
        return self.file.size or 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield its content from the beginning."""
        await self.file.seek(0)
        while chunk := await self.file.read(CHUNK):
            yield chunk


@asynccontextmanager
async def posted_form(request: Request, bounds: Bounds) -> AsyncIterator[Posted]:
    """Read the form in a request; its files are there within the context.

    Raises HTTPException: 400 for what is no form, 413 for more than fits, 415 for another type.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind == b"application/x-www-form-urlencoded":
        yield await _urlencoded(request, bounds)
    elif kind == b"multipart/form-data":
        form = await _multipart(request, options.get(b"boundary", b""), bounds)
        try:
            yield _posted(form, bounds)
        finally:
            await form.close()
    else:
        raise HTTPException(415, "Send a form.")


async def _urlencoded(request: Request, bounds: Bounds) -> Posted:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bounds.fields_bytes:
            raise HTTPException(413, "The form is too long.")
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=bounds.most_values, errors="replace"
        )
    except ValueError as error:
        raise HTTPException(413, "The form has too many fields.") from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return Posted(values=values)


async def _multipart(request: Request, boundary: bytes, bounds: Bounds) -> FormData:
    if not 1 <= len(boundary) <= LONGEST_BOUNDARY:
        raise HTTPException(400, "The form has no boundary.")
    # Text is UTF-8, whatever the header says: some of Python's codecs take quadratic time.
    headers = Headers({"content-type": f'multipart/form-data; boundary="{boundary.decode("latin-1")}"'})
    parser = MultiPartParser(
        headers,
        _stream(request),
        max_files=MOST_FILES,
        max_fields=bounds.most_values,
        max_part_size=bounds.fields_bytes,
    )
    parser.spool_max_size = CHUNK  # forty files of a megabyte each would all lie in memory
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, "The form cannot be read.") from error


async def _stream(request: Request) -> AsyncGenerator[bytes, None]:
    async for chunk in request.stream():
        yield chunk
        await asyncio.sleep(0)  # a fast line leaves room for others


def _posted(form: FormData, bounds: Bounds) -> Posted:
    values: dict[str, list[str]] = {}
    files, length = list[Upload](), 0
    for name, value in form.multi_items():
        if isinstance(value, str):
            length += len(name) + len(value)
            values.setdefault(name, []).append(value)
        elif value.filename or value.size:
            files.append(Upload(value))  # an input without a file is sent as one without name and content
    if length > bounds.fields_bytes:
        raise HTTPException(413, "The form is too long.")
    return Posted(values=values, files=files)
