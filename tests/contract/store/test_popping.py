"""Whom a call is about, on both databases: what was keyed in first, only what the agent sees, as it is now."""

from dataclasses import replace

import pytest

from engine.cti.machine import fold
from engine.model.call import Call, CallEvent, CallKind, CallPicture, CallTerms
from engine.model.case_setup import Filing
from engine.model.organisation import CasePolicy
from engine.model.pop import Found, PopBy, PopQuestion
from engine.model.visibility import EVERYTHING, CasesSeen, CustomersSeen, Sight, Visibility
from engine.model.work import Plan, Requirement
from engine.store.customers.tables import account_relations, accounts, contacts
from engine.store.store import Store
from engine.store.transfer.tables import external_ids

from .searching import account, case, contact, own, rewrite, write

pytestmark = pytest.mark.asyncio
NUMBER = "+441632960001"
NARROW = Sight(visibility=Visibility(cases=CasesSeen.OWN, customers=CustomersSeen.TEAM), user_id="ben")


def call_of(org: str, contact_id: str = "") -> Call:
    return Call(
        id="c", org_id=org, channel="phone", source="p", reference="1", picture=CallPicture(),
        contact_id=own(org, contact_id),
    )  # fmt: skip


async def look(
    store: Store,
    org: str,
    sight: Sight = EVERYTHING,
    *,
    of: str = "",
    phone: str = NUMBER,
    numbers: tuple[int, ...] = (),
    keys: tuple[str, ...] = (),
) -> tuple[PopBy | None, list[str], str]:
    """Return by what it was found, the names of what was, and the open case beside."""
    question = PopQuestion(
        contact_id=own(org, of), phone=phone, source="crm", case_numbers=numbers, customer_numbers=keys
    )
    found: Found = await store.calls.found(org, sight, question, call=call_of(org, of))
    ids = [one.id.removeprefix(f"{org}:") for one in found.matches]
    return found.by, ids, found.case.id.removeprefix(f"{org}:") if found.case else ""


async def keyed(store: Store, org: str, noun: str, key: str, target: str) -> None:
    await write(store, org, external_ids, noun=noun, source="crm", external_id=key, target_id=own(org, target))


async def test_the_number_s_contact_with_his_newest_open_case(store: Store, org: str) -> None:
    await contact(store, org, "c", "Vera")
    assert await look(store, org, of="c") == (PopBy.NUMBER, ["c"], "")
    await case(store, org, "old", 1, "S", contact_id="c")
    await case(store, org, "new", 2, "S", contact_id="c")
    await case(store, org, "over", 3, "S", contact_id="c", closed_ms=5)
    assert await look(store, org, of="c") == (PopBy.NUMBER, ["c"], "new")
    assert await look(store, org, phone="") == (None, [], "")
    assert await look(store, "other", of="c") == (None, [], "")


async def test_a_case_number_comes_before_a_key_and_a_key_before_the_number(store: Store, org: str) -> None:
    await contact(store, org, "c", "Vera")
    await contact(store, org, "d", "Dora")
    await account(store, org, "a", "Shop")
    await case(store, org, "k", 7, "S", contact_id="d")
    await keyed(store, org, "account", "K-7", "a")
    await keyed(store, org, "contact", "K-8", "d")
    keys = ("none", "K-7", "K-8")
    assert await look(store, org, of="c", numbers=(9, 7), keys=keys) == (PopBy.CASE_NUMBER, ["k"], "")
    assert await look(store, org, of="c", keys=keys) == (PopBy.CUSTOMER_NUMBER, ["a"], "")
    assert await look(store, org, of="c", keys=("K-8",)) == (PopBy.CUSTOMER_NUMBER, ["d"], "k")
    assert await look(store, org, of="c", keys=("K-9",)) == (PopBy.NUMBER, ["c"], "")


async def test_accounts_have_numbers_too(store: Store, org: str) -> None:
    await account(store, org, "a", "Alpha", phone=NUMBER)
    await account(store, org, "b", "Beta", phone=NUMBER)
    await account(store, org, "z", "Merged", phone=NUMBER, merged_into="a")
    await account(store, org, "n", "None")
    assert await look(store, org) == (PopBy.NUMBER, ["a", "b"], "")
    await contact(store, org, "c", "Vera")
    await write(store, org, account_relations, id="r", contact_id="c", account_id="a", direct=1)
    assert await look(store, org, of="c") == (PopBy.NUMBER, ["c", "b"], "")


async def test_who_was_merged_is_who_he_is_now(store: Store, org: str) -> None:
    await contact(store, org, "old", "Vera")
    await contact(store, org, "new", "Vera Lind")
    await keyed(store, org, "contact", "K-8", "old")
    await rewrite(store, org, contacts, own(org, "old"), merged_into="new")
    assert await look(store, org, keys=("K-8",)) == (PopBy.CUSTOMER_NUMBER, ["new"], "")


async def test_an_agent_finds_what_he_sees_and_who_calls_him(store: Store, org: str) -> None:
    await contact(store, org, "c", "Vera")
    await contact(store, org, "d", "Dora")
    await account(store, org, "a", "Shop", phone=NUMBER)
    await case(store, org, "k", 7, "S", contact_id="c", owner_id="ana")
    await keyed(store, org, "contact", "K-8", "d")
    assert await look(store, org, NARROW, of="c", numbers=(7,), keys=("K-8",)) == (PopBy.NUMBER, ["c"], "")
    await rewrite(store, org, accounts, own(org, "a"), owner_id="ben")
    assert await look(store, org, NARROW, of="c") == (PopBy.NUMBER, ["c", "a"], "")


async def test_an_agent_s_calls_have_their_times_by_our_clock(store: Store, org: str) -> None:
    terms = CallTerms(
        channel="phone",
        plan=lambda _: Plan(queue="sales", requirement=Requirement()),
        phone_key=lambda picture: picture.customer_number,
        subject="Telephone",
        case_policy=CasePolicy.MANUAL,
        filing=Filing(),
    )
    rings = CallEvent(
        event_id="1", reference="7", leg_id="201", party="201", agent_id="u", kind=CallKind.RINGING,
        at_ms=1_000, received_ms=91_500, from_number=NUMBER,
    )  # fmt: skip
    late = replace(rings, event_id="2", kind=CallKind.RINGING, at_ms=2_000, received_ms=92_100)
    call = (await store.calls.take(org, "pbx", [rings, late], terms=terms, fold=fold)).call
    (mine,) = await store.calls.of_agent(org, "u")
    assert (mine.call, mine.leg.rang_ms, mine.ahead_ms, mine.contact_name) == (call, 1_000, 90_100, "")
    assert await store.calls.of_agent("other", "u") == []
    await store.calls.take(
        org, "pbx", [replace(rings, event_id="3", at_ms=3_000, kind=CallKind.LEFT)], terms=terms, fold=fold
    )
    assert await store.calls.of_agent(org, "u") == []
