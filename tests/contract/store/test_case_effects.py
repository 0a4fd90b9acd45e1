"""The outbox of cases: what is due, in which order, what became of it; alerts for somebody."""

import pytest
from sqlalchemy import select

from engine.clock import SystemClock
from engine.errors import NotFound
from engine.model.casework import CaseDecision, CaseFacts, Effect, EffectKind, PendingEffect
from engine.model.organisation import Role
from engine.store.cases.effects import KEEP_MS
from engine.store.cases.tables import case_effects
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent, opened

LATER_MS = START_MS + 60_000


async def put(store: Store, org: str, *kinds: EffectKind, client_id: str = "first", **data: object) -> list[str]:
    """Open a case and put effects into its outbox; return their ids."""
    case = (await opened(store, org, conversation_key=client_id, token_hash=client_id)).case
    assert case is not None
    effects = tuple(Effect(id=store._access.new_id(), kind=kind, data=data) for kind in kinds)

    def decide(_facts: CaseFacts) -> CaseDecision:
        return CaseDecision(effects=effects)

    await store.cases.decide(org, case.id, decide, now_ms=START_MS)
    return [one.id for one in effects]


async def due(store: Store, org: str, kind: EffectKind, now_ms: int = LATER_MS) -> list[PendingEffect]:
    """Return what is due of this organisation, whose database others share."""
    found = await store.case_effects.due(kind, now_ms=now_ms, in_order=kind is EffectKind.BOARD, limit=1_000)
    return [one for one in found if one.org_id == org]


async def test_an_effect_is_due_until_it_is_done(store: Store, org: str) -> None:
    (effect_id,) = await put(store, org, EffectKind.EMAIL, text="late")
    assert await due(store, org, EffectKind.EMAIL, START_MS - 1) == []
    assert not await store.case_effects.waits(START_MS - 1_000)
    assert await store.case_effects.waits(LATER_MS)
    assert await due(store, org, EffectKind.WEBHOOK) == []
    (pending,) = await due(store, org, EffectKind.EMAIL)
    assert (pending.effect.id, pending.effect.data, pending.attempts) == (effect_id, {"text": "late"}, 0)
    await store.case_effects.done(pending, now_ms=LATER_MS)
    await store.case_effects.done(pending, now_ms=LATER_MS + 1)
    assert await due(store, org, EffectKind.EMAIL) == []


async def test_a_failed_one_waits_and_is_given_up_with_an_alert(store: Store, org: str) -> None:
    await put(store, org, EffectKind.EMAIL)
    (pending,) = await due(store, org, EffectKind.EMAIL)
    await store.case_effects.failed(pending, fault="refused", now_ms=LATER_MS, next_try_ms=LATER_MS + 500)
    await store.case_effects.failed(pending, fault="refused", now_ms=LATER_MS, next_try_ms=0)  # the same attempt
    assert await due(store, org, EffectKind.EMAIL) == []
    (again,) = await due(store, org, EffectKind.EMAIL, LATER_MS + 500)
    assert again.attempts == 1
    await store.case_effects.failed(again, fault="no such mailbox", now_ms=LATER_MS, next_try_ms=0)
    assert await due(store, org, EffectKind.EMAIL, LATER_MS * 2) == []
    (alert,) = await store.alerts.list(org)
    assert alert.kind == "effect-failed"
    assert (alert.data["fault"], alert.data["by"]) == ("no such mailbox", "email")


async def test_a_cases_board_effects_go_in_order(store: Store, org: str) -> None:
    first, second = await put(store, org, EffectKind.BOARD, EffectKind.BOARD)
    (other,) = await put(store, org, EffectKind.BOARD, client_id="other")
    found = await due(store, org, EffectKind.BOARD)
    assert {one.effect.id for one in found} == {first, other}
    failed = next(one for one in found if one.effect.id == first)
    await store.case_effects.failed(failed, fault="away", now_ms=LATER_MS, next_try_ms=LATER_MS + 500)
    assert {one.effect.id for one in await due(store, org, EffectKind.BOARD)} == {other}
    await store.case_effects.done(failed, now_ms=LATER_MS)
    assert second in {one.effect.id for one in await due(store, org, EffectKind.BOARD)}


async def test_an_alert_is_shown_once_to_those_it_is_for(store: Store, org: str) -> None:
    ana, sue = await agent(store, org), await agent(store, org, "sue", Role.SUPERVISOR)
    await put(store, org, EffectKind.CONSOLE, text="late", to={})
    (pending,) = await due(store, org, EffectKind.CONSOLE)
    for _ in range(2):
        await store.case_effects.show(pending, user_ids=[ana.id, ""], now_ms=LATER_MS)
    assert await due(store, org, EffectKind.CONSOLE) == []
    (mine,) = await store.alerts.list(org, user_id=ana.id, supervisor=False)
    (theirs,) = await store.alerts.list(org, user_id=sue.id, supervisor=True)
    assert (mine.user_id, theirs.user_id, mine.data["text"]) == (ana.id, "", "late")
    assert "to" not in mine.data
    with pytest.raises(NotFound):
        await store.alerts.acknowledge(org, theirs.id, user_id=ana.id, supervisor=False, now_ms=1)
    assert (await store.alerts.acknowledge(org, mine.id, user_id=ana.id, supervisor=False, now_ms=1)).acknowledged_ms


async def test_recipients_are_found_by_id_log_in_and_role(store: Store, org: str) -> None:
    ana, sue = await agent(store, org), await agent(store, org, "sue", Role.SUPERVISOR)
    ben = await agent(store, org, "ben")
    await store.users.update(org, ben.id, active=False)
    found = await store.case_effects.recipients(org, user_ids=[ana.id, "nobody"], logins=["ben"], roles=["supervisor"])
    assert [one.login for one in found] == [ana.login, sue.login]


async def test_what_was_done_long_ago_is_purged(store: Store, org: str) -> None:
    done, undone = await put(store, org, EffectKind.EMAIL, EffectKind.WEBHOOK)
    (pending,) = await due(store, org, EffectKind.EMAIL)
    await store.case_effects.done(pending, now_ms=LATER_MS)
    made_ms = SystemClock().now_ms()
    await store.case_effects.purge(made_ms)
    assert await kept(store, org) == {done, undone}
    assert await store.case_effects.purge(made_ms + KEEP_MS + 60_000) >= 1
    assert await kept(store, org) == {undone}


async def kept(store: Store, org: str) -> set[str]:
    query = select(case_effects.c.id).where(case_effects.c.org_id == org)
    return set(await store._access.read(lambda conn: list(conn.scalars(query))))
