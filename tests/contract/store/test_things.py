"""Assets, orders, contracts and entitlements: kept whole, changed under a version, each use counted once."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules
from engine.cases.planner import planner
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.case_parts import CaseLink, LinkKind
from engine.model.case_setup import BUILT_IN_STATUSES, CaseStatus, CaseStatusKind, Filing
from engine.model.casework import CaseDecision, CaseFacts, Change
from engine.model.organisation import CasePolicy
from engine.model.plan import Plan
from engine.model.record import Opened
from engine.model.service import (
    Asset,
    AssetStatus,
    Contract,
    ContractStatus,
    Entitlement,
    EntitlementKind,
    Order,
    OrderStatus,
)
from engine.store.customers.promises import move_use
from engine.store.customers.tables import accounts
from engine.store.store import Store
from tests.contract.store.building import PLAN, START_MS, arrival, opened
from tests.organisations import small_organisation

NOTHING = {column.name: 0 if column.type.python_type is int else "" for column in accounts.columns}


async def account(store: Store, org: str, name: str, parent: str = "") -> str:
    account_id = f"{org}-{name}"
    row = {**NOTHING, "id": account_id, "org_id": org, "name": name, "name_key": name, "parent_id": parent}
    await store._access.execute(org, accounts.insert(), row)
    return account_id


def asset(org: str, **changes: object) -> Asset:
    made = Asset(
        id=f"{org}-asset",
        org_id=org,
        name="Kettle 1.7 l",
        product="K17",
        serial="S-1",
        status=AssetStatus.REPAIR,
        purchased_on="2026-02-28",
        warranty_until="2028-02-28",
        fields={"colour": "红", "size": 17},
        created_ms=START_MS,
        updated_ms=START_MS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def entitlement(org: str, **changes: object) -> Entitlement:
    made = Entitlement(id=f"{org}-e", org_id=org, name="Care", kind=EntitlementKind.WARRANTY, channels=("web", "email"))
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_what_is_kept_is_read_back_whole(store: Store, org: str) -> None:
    contact = (await opened(store, org)).contact
    home = await account(store, org, "home")
    thing = await store.assets.create(asset(org, contact_id=contact.id, account_id=home))
    order = await store.orders.create(
        Order(
            id=f"{org}-o",
            org_id=org,
            number="55-1",
            contact_id=contact.id,
            status=OrderStatus.SHIPPED,
            ordered_on="2026-11-01",
            total_minor=8_400,
            currency="EUR",
            lines=({"product": "K17", "name": "Kettle", "quantity": 2, "price_minor": 4_200},),
            fields={"gift": True},
        )
    )
    contract = await store.contracts.create(
        Contract(id=f"{org}-c", org_id=org, number="C-1", account_id=home, status=ContractStatus.DRAFT)
    )
    promise = await store.entitlements.create(entitlement(org, asset_id=thing.id, contract_id=contract.id))
    assert await store.assets.get(org, thing.id) == thing
    assert await store.orders.get(org, order.id) == order
    assert await store.contracts.get(org, contract.id) == contract
    assert await store.entitlements.get(org, promise.id) == promise
    assert await store.assets.list(org, wanted={"account_id": home, "serial": "S-1"}, limit=5) == [thing]
    assert await store.orders.list(org, wanted={"contact_id": contact.id}, limit=5) == [order]
    assert await store.orders.list(org, wanted={"number": "55-2"}, limit=5) == []
    assert await store.entitlements.list(org, wanted={"contract_id": contract.id}, limit=5) == [promise]


async def test_lists_go_on_where_the_page_before_ended(store: Store, org: str) -> None:
    for number in range(5):
        await store.assets.create(asset(org, id=f"{org}-{number}"))
    first = await store.assets.list(org, wanted={}, limit=3)
    rest = await store.assets.list(org, wanted={}, limit=3, before_id=first[-1].id)
    assert [one.id[-1] for one in (*first, *rest)] == ["4", "3", "2", "1", "0"]
    assert await store.assets.list("another", wanted={}, limit=3) == []


async def test_a_change_needs_the_version_it_is_based_on(store: Store, org: str) -> None:
    await store.assets.create(asset(org))
    changes = {"status": AssetStatus.RETIRED, "fields": {"colour": "blue"}}
    changed = await store.assets.change(org, f"{org}-asset", version=1, changes=changes, now_ms=START_MS + 5)
    assert (changed.status, changed.fields, changed.version) == (AssetStatus.RETIRED, {"colour": "blue"}, 2)
    assert await store.assets.change(org, changed.id, version=2, changes=changes, now_ms=START_MS + 9) == changed
    with pytest.raises(Conflict) as stale:
        await store.assets.change(org, changed.id, version=1, changes={"name": "?"}, now_ms=START_MS)
    assert (stale.value.slug, stale.value.fields["version"]) == ("stale-version", 2)
    with pytest.raises(NotFound):
        await store.assets.change("another", changed.id, version=2, changes={"name": "?"}, now_ms=START_MS)


async def test_what_is_referred_to_must_be_there_and_stays(store: Store, org: str) -> None:
    for wrong in ({"account_id": "no"}, {"contact_id": "no"}):
        with pytest.raises(InvalidInput) as missing:
            await store.assets.create(asset(org, **wrong))
        assert missing.value.fields["field"] in wrong
    elsewhere = (await opened(store, f"{org}-2")).contact
    with pytest.raises(InvalidInput):
        await store.assets.create(asset(org, contact_id=elsewhere.id))
    thing = await store.assets.create(asset(org))
    promise = await store.entitlements.create(entitlement(org, asset_id=thing.id))
    with pytest.raises(Conflict) as used:
        await store.assets.delete(org, thing.id)
    assert used.value.slug == "in-use"
    await store.entitlements.delete(org, promise.id)
    await store.assets.delete(org, thing.id)
    with pytest.raises(NotFound):
        await store.assets.delete(org, thing.id)


async def test_a_number_is_given_once(store: Store, org: str) -> None:
    one, two = (Contract(id=f"{org}-{n}", org_id=org, number=f"C-{n}") for n in "12")
    await store.contracts.create(one)
    await store.contracts.create(two)
    for attempt in (
        store.contracts.create(replace(one, id=f"{org}-3")),
        store.contracts.change(org, two.id, version=1, changes={"number": "C-1"}, now_ms=START_MS),
    ):
        with pytest.raises(Conflict) as taken:
            await attempt
        assert taken.value.slug == "number-taken"


async def test_promises_are_found_by_asset_contact_and_accounts_above(store: Store, org: str) -> None:
    contact = (await opened(store, org)).contact
    top = await account(store, org, "top")
    home = await account(store, org, "home", parent=top)
    await store._access.execute(org, accounts.update().where(accounts.c.id == top).values(parent_id=home))  # a circle
    thing = await store.assets.create(asset(org))
    contract = await store.contracts.create(Contract(id=f"{org}-c", org_id=org, number="C-1", account_id=top))
    holders = {"asset_id": thing.id, "contact_id": contact.id, "account_id": home}
    for name, holder in holders.items():
        await store.entitlements.create(entitlement(org, id=f"{org}-{name}", **{name: holder}))
    await store.entitlements.create(entitlement(org, id=f"{org}-top", account_id=top, contract_id=contract.id))
    found, line = await store.entitlements.promises(org, contact_id=contact.id, account_id=home, assets=[thing.id])
    assert line == (home, top)
    assert {one.entitlement.id for one in found} == {f"{org}-{name}" for name in (*holders, "top")}
    assert [one.contract for one in found if one.entitlement.id == f"{org}-top"] == [contract]


async def test_of_two_cases_one_gets_the_last_use(store: Store, org: str) -> None:
    contact = (await opened(store, org)).contact
    one = await store.entitlements.create(entitlement(org, contact_id=contact.id, cases_allowed=2, cases_used=1))

    def claim(before: str, after: str) -> "asyncio.Future[bool]":
        def work(conn: Connection) -> bool:
            return move_use(conn, org, before, {"entitlement_id": after})

        return asyncio.ensure_future(store._access.write(org, work))

    assert sorted(await asyncio.gather(*(claim("", one.id) for _ in range(2)))) == [False, True]
    assert (await store.entitlements.get(org, one.id)).cases_used == 2
    assert await claim(one.id, one.id)  # nothing moves
    assert await claim(one.id, "")
    assert (await store.entitlements.get(org, one.id)).cases_used == 1


async def watched(store: Store, org: str, number: str = "1") -> Opened:
    """Open a conversation with a case that the clerk looks after."""
    return await store.arrivals.open_interaction(
        arrival(org, conversation_key=number, token_hash=number),
        kind="chat",
        plan=PLAN,
        case_policy=CasePolicy.FIRST_MESSAGE,
        now_ms=START_MS,
        filing=Filing(watched=True),
    )


async def test_cases_claim_an_entitlement_each_once(store: Store, org: str) -> None:
    """Four cases at once want the two uses that are left, then a fifth takes over one that is given back."""
    contact = (await opened(store, org)).contact
    held = await store.entitlements.create(
        entitlement(org, contact_id=contact.id, cases_allowed=3, cases_used=1, plan="p")
    )
    decide = planner(
        CaseRules(
            organisation=small_organisation(org, plans={"p": Plan(key="p", name="P")}), new_id=store._access.new_id
        )
    )
    cases = []
    for number in range(4):
        made = await watched(store, org, str(number))
        assert made.case is not None
        cases.append(made.case.id)
    for _ in range(2):  # again: nothing is counted twice
        await asyncio.gather(*(store.cases.decide(org, one, decide, now_ms=START_MS + 9) for one in cases))
    judged = [await store.cases.get(org, one) for one in cases]
    assert sorted(one.entitled for one in judged) == ["entitled", "entitled", "used_up", "used_up"]
    assert [(one.entitlement_id, one.plan) for one in judged if one.entitled == "entitled"] == [(held.id, "p")] * 2
    assert (await store.entitlements.get(org, held.id)).cases_used == 3
    lucky, poor = (next(one for one in judged if one.entitled == verdict) for verdict in ("entitled", "used_up"))

    def leave(facts: CaseFacts) -> CaseDecision:
        return CaseDecision(changes=(Change(field="contact_id", to=""),))

    def wake(facts: CaseFacts) -> CaseDecision:
        return CaseDecision(changes=(Change(field="contact_id", to=contact.id if facts.case.contact_id == "" else ""),))

    await store.cases.decide(org, lucky.id, leave, now_ms=START_MS + 10)
    await store.cases.decide(org, lucky.id, decide, now_ms=START_MS + 11)
    assert (await store.entitlements.get(org, held.id)).cases_used == 2
    left = await store.cases.get(org, lucky.id)
    assert (left.entitled, left.entitlement_id, left.plan) == ("none", "", "")
    for _ in range(2):
        await store.cases.decide(org, poor.id, wake, now_ms=START_MS + 12)
    await store.cases.decide(org, poor.id, decide, now_ms=START_MS + 13)
    assert (await store.cases.get(org, poor.id)).entitled == "entitled"
    assert (await store.entitlements.get(org, held.id)).cases_used == 3


SPAM = CaseStatus(key="spam", name="Spam", kind=CaseStatusKind.CLOSED, to=("open", "twice"), refunds_use=True)
TWICE = replace(SPAM, key="twice", name="Duplicate")
WITH_SPAM = {
    **{key: replace(one, to=(*one.to, "spam", "twice")) for key, one in BUILT_IN_STATUSES.items()},
    "spam": SPAM,
    "twice": TWICE,
}


async def test_a_case_that_was_none_gives_its_use_back_once(store: Store, org: str) -> None:
    made = await watched(store, org)
    assert made.case is not None
    case_id = made.case.id
    held = await store.entitlements.create(entitlement(org, contact_id=made.contact.id, cases_allowed=1, plan="p"))
    rules = CaseRules(
        organisation=small_organisation(org, plans={"p": Plan(key="p", name="P")}, case_statuses=WITH_SPAM),
        new_id=store._access.new_id,
    )
    at_ms = START_MS

    async def stand(status: str = "") -> tuple[str, bool, int]:
        """Give the case a status, and let the clerk look twice; return verdict, whether it holds one, and uses."""
        nonlocal at_ms
        for first in ([wanted(Wish(changes={"status": status}))] if status else []), [], []:
            at_ms += 1
            step = first[0] if first else None
            await store.cases.decide(org, case_id, planner(rules, first=step), actor_id="ana", now_ms=at_ms)
        case = await store.cases.get(org, case_id)
        return case.entitled, case.entitlement_id == held.id, (await store.entitlements.get(org, held.id)).cases_used

    assert await stand() == ("entitled", True, 1)
    assert await stand("spam") == ("entitled", False, 0)
    assert await stand("twice") == ("entitled", False, 0)
    assert await stand("open") == ("entitled", True, 1)
    told = [one.data for one in await store.cases.events(org, case_id) if one.kind == "entitlement_id"]
    assert [(one["to"] == held.id, one["why"]) for one in told] == [(True, "held"), (False, "refunded"), (True, "held")]

    assert await stand("spam") == ("entitled", False, 0)
    other = (await watched(store, org, "2")).case
    assert other is not None
    await store.cases.decide(org, other.id, planner(rules), now_ms=at_ms)
    assert (await store.cases.get(org, other.id)).entitlement_id == held.id, "another case takes what was given back"
    assert await stand("open") == ("used_up", False, 1)


async def test_a_case_that_was_none_before_anybody_looked_counts_nothing(store: Store, org: str) -> None:
    made = await watched(store, org)
    assert made.case is not None
    held = await store.entitlements.create(entitlement(org, contact_id=made.contact.id, cases_allowed=1))
    rules = CaseRules(organisation=small_organisation(org, case_statuses=WITH_SPAM), new_id=store._access.new_id)
    for status in ("spam", "open"):
        step = wanted(Wish(changes={"status": status}))
        await store.cases.decide(org, made.case.id, planner(rules, first=step), actor_id="ana", now_ms=START_MS + 1)
        await store.cases.decide(org, made.case.id, planner(rules), now_ms=START_MS + 2)
        assert (await store.entitlements.get(org, held.id)).cases_used == int(status == "open")


async def test_a_case_is_entitled_by_what_it_turns_out_to_be_about(store: Store, org: str) -> None:
    thing = await store.assets.create(asset(org))
    held = await store.entitlements.create(entitlement(org, asset_id=thing.id, cases_allowed=1))
    organisation = small_organisation(org)
    decide = planner(CaseRules(organisation=organisation, new_id=store._access.new_id))
    made = await store.arrivals.open_interaction(
        arrival(org), kind="chat", plan=PLAN, case_policy=CasePolicy.FIRST_MESSAGE, now_ms=START_MS,
        filing=Filing(watched=True),
    )  # fmt: skip
    assert made.case is not None
    case_id = made.case.id

    async def judged() -> tuple[str, str]:
        await store.cases.decide(org, case_id, decide, now_ms=START_MS + 9)
        case = await store.cases.get(org, case_id)
        return case.entitled, case.entitlement_id

    assert await judged() == ("none", "")
    link = CaseLink(case_id=case_id, kind=LinkKind.ASSET, target_id=thing.id, linked_by="u", linked_ms=START_MS)
    await store.case_parts.link(org, link)
    assert await judged() == ("entitled", held.id)
    await store.case_parts.unlink(org, link)
    assert await judged() == ("none", "")
    assert (await store.entitlements.get(org, held.id)).cases_used == 0
