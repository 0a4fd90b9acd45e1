"""A case waits for an agent as a work item: one at most, in step with the case, with the owner a person wants."""

from tests.integration.cases.house import House


async def test_a_routed_case_waits_in_its_queue(house: House) -> None:
    case_id = await house.opened(priority=3)
    item, case = await house.item(case_id), await house.case(case_id)
    assert (item.kind, item.queue, item.priority, item.state.value) == ("case", "sales", 3, "queued")
    assert (case.item_id, case.routed, case.queue) == (item.id, True, "sales")
    assert item.attributes["subject"] == "Broken kettle"
    assert [event.kind for event in await house.store.cases.events(house.org_id, case_id)][-1] == "routed"


async def test_who_accepts_owns_it(house: House) -> None:
    await house.sign_in("ana")
    case_id = await house.opened()
    await house.accept("ana")
    await house.settle()
    case = await house.case(case_id)
    assert (case.owner_id, case.status) == (house.users["ana"], "open")


async def test_a_change_reaches_the_waiting_item(house: House) -> None:
    case_id = await house.opened()
    await house.change(case_id, priority=9, queue="support")
    await house.settle()
    item = await house.item(case_id)
    assert (item.priority, item.queue, item.requirement.skills) == (9, "support", {"billing": 3})


async def test_waiting_parks_it_and_a_mail_brings_it_back_to_its_owner(house: House) -> None:
    await house.sign_in("ana", "ben")
    case_id = await house.opened()
    owner = next(iter(await house.offered()))
    await house.accept(owner)
    await house.change(case_id, owner, status="waiting")
    await house.settle()
    before = await house.item(case_id)
    assert before.state.value == "parked"
    assert not await house.holds(owner)
    mail = await house.mail(case_id)
    await house.settle()
    item = await house.item(case_id)
    assert (item.id, await house.offered()) == (before.id, {owner: before.id})
    assert (await house.case(case_id)).status == "open"
    assert mail.item is not None
    assert [one.state.value for one in await house.items(case_id) if one.id == mail.item.id] == ["closed"]


async def test_a_case_that_waits_in_its_queue_for_nobody_leaves_it(house: House) -> None:
    case_id = await house.opened()
    await house.change(case_id, status="waiting")
    await house.settle()
    assert [item.state.value for item in await house.items(case_id)] == ["closed"]
    assert (await house.case(case_id)).item_id == ""
    await house.mail(case_id)
    await house.settle()
    assert (await house.item(case_id)).kind == "email"


async def test_resolved_ends_it_and_reopened_it_is_its_owners_first(house: House) -> None:
    await house.sign_in("ana", "ben")
    case_id = await house.opened()
    owner = next(iter(await house.offered()))
    await house.accept(owner)
    await house.change(case_id, owner, status="resolved")
    await house.settle()
    assert not await house.holds(owner)
    assert (await house.case(case_id)).item_id == ""
    await house.change(case_id, "cy", status="open")
    await house.settle()
    items = await house.items(case_id)
    assert [item.state.value for item in items] == ["closed", "offered"]
    assert await house.offered() == {owner: items[-1].id}


async def test_reopened_it_goes_to_another_who_then_owns_it(house: House) -> None:
    await house.sign_in("ana", "ben")
    case_id = await house.opened()
    owner = next(iter(await house.offered()))
    other = "ben" if owner == "ana" else "ana"
    await house.accept(owner)
    await house.change(case_id, owner, status="resolved")
    await house.settle()
    await house.change(case_id, "cy", status="open")
    await house.settle()
    await house.decline(owner)
    await house.accept(other)
    assert (await house.case(case_id)).owner_id == house.users[other]


async def test_who_takes_the_case_by_hand_gets_the_waiting_item(house: House) -> None:
    case_id = await house.opened()
    await house.change(case_id, "ben", owner_id=house.users["ben"])
    await house.settle()
    item = await house.item(case_id)
    assert (item.state.value, item.agent_id) == ("active", house.users["ben"])


