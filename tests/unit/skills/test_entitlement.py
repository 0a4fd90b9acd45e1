"""Who is entitled: the verdict against an independent, slower judgement, and the rules one by one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.service import Contract, ContractStatus, Entitled, Entitlement, Promise
from engine.skills.entitlement import Claim, Reason, Verdict, verify

DAYS = ("2026-02-28", "2026-03-01", "2026-12-31", "2027-01-01", "2028-02-29")
CLAIM = Claim(on="2026-11-22", channels=("web", "chat"), contact_id="c", accounts=("home", "top"), assets=("a",))


def promise(one_id: str = "e", *, contract: Contract | None = None, **changes: object) -> Promise:
    made = Entitlement(id=one_id, org_id="o", name="E", plan="gold")
    return Promise(entitlement=replace(made, **changes), contract=contract)  # type: ignore[arg-type]


def contract(**changes: object) -> Contract:
    return replace(Contract(id="k", org_id="o", number="1"), **changes)  # type: ignore[arg-type]


def chosen(*promises: Promise, claim: Claim = CLAIM) -> str:
    verdict = verify(promises, claim)
    return verdict.entitlement.id if verdict.entitlement else ""


@pytest.mark.parametrize(
    ("one", "entitled", "reason"),
    [
        (promise(contact_id="c"), Entitled.ENTITLED, Reason.HELD),
        (promise(contact_id="d"), Entitled.NONE, Reason.NOTHING),
        (promise(), Entitled.NONE, Reason.NOTHING),
        (promise(contact_id="c", ends_on="2026-11-22"), Entitled.ENTITLED, Reason.HELD),
        (promise(contact_id="c", ends_on="2026-11-21"), Entitled.EXPIRED, Reason.ENDED),
        (promise(contact_id="c", starts_on="2026-11-22"), Entitled.ENTITLED, Reason.HELD),
        (promise(contact_id="c", starts_on="2026-11-23"), Entitled.NONE, Reason.NOT_BEGUN),
        (promise(contact_id="c", cases_allowed=2, cases_used=2), Entitled.USED_UP, Reason.USED_UP),
        (promise(contact_id="c", cases_allowed=2, cases_used=1), Entitled.ENTITLED, Reason.HELD),
        (promise(contact_id="c", channels=("email",)), Entitled.NONE, Reason.CHANNEL),
        (promise(contact_id="c", channels=("email", "chat")), Entitled.ENTITLED, Reason.HELD),
        (promise(contact_id="c", contract=contract(ends_on="2026-01-01")), Entitled.EXPIRED, Reason.CONTRACT_ENDED),
        (promise(account_id="top", contract=contract()), Entitled.ENTITLED, Reason.HELD),
        (
            promise(contact_id="c", contract=contract(status=ContractStatus.ENDED)),
            Entitled.EXPIRED,
            Reason.CONTRACT_ENDED,
        ),
        (promise(contact_id="c", contract=contract(status=ContractStatus.DRAFT)), Entitled.NONE, Reason.NOT_BEGUN),
        (promise(contact_id="c", asset_id="b"), Entitled.NONE, Reason.NOTHING),
        (promise(contact_id="c", account_id="other"), Entitled.NONE, Reason.NOTHING),
    ],
)
def test_one_promise(one: Promise, entitled: Entitled, reason: Reason) -> None:
    verdict = verify([one], CLAIM)
    assert (verdict.entitled, verdict.reason) == (entitled, reason)
    assert verdict.plan == ("gold" if entitled is Entitled.ENTITLED else "")


def test_the_nearest_counts() -> None:
    asset, contact = promise("1", asset_id="a"), promise("2", contact_id="c")
    home, top = promise("3", account_id="home"), promise("4", account_id="top")
    assert chosen(top, home, contact, asset) == "1"
    assert chosen(top, home, contact) == "2"
    assert chosen(top, home) == "3"
    assert chosen(top) == "4"


def test_what_cannot_be_used_gives_way_to_what_is_farther() -> None:
    spent = promise("1", asset_id="a", cases_allowed=1, cases_used=1)
    assert chosen(spent, promise("2", account_id="top")) == "2"
    assert chosen(spent, promise("2", account_id="top", ends_on="2020-01-01")) == "1"


def test_of_equally_near_ones_nothing_is_used_up_needlessly() -> None:
    bounded = promise("1", contact_id="c", cases_allowed=5, ends_on="2026-12-01")
    assert chosen(bounded, promise("2", contact_id="c")) == "2"
    assert chosen(promise("1", contact_id="c"), promise("2", contact_id="c", ends_on="2026-12-01")) == "2"
    assert chosen(promise("2", contact_id="c"), promise("1", contact_id="c")) == "1"


def test_a_claim_s_own_use_does_not_stand_in_its_way() -> None:
    spent = promise("1", contact_id="c", cases_allowed=1, cases_used=1)
    assert verify([spent], replace(CLAIM, held="1")).entitled is Entitled.ENTITLED
    assert verify([spent], replace(CLAIM, held="2")).entitled is Entitled.USED_UP


days = st.sampled_from(("", *DAYS))
contracts = st.builds(contract, status=st.sampled_from(ContractStatus), starts_on=days, ends_on=days)
promises = st.builds(
    promise,
    st.integers(0, 99).map(str),
    contract=st.none() | contracts,
    account_id=st.sampled_from(("", "home", "top", "other")),
    contact_id=st.sampled_from(("", "c", "d")),
    asset_id=st.sampled_from(("", "a", "b")),
    channels=st.sampled_from(((), ("web",), ("chat", "email"), ("email",))),
    starts_on=days,
    ends_on=days,
    cases_allowed=st.integers(0, 2),
    cases_used=st.integers(0, 3),
)
claims = st.builds(
    Claim,
    on=st.sampled_from(DAYS),
    channels=st.sampled_from(((), ("web", "chat"), ("email",))),
    contact_id=st.sampled_from(("", "c", "d")),
    accounts=st.sampled_from(((), ("home",), ("home", "top"), ("top",))),
    assets=st.sampled_from(((), ("a",), ("a", "b"))),
    held=st.integers(0, 99).map(str) | st.just(""),
)


def usable(one: Promise, claim: Claim) -> bool:
    """Judge by the words of the documentation, one after the other."""
    right, agreed = one.entitlement, one.contract
    mine = [
        (right.asset_id, claim.assets), (right.contact_id, (claim.contact_id,)), (right.account_id, claim.accounts)
    ]  # fmt: skip
    if not any(name for name, _ in mine) or any(name and name not in ours for name, ours in mine):
        return False
    if agreed is not None and (agreed.status is not ContractStatus.ACTIVE or not within(agreed, claim.on)):
        return False
    used = right.cases_used - (1 if right.id == claim.held else 0)
    free = right.cases_allowed == 0 or used < right.cases_allowed
    return within(right, claim.on) and free and (not right.channels or bool({*right.channels} & {*claim.channels}))


def within(one: Contract | Entitlement, on: str) -> bool:
    return (one.starts_on or "0") <= on <= (one.ends_on or "9")


@given(st.lists(promises, max_size=6), claims)
def test_entitled_is_who_holds_one_that_is_usable(held: list[Promise], claim: Claim) -> None:
    verdict = verify(held, claim)
    good = [one.entitlement for one in held if usable(one, claim)]
    assert (verdict.entitled is Entitled.ENTITLED) == bool(good)
    if good:
        assert verdict.entitlement in good


@given(st.lists(promises, max_size=6, unique_by=lambda one: one.entitlement.id), claims, st.randoms())
def test_the_order_in_which_promises_are_read_does_not_matter(
    held: list[Promise], claim: Claim, random: object
) -> None:
    shuffled = list(held)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert verify(shuffled, claim) == verify(held, claim)


@given(st.lists(promises, max_size=5), promises, claims)
def test_one_promise_more_never_takes_service_away(held: list[Promise], more: Promise, claim: Claim) -> None:
    before, after = verify(held, claim), verify([*held, more], claim)
    assert before.entitled is not Entitled.ENTITLED or after.entitled is Entitled.ENTITLED
    assert isinstance(after, Verdict)
