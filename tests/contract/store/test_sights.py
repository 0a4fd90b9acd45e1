"""What somebody may do with one thing, on both databases."""

import pytest

from engine.errors import NotFound
from engine.model.visibility import EVERYTHING, CasesSeen, CustomersSeen, Guarded, Right, Sight, Visibility
from engine.store.cases.tables import case_followers
from engine.store.customers.tables import account_relations, account_team
from engine.store.store import Store
from engine.store.tables import alerts

from .searching import account, case, contact, own, write

TEAM = Visibility(cases=CasesSeen.TEAM, customers=CustomersSeen.TEAM)
OWN = Visibility(cases=CasesSeen.OWN, customers=CustomersSeen.TEAM)


async def test_rights(store: Store, org: str) -> None:
    await case(store, org, "k", 1, "S", owner_id="ana", queue="tea", team="blue", account_id="a", contact_id="c")
    await contact(store, org, "c", "C")
    await account(store, org, "a", "A")
    await write(store, org, account_relations, id="r", contact_id="c", account_id="a", direct=1)
    await write(store, org, account_team, account_id="a", user_id="rea", account_access="read", case_access="read")
    await write(store, org, case_followers, case_id="k", user_id="fay")
    for sight, right in (
        (Sight(visibility=OWN, user_id="ana"), Right.WRITE),
        (Sight(visibility=OWN, user_id="fay"), Right.WRITE),
        (Sight(visibility=OWN, user_id="rea"), Right.READ),
        (Sight(visibility=OWN, user_id="ben", teams=("blue",), queues=("tea",)), None),
        (Sight(visibility=TEAM, user_id="ben", teams=("blue",)), Right.WRITE),
        (Sight(visibility=TEAM, user_id="ben", queues=("tea",)), Right.WRITE),
        (Sight(visibility=TEAM, user_id="ben", teams=("red",), queues=("cups",)), None),
    ):
        for what, of_id in (
            (Guarded.CASE, "k"),
            (Guarded.CONTACT, "c"),
            (Guarded.ACCOUNT, "a"),
            (Guarded.RELATION, "r"),
        ):
            wanted = own(org, of_id)
            assert await store.sights.right(org, sight, what, wanted) == right, (sight, what)
            assert await store.sights.right("other", sight, what, wanted) is None
        assert bool(await store.sights.among(org, sight, Guarded.CASE, [own(org, "k")])) == (right is not None)


async def test_whoever_looks_after_a_contact_sees_it(store: Store, org: str) -> None:
    await contact(store, org, "c", "C", owner_id="ana")
    wanted = own(org, "c")
    for user_id, right in (("ana", Right.WRITE), ("ben", None)):
        sight = Sight(visibility=OWN, user_id=user_id)
        assert await store.sights.right(org, sight, Guarded.CONTACT, wanted) == right
        assert [one.id for one in await store.customers.list(org, sight=sight)] == ([wanted] if right else [])


async def test_alerts_of_all_supervisors_are_for_who_sees_what_they_are_about(store: Store, org: str) -> None:
    await case(store, org, "k", 1, "S", team="blue")
    case_id = own(org, "k")
    for name, user_id, data in (
        ("1", "", f'{{"case_id":"{case_id}","queue":"tea"}}'),
        ("2", "", '{"queue":"tea"}'),
        ("3", "", '{"webhook":"w"}'),
        ("4", own(org, "sue"), f'{{"case_id":"{case_id}"}}'),
    ):
        row = {"kind": "late", "at_ms": 1, "data": data, "acknowledged_ms": 0, "acknowledged_by": ""}
        await write(store, org, alerts, id=f"{org}{name}", user_id=user_id, **row)
    for sight, shown in (
        (EVERYTHING, "4321"),
        (Sight(visibility=TEAM, user_id="x", teams=("blue",)), "431"),
        (Sight(visibility=TEAM, user_id="x", queues=("tea",)), "4321"),
        (Sight(visibility=TEAM, user_id="x", teams=("red",)), "43"),
    ):
        found = await store.alerts.list(org, user_id=own(org, "sue"), sight=sight)
        assert "".join(one.id[-1] for one in found) == shown
    blind = Sight(visibility=TEAM, user_id="x")
    with pytest.raises(NotFound):
        await store.alerts.acknowledge(org, f"{org}1", user_id="x", now_ms=5, sight=blind)
    assert all(not one.acknowledged_ms for one in await store.alerts.list(org))
