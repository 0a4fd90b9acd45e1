"""Effects of cases: done at least once, each under an id that stays, by real SMTP and HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from engine.cases.effects import Effects, EffectsSettings
from engine.cases.mail import SmtpMailer
from engine.cases.telling import ConsoleTelling, EmailTelling, WebhookTelling, Whom
from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.events.named import NamedPost
from engine.events.secret_files import SecretFiles
from engine.failpoints import arm
from engine.ids import id_source
from engine.model.casework import CaseDecision, Effect, EffectKind, PendingEffect
from engine.model.organisation import AgentSetup, Role
from engine.model.outside import Webhook
from engine.model.relay import relay_of
from engine.store.store import Store
from engine.wiring.organisations import OrganisationBook
from tests.contract.store.building import agent, opened
from tests.integration.cases.relay import Box, relaying
from tests.integration.events.receiver import Receiver, receiving
from tests.organisations import small_organisation
from tests.records import migrated_file
from tests.servers import eventually

QUICK = EffectsSettings(first_ms=20, longest_ms=20, longest_within_ms=20, timeout_s=300)
WHOM: dict[str, object] = {"logins": ["sue"], "addresses": ["boss@shop.example"]}


class Away:
    """A board that is away until it is back."""

    def __init__(self) -> None:
        self.back = False
        self.done: list[str] = []

    async def handle(self, pending: PendingEffect) -> None:
        if not self.back:
            raise Unavailable("the board is away")
        self.done.append(pending.effect.id)


class Bench:
    """A record with effects, and a role that does them."""

    def __init__(self, store: Store, org: str, secrets: Path, port: int) -> None:
        self.store, self.org = store, org
        self.case_id = ""
        self.woken: list[tuple[str, str]] = []
        self.failed: list[str] = []
        self.board = Away()
        clock, book = SystemClock(), OrganisationBook()
        sue = AgentSetup(login="sue", name="Sue", role=Role.SUPERVISOR, email="sue@shop.example")
        book.put(small_organisation(org, agents={"sue": sue}))
        outbox = store.case_effects
        whom = Whom(record=outbox, organisations=book, sights=store.sights)
        mailer = SmtpMailer(relay=relay_of(f"smtp-plain://127.0.0.1:{port}"), sender="desk@shop.example", timeout_s=300)
        posts = NamedPost(hooks=store.webhooks, secrets=SecretFiles(directory=secrets), clock=clock, private=True)
        self.role = Effects(
            outbox=outbox,
            handlers={
                EffectKind.CONSOLE: ConsoleTelling(record=outbox, whom=whom, clock=clock, wake=self._wake),
                EffectKind.EMAIL: EmailTelling(whom=whom, organisations=book, mailer=mailer),
                EffectKind.WEBHOOK: WebhookTelling(posts=posts),
                EffectKind.BOARD: self.board,
            },
            clock=clock,
            failed=self.failed.append,
            settings=QUICK,
        )

    def _wake(self, org_id: str, user_id: str) -> None:
        self.woken.append((org_id, user_id))

    async def put(self, kind: EffectKind, **data: object) -> str:
        """Decide on a case that something is to be done; return the effect's id."""
        if not self.case_id:
            case = (await opened(self.store, self.org)).case
            assert case is not None
            self.case_id = case.id
        said = {"number": 7, "name": "Late\nanswer", "subject": "My bill", "text": "Look at 7, 投诉", **data}
        effect = Effect(id=self.store._access.new_id(), kind=kind, data=said)
        await self.store.cases.decide(
            self.org, self.case_id, lambda _: CaseDecision(effects=(effect,)), now_ms=SystemClock().now_ms()
        )
        return effect.id


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
async def smtp(box: Box) -> AsyncIterator[int]:
    async with relaying(box) as port:
        yield port


@pytest.fixture
async def bench(tmp_path: Path, org: str, smtp: int) -> AsyncIterator[Bench]:
    clock = SystemClock()
    store = Store(url=migrated_file(tmp_path / "record.db"), clock=clock, new_id=id_source(clock))
    await store.start()
    bench = Bench(store, org, tmp_path / "secrets", smtp)
    await agent(store, org, "sue", Role.SUPERVISOR)
    yield bench
    arm("")
    await store.stop()


async def test_mail_goes_out_with_an_id_that_stays(bench: Bench, box: Box) -> None:
    effect_id = await bench.put(EffectKind.EMAIL, to=WHOM)
    arm("effects.after-send=raise")
    with pytest.raises(Unavailable):
        await bench.role.step()
    await bench.role.step()
    first, again = box.came
    assert first["Message-ID"] == again["Message-ID"] == f"<{effect_id}@shop.example>"
    assert box.to[0] == ["boss@shop.example", "sue@shop.example"]
    assert first["Subject"] == "[7] Late answer: My bill"
    assert (first.get_content().strip(), first["Auto-Submitted"]) == ("Look at 7, 投诉", "auto-generated")
    await bench.role.step()
    assert len(box.came) == 2


async def test_mail_is_tried_again_and_given_up_when_refused_for_good(bench: Bench, box: Box) -> None:
    box.answer = "451 later"
    await bench.put(EffectKind.EMAIL, to=WHOM)
    await bench.role.step()
    box.answer = "250 OK"
    while not box.came:
        await bench.role.step()
    box.refuse = {"boss@shop.example": "550 unknown", "sue@shop.example": "550 unknown"}
    await bench.put(EffectKind.EMAIL, to=WHOM)
    await bench.role.step()
    assert (bench.failed, len(box.came)) == ([bench.org], 1)
    (alert,) = await bench.store.alerts.list(bench.org)
    assert "boss@shop.example (550)" in str(alert.data["fault"])


