"""What is done with customers all day, once, so that the plans of its statements can be looked at."""

from engine.model.customer import EMAIL, Account, Address, Contact, Relation, TeamMember
from engine.store.store import Store


async def keep_customers(store: Store, org: str, user_id: str) -> None:
    """Run every method of the groups of contacts, accounts, relations, teams and merges."""
    people = [Contact(id=f"{org}-p{n}", org_id=org, name="Zoe", email=f"{n}@x.org", created_ms=1) for n in (1, 2)]
    for one in people:
        new = Address(
            id=f"{one.id}-a", org_id=org, contact_id=one.id, channel=EMAIL, value=one.email, key=one.email, created_ms=1
        )
        await store.customers.create(one, [new])
    person, other = people
    more = Address(id=f"{org}-b", org_id=org, contact_id=person.id, channel="phone", value="1", key="+1", created_ms=1)
    await store.customers.get(org, person.id)
    await store.customers.list(org, "zoe", 9, before_id="~")
    await store.customers.change(org, person.id, version=1, changes={"email": "n@x.org"}, address=None, now_ms=2)
    await store.addresses.add(more, now_ms=2)
    await store.addresses.change(org, person.id, more.id, label="x", verified=True, now_ms=2)
    await store.addresses.remove(org, person.id, more.id, now_ms=2)
    companies = [Account(id=f"{org}-c{n}", org_id=org, name="Kettle", domain="x.org", phone="+1") for n in (1, 2)]
    for company in companies:
        await store.accounts.create(company)
    top, beneath = companies
    await store.accounts.change(org, beneath.id, version=1, changes={"parent_id": top.id}, now_ms=2)
    await store.accounts.list(org, text="kettle", parent_id=top.id, before_id="~")
    await store.accounts.tree(org, beneath.id)
    await store.accounts.above(org, beneath.id)
    for one in people:
        relation = Relation(id=f"{one.id}-r", org_id=org, contact_id=one.id, account_id=top.id, direct=True)
        await store.relations.add(relation, today="2026-11-22")
        await store.relations.change(org, relation.id, changes={"role": "x"})
    await store.relations.of_contact(org, person.id)
    await store.relations.of_account(org, top.id, current_on="2026-11-22", before_id="~")
    await store.teams.put(org, top.id, TeamMember(user_id=user_id), now_ms=2)
    await store.teams.set_default(org, user_id, [TeamMember(user_id=user_id)])
    await store.teams.add_default(org, beneath.id, user_id, now_ms=2)
    await store.teams.of_user(org, user_id)
    await store.teams.remove(org, top.id, user_id)
    await store.duplicates.persons(
        org, name_keys=["z000"], addresses=[(EMAIL, "1@x.org")], account_ids=[top.id], domains=["x.org"]
    )
    await store.duplicates.companies(org, name_keys=["k340"], domain="x.org", phone="+1")
    contacts = await store.merges.merge_contacts(org, person.id, other.id, actor_id=user_id, now_ms=3)
    accounts = await store.merges.merge_accounts(org, top.id, beneath.id, actor_id=user_id, now_ms=3)
    await store.merges.of(org, person.id)
    for merge_id in await store.merges.due(org, now_ms=2**60):
        await store.merges.go_on(org, merge_id, now_ms=2**60)
    for merge in (contacts, accounts):
        await store.merges.undo(org, merge.id, actor_id=user_id, now_ms=4)
