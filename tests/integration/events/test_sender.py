"""Webhooks over real HTTP: signed, at least once, in order, tried again, given up."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.clock import Clock, SystemClock
from engine.errors import Unavailable
from engine.events.schedule import Schedule
from engine.events.secret_files import SecretFiles
from engine.events.sender import Sender, SenderSettings
from engine.failpoints import arm
from engine.ids import id_source
from engine.model.outside import Interest, Webhook
from engine.model.work import EventKind, RoutingEvent
from engine.store.store import Store
from tests.integration.events.receiver import Receiver, receiving
from tests.records import migrated_file
from tests.servers import eventually

KEYS = (b"k" * 32, b"l" * 24)
QUICK = SenderSettings(private=True, timeout_s=60, schedule=Schedule(first_ms=20, factor=1))
ONCE = replace(QUICK, schedule=Schedule(first_ms=60_000))
"""A step tells whoever is due until nobody is: a machine that takes longer than ``QUICK`` waits tries again in it."""


class Later(SystemClock):
    """A clock after what ``ONCE`` waits."""

    def now_ms(self) -> int:
        return super().now_ms() + 600_000


@dataclass
class Bench:
    """A record with events, and a sender."""

    store: Store
    org: str
    secrets: Path
    disabled: list[str] = field(default_factory=list)
    seq: int = 0

    def sender(self, settings: SenderSettings = QUICK, *, clock: Clock | None = None) -> Sender:
        return Sender(
            hooks=self.store.webhooks,
            history=self.store.told,
            secrets=SecretFiles(directory=self.secrets),
            clock=clock or SystemClock(),
            settings=settings,
            disabled=self.disabled.append,
        )

    async def hook(self, receiver: Receiver, **changes: object) -> Webhook:
        values: dict[str, object] = {
            "id": f"{self.org}-{receiver.port}",
            "org_id": self.org,
            "name": "erp",
            "url": receiver.url,
            "secret": "erp",
        }
        return await self.store.webhooks.create(Webhook(**{**values, **changes}))  # type: ignore[arg-type]

    async def happen(self, count: int, **fields: object) -> None:
        event = RoutingEvent(
            org_id=self.org,
            epoch=1,
            seq=0,
            stream_id="",
            at_ms=1_800_000_000_000,
            kind=EventKind.ENQUEUED,
            queue="sales",
        )
        events = [replace(event, seq=self.seq + 1 + n, **fields) for n in range(count)]  # type: ignore[arg-type]
        self.seq += count
        await self.store.routing.project(self.org, events, cursor_id=f"{self.seq}-0")

    async def now(self, hook: Webhook) -> Webhook:
        return await self.store.webhooks.get(self.org, hook.id)


@pytest.fixture
async def bench(tmp_path: Path, org: str) -> AsyncIterator[Bench]:
    clock = SystemClock()
    store = Store(url=migrated_file(tmp_path / "record.db"), clock=clock, new_id=id_source(clock))
    await store.start()
    (tmp_path / org).mkdir()
    lines = (f"whsec_{base64.b64encode(key).decode()}" for key in KEYS)
    (tmp_path / org / "erp").write_text("\n".join(lines) + "\n")
    yield Bench(store=store, org=org, secrets=tmp_path)
    await store.stop()


async def until_calm(bench: Bench, sender: Sender, *hooks: Webhook) -> None:
    """Step the sender until each webhook was told everything or is given up."""

    async def calm() -> bool:
        await sender.step()
        now = [await bench.now(hook) for hook in hooks]
        return all(one.place == (1, bench.seq) or not one.active for one in now)

    await eventually(calm, within_s=20)


async def test_a_message_is_signed_as_the_specification_has_it(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        await bench.happen(1, item_id="i1", agent_id="a1", data={"by": "pick"})
        await until_calm(bench, bench.sender(), hook)
        (one,) = receiver.came
    assert one.path == "/in?from=cordboard"
    assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert one.headers["content-type"] == "application/json"
    assert one.id == f"{bench.org}.1.1"
    signed = f"{one.id}.{one.headers['webhook-timestamp']}.".encode() + one.body
    wanted = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in KEYS]
    assert one.headers["webhook-signature"] == " ".join(f"v1,{signature}" for signature in wanted)
    assert one.message["type"] == "work_item.enqueued"
    assert one.message["timestamp"] == one.message["data"]["at"] == "2027-01-15T08:00:00.000Z"
    assert one.message["data"]["data"] == {"by": "pick"}


async def test_everything_wanted_comes_and_nothing_else(bench: Bench) -> None:
    async with receiving() as all_of_it, receiving() as some:
        interest = Interest(kinds=frozenset({EventKind.CLOSED}), queues=frozenset({"sales"}))
        hooks = [await bench.hook(all_of_it), await bench.hook(some, interest=interest)]
        for number in range(250):
            await bench.happen(1, item_id=f"i{number % 90}")
        await bench.happen(1, kind=EventKind.CLOSED)
        await bench.happen(1, kind=EventKind.CLOSED, queue="support")
        await until_calm(bench, bench.sender(), *hooks)
        assert sorted(all_of_it.seqs()) == list(range(1, 253))
        for number in range(90):
            mine = [one.seq for one in all_of_it.came if one.message["data"]["item_id"] == f"i{number}"]
            assert mine == sorted(mine), "each work item's in order"
        assert some.seqs() == [251]
        assert (await bench.now(hooks[1])).told_ms


async def test_what_fails_is_sent_again_and_what_comes_after_waits(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        await bench.happen(20, item_id="i1")
        tries: dict[int, int] = {}

        def answer(one: object) -> str:
            seq = receiver.came[-1].seq
            tries[seq] = tries.get(seq, 0) + 1
            return "503 Busy" if seq == 5 and tries[seq] < 4 else "204 No Content"

        receiver.answer = answer
        await bench.sender(ONCE).step()
        stopped = await bench.now(hook)
        assert (stopped.place, stopped.failures, stopped.fault) == ((1, 4), 1, "answered 503")
        assert stopped.active
        assert stopped.next_try_ms > 0
        assert max(receiver.seqs()) <= 5, "of one work item nothing was sent after it"
        await until_calm(bench, bench.sender(clock=Later()), hook)
        assert receiver.seqs() == [1, 2, 3, 4, 5, 5, 5, 5, *range(6, 21)]
        over = await bench.now(hook)
        assert (over.failures, over.failing_since_ms, over.fault) == (0, 0, "")


async def test_killed_between_sending_and_noting_it_is_sent_again(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        await bench.happen(3)
        arm("webhook.after-send=raise")
        try:
            with pytest.raises(Unavailable):
                await bench.sender().step()
        finally:
            arm("")
        assert (await bench.now(hook)).place == (0, 0)
        await until_calm(bench, bench.sender(), hook)
        assert sorted(receiver.seqs()) == [1, 1, 2, 2, 3, 3]
        assert len({one.id for one in receiver.came}) == 3


async def test_who_fails_for_too_long_is_given_up_with_an_alert_and_enabled_again(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        receiver.answer = lambda _: "500 No"
        await bench.happen(1)
        settings = replace(QUICK, schedule=Schedule(first_ms=10, factor=1, give_up_ms=100))
        await until_calm(bench, bench.sender(settings), hook)
        gone = await bench.now(hook)
        assert (gone.active, gone.place, gone.fault) == (False, (0, 0), "answered 500")
        assert len(receiver.came) >= 2, "it was tried again"
        assert bench.disabled == [bench.org]
        (alert,) = await bench.store.alerts.list(bench.org)
        assert alert.data == {"webhook_id": hook.id, "name": "erp", "fault": "answered 500"}
        receiver.answer = lambda _: "200 OK"
        assert await bench.sender().step() > 0
        assert (await bench.now(hook)).place == (0, 0), "nothing is sent to it meanwhile"
        await bench.store.webhooks.enable(bench.org, hook.id, place=None)
        await until_calm(bench, bench.sender(), hook)
        assert (await bench.now(hook)).place == (1, 1)


async def test_who_says_gone_is_given_up_at_once(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        receiver.answer = lambda _: "410 Gone"
        await bench.happen(1)
        await bench.sender().step()
        assert not (await bench.now(hook)).active


async def test_retry_after_is_heeded(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        receiver.answer, receiver.more = (lambda _: "429 Slow"), "Retry-After: 600\r\n"
        await bench.happen(1)
        await bench.sender().step()
        assert (await bench.now(hook)).next_try_ms > SystemClock().now_ms() + 500_000


async def test_a_redirect_is_not_followed(bench: Bench) -> None:
    async with receiving() as receiver, receiving() as elsewhere:
        hook = await bench.hook(receiver)
        receiver.answer, receiver.more = (lambda _: "307 There"), f"Location: {elsewhere.url}\r\n"
        await bench.happen(1)
        await bench.sender(ONCE).step()
        assert (await bench.now(hook)).fault == "answered 307"
        assert not elsewhere.came


async def test_a_silent_receiver_holds_up_nobody_else(bench: Bench) -> None:
    async with receiving() as silent, receiving() as quick:
        hooks = [await bench.hook(silent), await bench.hook(quick)]
        silent.silent = True
        await bench.happen(30)
        stepping = asyncio.create_task(bench.sender(replace(QUICK, timeout_s=300)).step())

        async def told() -> bool:
            return (await bench.now(hooks[1])).place == (1, 30)

        await eventually(told)
        assert not stepping.done()
        stepping.cancel()
        await asyncio.gather(stepping, return_exceptions=True)
        await bench.sender(replace(ONCE, timeout_s=0.2)).step()
        assert (await bench.now(hooks[0])).fault == "no answer within 0.2 s"


async def test_a_rewound_webhook_is_told_again(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        await bench.happen(5)
        await until_calm(bench, bench.sender(), hook)
        await bench.store.webhooks.rewind(bench.org, hook.id, place=(1, 3))
        await until_calm(bench, bench.sender(), hook)
        assert sorted(receiver.seqs()) == [1, 2, 3, 4, 4, 5, 5]


async def test_the_own_network_is_not_called_unless_allowed(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver)
        named = await bench.hook(receiver, id=f"{bench.org}-named", url=f"https://localhost:{receiver.port}/")
        await bench.happen(1)
        await bench.sender(replace(ONCE, private=False)).step()
        assert "https" in (await bench.now(hook)).fault
        assert (await bench.now(named)).fault == "the name leads to an address that is not public"
        assert not receiver.came


async def test_a_secret_that_is_gone_is_told(bench: Bench) -> None:
    async with receiving() as receiver:
        hook = await bench.hook(receiver, secret="other")
        await bench.happen(1)
        await bench.sender(ONCE).step()
        assert (await bench.now(hook)).fault == "There is no secret other."
