"""Webhooks over the API: kept by admins, told what happens, given up, enabled, told again."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.user import Scope
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation
from tests.integration.api.test_generic_work import system
from tests.integration.events.receiver import Receiver, receiving
from tests.servers import eventually

Json = dict[str, Any]


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    """Run an engine whose webhooks may call loopback."""
    secrets = tmp_path / "data" / "secrets" / "webhooks" / org
    secrets.mkdir(parents=True)
    (secrets / "erp").write_text("whsec_" + base64.b64encode(b"k" * 32).decode())
    async with running_engine(tmp_path / "data", valkey_address, [staffed_organisation(org)]) as running:
        others = running.application.others
        others.sender._settings = replace(others.sender._settings, private=True)
        others.endpoints._private = True
        yield running


async def created(ada: Browser, receiver: Receiver, **changes: object) -> Json:
    body = {"name": "ERP", "url": receiver.url, "secret": "erp", **changes}
    made = await ada.post("/webhooks", body)
    assert made.status_code == 201, made.text
    answer: Json = made.json()
    return answer


async def test_a_webhook_is_told_and_told_again(engine: Engine, org: str) -> None:
    ada, erp = await engine.signed_in("ada"), await system(engine, Scope.WORK_WRITE)
    async with receiving() as receiver:
        hook = await created(ada, receiver, kinds=["enqueued", "abandoned"])
        assert (hook["active"], hook["fault"], hook["kinds"]) == (True, "", ["abandoned", "enqueued"])
        item = (await erp.post("/work-items", json={"kind": "chat", "queue": "sales", "reference": "r"})).json()
        await erp.delete(f"/work-items/{item['id']}")
        await eventually(lambda: len(receiver.came) >= 2)
        assert [one.message["type"] for one in receiver.came] == ["work_item.enqueued", "work_item.abandoned"]
        assert receiver.came[0].message["data"]["reference"] == "r"

        async def noted() -> bool:
            now: Json = (await ada.get(f"/webhooks/{hook['id']}")).json()
            return bool(now["after"]["seq"] >= receiver.came[-1].seq)

        await eventually(noted)
        again = await ada.post(f"/webhooks/{hook['id']}/redeliver", {"after": hook["after"]})
        assert again.status_code == 200, again.text
        await eventually(lambda: len(receiver.came) >= 4)
        assert sorted(one.id for one in receiver.came[:2]) == sorted(one.id for one in receiver.came[2:])
        beyond = await ada.post(f"/webhooks/{hook['id']}/redeliver", {"after": {"epoch": 9, "seq": 1}})
        assert beyond.json()["slug"] == "unknown-place"


async def test_one_that_is_given_up_raises_an_alert_and_is_enabled(engine: Engine, org: str) -> None:
    ada, sue = await engine.signed_in("ada"), await engine.signed_in("sue")
    erp = await system(engine, Scope.WORK_WRITE)
    async with receiving() as receiver:
        hook = await created(ada, receiver)
        receiver.answer = lambda _: "410 Gone"
        await erp.post("/work-items", json={"kind": "chat", "queue": "sales"})

        async def alerted() -> bool:
            return bool((await sue.get("/alerts")).json()["items"])

        await eventually(alerted)
        (shown,) = (await ada.get("/webhooks")).json()["items"]
        assert (shown["active"], shown["fault"]) == (False, "answered 410")
        receiver.answer = lambda _: "200 OK"
        before = len(receiver.came)
        enabled = await ada.post(f"/webhooks/{hook['id']}/enable", {"go_on": "stopped"})
        assert enabled.json()["active"]
        await eventually(lambda: len(receiver.came) > before)
        for go_on in ("next", "now"):
            assert (await ada.post(f"/webhooks/{hook['id']}/enable", {"go_on": go_on})).status_code == 200


async def test_what_is_wrong_is_named(engine: Engine, org: str) -> None:
    ada = await engine.signed_in("ada")
    good: Json = {"name": "ERP", "url": "https://erp.example/in", "secret": "erp"}
    for change, slug, field in (
        ({"url": "ftp://erp.example"}, "invalid-input", "url"),
        ({"secret": "none"}, "unknown-secret", "secret"),
        ({"secret": "../erp"}, "invalid-input", "secret"),
        ({"queues": ["none"]}, "unknown-queue", "queues"),
    ):
        answer = (await ada.post("/webhooks", {**good, **change})).json()
        assert (answer["slug"], answer["field"]) == (slug, field)
    assert (await ada.get("/webhooks/none")).json()["slug"] == "unknown-webhook"


async def test_one_is_replaced_and_deleted_by_admins_only(engine: Engine, org: str) -> None:
    ada, sue = await engine.signed_in("ada"), await engine.signed_in("sue")
    assert (await sue.get("/webhooks")).status_code == 403
    async with receiving() as receiver:
        hook = await created(ada, receiver)
        changed = await ada.send(
            "PUT", f"/webhooks/{hook['id']}", {"name": "New", "url": receiver.url, "secret": "erp"}
        )
        assert changed.json() == {**hook, "name": "New"}
        assert (await ada.send("DELETE", f"/webhooks/{hook['id']}")).status_code == 204
        assert (await ada.get("/webhooks")).json()["items"] == []
    actions = [one["action"] for one in (await ada.get("/audit")).json()["items"]]
    assert actions[:3] == ["webhook.deleted", "webhook.changed", "webhook.created"]
