"""Mail of an agent who is away goes back to its queue."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.work import WorkItem, WorkState
from tests.integration.api.engine_under_test import agent_socket
from tests.integration.mail.engine import MailEngine, found, mail_engine, mail_organisation, mail_text


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[MailEngine]:
    """Run an engine whose agents' mail goes back once they are gone."""
    organisation = replace(mail_organisation(org, return_after_ms=1), lost_agent_grace_ms=500)
    async with mail_engine(tmp_path / "data", valkey_address, organisation) as running:
        yield running


async def test_mail_of_an_agent_who_is_gone_waits_for_somebody_else(engine: MailEngine, org: str) -> None:
    ana = await engine.signed_in("ana", org)
    async with engine.served() as address:
        async with agent_socket(address, ana) as socket:
            await ana.post("/presence", {"status": "available"})
            mail = await engine.read(mail_text())
            offer = (await socket.state(offers=1))["offers"][0]
            await ana.post(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
            await socket.state(items=1)

        async def queued() -> WorkItem | None:
            engine.application._loops.wake("mail-returns")
            item = await engine.store.work.for_interaction(org, mail.interaction_id)
            return item if item is not None and item.state is WorkState.QUEUED else None

        assert (await found(queued)).id == offer["item_id"]
