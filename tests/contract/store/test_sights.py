"""What somebody may do with one thing, on both databases."""

from engine.model.visibility import CasesSeen, CustomersSeen, Guarded, Right, Sight, Visibility
from engine.store.cases.tables import case_followers
from engine.store.customers.tables import account_relations, account_team
from engine.store.store import Store

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