async def test_a_case_taken_by_hand_is_taken_from_who_was_offered_it(house: House) -> None:
    await house.sign_in("ana")
    case_id = await house.opened()
    assert list(await house.offered()) == ["ana"]
    await house.change(case_id, "ben", owner_id=house.users["ben"])
    await house.settle()
    assert (await house.offered(), list(await house.holds("ben"))) == ({}, [(await house.item(case_id)).id])
    missed = await house.store.routing.history(house.org_id, (await house.item(case_id)).id)
    assert "missed" not in [event.kind.value for event in missed]


async def test_who_accepts_just_then_does_not_get_the_case(house: House) -> None:
    """The person's change is committed, then the offer is accepted, then the outbox comes by."""
    await house.sign_in("ana")
    case_id = await house.opened()
    await house.change(case_id, "ben", owner_id=house.users["ben"])
    await house.accept("ana")
    assert (await house.case(case_id)).owner_id == house.users["ben"]
    await house.settle()
    item = await house.item(case_id)
    assert (item.agent_id, (await house.case(case_id)).owner_id) == (house.users["ben"], house.users["ben"])
    assert (await house.holds("ana"), list(await house.holds("ben"))) == ({}, [item.id])


async def test_an_owner_who_lets_go_puts_it_back(house: House) -> None:
    await house.sign_in("ana", "ben")
    case_id = await house.opened()
    owner = next(iter(await house.offered()))
    await house.accept(owner)
    await house.change(case_id, owner, owner_id="")
    await house.settle()
    offered = await house.offered()
    assert list(offered) == ["ben" if owner == "ana" else "ana"]


async def test_a_change_of_owner_while_it_waits_on_the_customer_counts_when_he_writes(house: House) -> None:
    await house.sign_in("ana", "ben")
    case_id = await house.opened()
    owner = next(iter(await house.offered()))
    other = "ben" if owner == "ana" else "ana"
    await house.accept(owner)
    await house.change(case_id, owner, status="waiting")
    await house.settle()
    await house.change(case_id, other, owner_id=house.users[other])
    await house.settle()
    await house.change(case_id, other, status="open")
    await house.settle()
    assert list(await house.offered()) == [other]


async def test_a_case_closed_during_an_offer_is_offered_no_more(house: House) -> None:
    await house.sign_in("ana")
    case_id = await house.opened()
    await house.change(case_id, status="closed")
    await house.settle()
    assert (await house.offered(), (await house.case(case_id)).item_id) == ({}, "")


async def test_its_mail_is_absorbed_while_it_waits(house: House) -> None:
    case_id = await house.opened()
    before = await house.item(case_id)
    await house.mail(case_id)
    await house.settle()
    assert (await house.item(case_id)).id == before.id


async def test_a_case_whose_mail_waits_makes_no_item_of_its_own(house: House) -> None:
    await house.open_rules(())
    case_id = await house.opened(queue="sales")
    mail = await house.mail(case_id)
    await house.open_rules(None)
    await house.assign(case_id)
    await house.settle()
    assert mail.item is not None
    assert (await house.item(case_id)).id == mail.item.id == (await house.case(case_id)).item_id


async def test_a_case_ended_by_its_agent_is_not_routed_again(house: House) -> None:
    await house.sign_in("ana", "ben")
    case_id = await house.opened()
    owner = next(iter(await house.offered()))
    await house.accept(owner)
    item = await house.item(case_id)
    await house.take(await house.router.end(house.org_id, item.id, house.users[owner], item.assignment))
    await house.settle()
    case = await house.case(case_id)
    assert (case.item_id, case.owner_id, await house.offered()) == ("", house.users[owner], {})


async def test_an_owner_who_takes_no_work_from_the_board_ends_its_item(house: House) -> None:
    case_id = await house.opened()
    boss = await house.supervisor()
    await house.change(case_id, "ben", owner_id=boss)
    await house.settle()
    assert [item.state.value for item in await house.items(case_id)] == ["closed"]
    assert (await house.case(case_id)).owner_id == boss


async def test_one_open_item_of_a_reference_only(house: House) -> None:
    case_id = await house.opened()
    for _ in range(3):
        await house.assign(case_id)
    await house.settle()
    assert len(await house.items(case_id)) == 1