async def test_nobody_to_mail_is_said(bench: Bench) -> None:
    await bench.put(EffectKind.EMAIL, to={"logins": ["nobody"]})
    await bench.role.step()
    (alert,) = await bench.store.alerts.list(bench.org)
    assert alert.data["fault"] == "nobody who is to be told has an address"


async def test_an_alert_wakes_those_it_is_for(bench: Bench) -> None:
    await bench.put(EffectKind.CONSOLE, to={"logins": ["sue"], "supervisors": True})
    await bench.role.step()
    (sue,) = await bench.store.case_effects.recipients(bench.org, logins=["sue"])
    assert sorted(bench.woken) == [(bench.org, ""), (bench.org, sue.id)]
    found = await bench.store.alerts.list(bench.org, user_id=sue.id)
    assert sorted(one.user_id for one in found) == ["", sue.id]


async def hook(bench: Bench, receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "secrets" / bench.org).mkdir(parents=True)
    (tmp_path / "secrets" / bench.org / "erp").write_text("whsec_" + "a2" * 16)
    await bench.store.webhooks.create(
        Webhook(id=f"{bench.org}-h", org_id=bench.org, name="erp", url=receiver.url, secret="erp")
    )


async def test_a_webhook_is_signed_and_known_by_its_id(bench: Bench, tmp_path: Path) -> None:
    async with receiving() as receiver:
        await hook(bench, receiver, tmp_path)
        receiver.answer = lambda _: "503 Busy" if len(receiver.came) == 1 else "200 OK"
        effect_id = await bench.put(EffectKind.WEBHOOK, webhook="erp", rule_set="late")
        while len(receiver.came) < 2:
            await bench.role.step()
        assert {one.headers["cordboard-delivery"] for one in receiver.came} == {effect_id}
        assert {one.id for one in receiver.came} == {effect_id}
        assert receiver.came[1].headers["webhook-signature"].startswith("v1,")
        message = receiver.came[1].message
        assert message["type"] == "case.escalated"
        assert (message["data"]["case_id"], message["data"]["rule_set"]) == (bench.case_id, "late")
        assert "webhook" not in message["data"]


async def test_an_effect_may_say_what_it_is_called_outside(bench: Bench, tmp_path: Path) -> None:
    async with receiving() as receiver:
        await hook(bench, receiver, tmp_path)
        await bench.put(EffectKind.WEBHOOK, webhook="erp", event="approval.asked")
        await bench.put(EffectKind.CONSOLE, to={"logins": ["sue"]}, alert="approval-asked")
        await bench.role.step()
        (told,) = receiver.came
        assert told.message["type"] == "approval.asked"
        assert "event" not in told.message["data"]
    (sue,) = await bench.store.case_effects.recipients(bench.org, logins=["sue"])
    (alert,) = await bench.store.alerts.list(bench.org, user_id=sue.id, supervisor=False)
    assert (alert.kind, "alert" in alert.data) == ("approval-asked", False)


async def test_a_webhook_that_is_not_there_is_given_up(bench: Bench) -> None:
    await bench.put(EffectKind.WEBHOOK, webhook="gone")
    await bench.role.step()
    (alert,) = await bench.store.alerts.list(bench.org)
    assert alert.data["fault"] == "there is no webhook 'gone'"


async def test_a_lane_that_hangs_holds_up_no_other(bench: Bench, tmp_path: Path, box: Box) -> None:
    async with receiving() as receiver:
        await hook(bench, receiver, tmp_path)
        receiver.silent = True
        await bench.put(EffectKind.WEBHOOK, webhook="erp")
        waiting = await bench.put(EffectKind.BOARD)
        step = asyncio.create_task(bench.role.step())
        await eventually(lambda: receiver.came)
        await bench.put(EffectKind.EMAIL, to=WHOM)
        await eventually(lambda: box.came)
        assert bench.board.done == []
        bench.board.back = True
        await eventually(lambda: bench.board.done == [waiting])
        step.cancel()
        with suppress(asyncio.CancelledError):
            await step


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # over plain text, which the test is not about
@pytest.mark.parametrize(("password", "tries"), [("p%40ss", 0), ("wrong", 1)])
async def test_a_relay_that_asks_who_is_there(box: Box, password: str, tries: int) -> None:
    async with relaying(box, authenticator=box.login, auth_require_tls=False, auth_required=True) as port:
        url = f"smtp-plain://desk:{password}@127.0.0.1:{port}"
        mailer = SmtpMailer(relay=relay_of(url), sender="d@x.example", timeout_s=300)
        if tries:
            with pytest.raises(Unavailable, match="535"):
                await mailer.send(EmailMessage(), ["a@x.example"])
        else:
            message = EmailMessage()
            message["From"] = "d@x.example"
            await mailer.send(message, ["a@x.example"])
        assert (set(box.users), len(box.came)) == ({"desk"}, 1 - tries)  # each way to log in is tried


async def test_a_relay_without_starttls_is_not_trusted(smtp: int, box: Box) -> None:
    mailer = SmtpMailer(relay=relay_of(f"smtp://127.0.0.1:{smtp}"), sender="d@x.example", timeout_s=300)
    with pytest.raises(Unavailable):
        await mailer.send(EmailMessage(), ["a@x.example"])
    assert box.came == []
