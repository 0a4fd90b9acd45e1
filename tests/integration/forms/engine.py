"""An engine with a web form, and a browser without scripts that fills it in."""

import html
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.app import Application
from engine.model.case_setup import CustomField, CustomFieldType, FieldOf
from engine.model.form import Form, FormField, FormFiles, SpamGuard
from engine.model.organisation import CapacityProfile, Channel, ChannelCapacity, Organisation
from engine.settings import Settings
from tests.integration.api.engine_under_test import Engine, keep_organisations, staffed_organisation
from tests.records import migrated_file

QUICK = SpamGuard(least_fill_ms=0, work_bits=4, address_burst=1_000, channel_burst=1_000)
"""A guard that lets tests be quick."""
FILLED = {"name": "Vera", "email": "Vera@Example.com", "subject": "My kettle", "description": "It drips.\nWhy?"}

BOTH = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
"""Mark of tests that run on both databases."""

File = tuple[str, bytes, str]


def form_organisation(org_id: str, guard: SpamGuard = QUICK, **changes: object) -> Organisation:
    """Return an organisation with the form ``contact`` beside its chat; ``changes`` are the form's."""
    fields = tuple(
        FormField(key=key, required=key in ("email", "description"))
        for key in ("name", "email", "phone", "topic", "subject", "description", "case.tins", "contact.favourite")
    )
    form = Form(fields=fields, files=FormFiles(most=2, most_bytes=100_000, types=("image/*", ".txt")), guard=guard)
    channel = Channel(
        key="contact",
        kind="form",
        name="Write to us",
        queue="support",
        allowed_origins=("self", "https://shop.example"),
        topics=(("order", "My order"),),
        form=replace(form, **changes),  # type: ignore[arg-type] # fields are checked where they are used
    )
    organisation = staffed_organisation(
        org_id,
        region="GB",
        fields={
            FieldOf.CASE: {"tins": CustomField(key="tins", name="Tins", type=CustomFieldType.NUMBER, least=1, most=9)},
            FieldOf.CONTACT: {"favourite": CustomField(key="favourite", name="Tea", type=CustomFieldType.TEXT)},
        },
        profiles={
            "standard": CapacityProfile(
                key="standard", units=3, channels={"chat": ChannelCapacity(), "case": ChannelCapacity()}
            )
        },
    )
    return replace(organisation, channels={**organisation.channels, "contact": channel})


@asynccontextmanager
async def form_engine(
    directory: Path, valkey: str, organisation: Organisation, *, database: str = ""
) -> AsyncIterator[Engine]:
    """Run an engine that serves an organisation, on the database named, else on SQLite."""
    directory.mkdir(parents=True, exist_ok=True)
    url = database or migrated_file(directory.absolute() / "cordboard.sqlite3")
    await keep_organisations(url, [organisation])
    application = Application(Settings(data=directory, valkey_url=valkey, database_url=url))
    try:
        await application.start()
        yield Engine(application, login_failure_ms=0, public_rate=10_000, public_burst=10_000)
    finally:
        await application.stop()


class Page:
    """A form in a browser without scripts."""

    def __init__(self, http: httpx.AsyncClient, org: str) -> None:
        self.http = http
        self.path = f"/forms/{org}/contact"
        self.token = ""

    async def open(self, **query: str) -> httpx.Response:
        answer = await self.http.get(self.path, params=query)
        assert answer.status_code == 200, answer.text
        self.token = token_in(answer.text)
        return answer

    async def send(
        self, values: Mapping[str, str] | None = None, files: Sequence[File] = (), *, as_json: bool = False, **more: str
    ) -> httpx.Response:
        """Send the form as it was opened; ``more`` replace what is filled in."""
        headers = {"Accept": "application/json"} if as_json else {}
        filled = {**(FILLED if values is None else values), "token": self.token, "work": work(self.token), **more}
        sent = [("files", (name, content, kind)) for name, content, kind in files] or [("files", ("", b"", ""))]
        return await self.http.post(self.path, data=filled, files=sent, headers=headers)

    async def thanks(self, answer: httpx.Response) -> str:
        """Follow the answer to the page that thanks; return its text."""
        assert answer.status_code == 303, text_of(answer.text)
        shown = await self.http.get(answer.headers["location"])
        assert shown.status_code == 200
        return text_of(shown.text)


def token_in(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def text_of(page: str) -> str:
    """Return what a page says."""
    body = page[page.find("<main") :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def work(token: str) -> str:
    """Do the work that a token asks for."""
    bits = int(token.split(".")[3]) if token.count(".") == 4 else 0
    counter = 0
    while int.from_bytes(sha256(f"{token}.{counter}".encode()).digest(), "big") >> (256 - bits):
        counter += 1
    return str(counter)


async def cases_of(engine: Engine, org: str) -> list[dict[str, Any]]:
    sue = await engine.signed_in("sue", org)
    items: list[dict[str, Any]] = (await sue.get("/cases")).json()["items"]
    return items


async def reconfigure(engine: Engine, org: str, **changes: object) -> None:
    """Put another form in force in this process; ``changes`` are the form's."""
    book = engine.application.book
    organisation = book.get(org)
    channel = organisation.channels["contact"]
    assert channel.form is not None
    form = replace(channel.form, **changes)  # type: ignore[arg-type] # fields are checked where they are used
    book.put(replace(organisation, channels={**organisation.channels, "contact": replace(channel, form=form)}))
