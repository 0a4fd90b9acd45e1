"""Other systems' work and webhooks when the engine dies: nothing is lost, nothing is made twice."""

import base64
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.acceptance.configuration import write_configuration
from tests.acceptance.engine_process import ORG, ApiClient, EngineProcess, until
from tests.acceptance.receiver import receiving

StartEngine = Callable[..., EngineProcess]


def token(engine: EngineProcess, *scopes: str) -> str:
    with ApiClient(engine, "ada") as api:
        return str(api.post("/tokens", {"name": "erp", "scopes": list(scopes)})["secret"])


def test_work_that_was_committed_when_the_engine_died_waits_for_an_agent(start_engine: StartEngine) -> None:
    """Killed between the commit and the board, in the middle of a call; the call is repeated."""
    engine = start_engine(failpoints="intake.after-commit=kill", kept=True)
    headers = {"Authorization": f"Bearer {token(engine, 'work:write', 'work:read')}", "Idempotency-Key": "k"}
    body = {"items": [{"kind": "chat", "queue": "sales", "reference": f"r{n}"} for n in range(1_000)]}
    with httpx.Client(base_url=f"{engine.url}/api/v1", headers=headers, timeout=30) as erp:
        try:
            early = erp.post("/work-items/bulk", json=body)
            raise AssertionError(f"the engine should have died: {early.status_code} {early.text[:300]}")
        except httpx.TransportError:
            pass
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        answer = until(lambda: repeated(erp, body), within_s=30, what="the repeat is answered")
        assert answer["taken"] == 1_000
        until(lambda: waiting(engine) == 1_000, within_s=30, what="all of it on the board, once")


def repeated(erp: httpx.Client, body: Mapping[str, object]) -> dict[str, int]:
    answer = erp.post("/work-items/bulk", json=body)
    return dict(answer.json()) if answer.status_code == 200 else {}


def waiting(engine: EngineProcess) -> int:
    with ApiClient(engine, "sue") as api:
        queues = {queue["key"]: queue for queue in api.get("/board")["queues"]}
    return int(queues["sales"]["waiting"])


@pytest.fixture
def engine_that_calls(tmp_path: Path) -> Iterator[EngineProcess]:
    """Return an engine whose webhooks may call loopback."""
    secrets = tmp_path / "secrets" / ORG
    secrets.mkdir(parents=True)
    (secrets / "erp").write_text("whsec_" + base64.b64encode(b"k" * 32).decode())
    settings = {"CORDBOARD_WEBHOOK_PRIVATE": "yes", "CORDBOARD_WEBHOOK_SECRETS": str(secrets.parent)}
    engine = EngineProcess(tmp_path / "data", config=write_configuration(tmp_path / "config"), settings=settings)
    yield engine
    engine.close()


def test_the_engine_is_killed_between_telling_a_webhook_and_noting_it(engine_that_calls: EngineProcess) -> None:
    engine = engine_that_calls
    engine.start_kept("webhook.after-send=kill")
    with receiving() as receiver, ApiClient(engine, "ada") as api:
        hook = api.post("/webhooks", {"name": "ERP", "url": receiver.url, "secret": "erp", "queues": ["sales"]})
        headers = {"Authorization": f"Bearer {token(engine, 'work:write')}"}
        httpx.post(
            f"{engine.url}/api/v1/work-items", json={"kind": "chat", "queue": "sales"}, headers=headers, timeout=30
        ).raise_for_status()
        until(lambda: engine.deaths == 1 and engine.ready(), within_s=60, what="killed and back")
        until(lambda: len(receiver.came) >= 2, within_s=30, what="told again")
        assert receiver.places()[0] == receiver.places()[1]
        until(lambda: api.get(f"/webhooks/{hook['id']}")["told_at"], what="noted")
