"""Contacts are known by their addresses; each address is one contact's, however many write at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.clock import SystemClock
from engine.errors import Conflict, NotFound
from engine.ids import id_source
from engine.model.customer import EMAIL, PHONE, Address, Contact, email_key
from engine.store import search
from engine.store.store import Store
from tests.contract.store.building import START_MS, opened
from tests.records import Ticking

NEW_ID = id_source(Ticking())


def person(org: str, name: str = "Zoë Ødegård", **changes: object) -> Contact:
    made = Contact(id=NEW_ID(), org_id=org, name=name, created_ms=START_MS)
    return replace(made, **changes)  # type: ignore[arg-type]


def address(contact: Contact, value: str, channel: str = EMAIL, key: str = "", *, now_ms: int = START_MS) -> Address:
    return Address(
        id=NEW_ID(),
        org_id=contact.org_id,
        contact_id=contact.id,
        channel=channel,
        value=value,
        key=key or email_key(value),
        created_ms=now_ms,
    )


async def kept(store: Store, org: str, *emails: str, name: str = "Zoë Ødegård") -> Contact:
    contact = person(org, name, email=emails[0] if emails else "")
    return await store.customers.create(contact, [address(contact, one) for one in emails])


async def changed(store: Store, contact: Contact, new: Address | None = None, **changes: object) -> Contact:
    return await store.customers.change(
        contact.org_id, contact.id, version=contact.version, changes=changes, address=new, now_ms=START_MS + 1
    )


async def test_a_contact_is_kept_and_read(store: Store, org: str) -> None:
    contact = person(org, tier="gold", fields={"since": 2019}, email="Zoe@Example.org")
    await store.customers.create(contact, [address(contact, "Zoe@Example.org")])
    assert await store.customers.get(org, contact.id) == contact
    assert [one.key for one in await store.addresses.of_contact(org, contact.id)] == ["zoe@example.org"]
    with pytest.raises(NotFound):
        await store.customers.get("another", contact.id)
    assert await store.addresses.of_contact("another", contact.id) == []


async def test_lists_are_paged_and_search_every_address(store: Store, org: str) -> None:
    found = [await kept(store, org, f"p{n}@example.org", name=f"Person {n}") for n in range(3)]
    first = await store.customers.list(org, "", 2)
    assert [one.id for one in first] == [found[2].id, found[1].id]
    assert [one.id for one in await store.customers.list(org, "", 2, before_id=first[-1].id)] == [found[0].id]
    await store.addresses.add(address(found[0], "+44 20 7946 0000", PHONE, "+442079460000"), now_ms=START_MS)
    assert [one.id for one in await store.customers.list(org, "+4420")] == [found[0].id]
    assert [one.id for one in await store.customers.list(org, "PERSON p1@")] == [found[1].id]


async def test_an_address_of_somebody_else_is_refused_and_he_is_named(store: Store, org: str) -> None:
    first = await kept(store, org, "zoe@example.org")
    with pytest.raises(Conflict) as refused:
        await kept(store, org, "other@example.org", "ZOE@example.org")
    assert refused.value.slug == "address-taken"
    assert refused.value.fields["contact_id"] == first.id
    assert await store.customers.list(org, "other@") == [], "nothing of it was kept"
    second = await kept(store, org, "other@example.org")
    for write in (
        store.addresses.add(address(second, "zoe@example.org"), now_ms=START_MS),
        changed(store, second, address(second, "zoe@example.org"), email="zoe@example.org"),
    ):
        with pytest.raises(Conflict, match="another contact"):
            await write
    await kept(store, f"{org}-other", "zoe@example.org")


async def test_five_that_come_at_once_with_one_address_are_one_contact(store: Store, url: str, org: str) -> None:
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        emails = ["Zoe@Example.org", " zoe@example.ORG "] * 3
        arrivals = [
            opened([store, other][n % 2], org, token_hash=f"t{n}", conversation_key=f"t{n}", email=email)
            for n, email in enumerate(emails)
        ]
        written = [kept(one, org, "zoe@example.org") for one in (store, other)]
        results: Sequence[object] = await asyncio.gather(*arrivals, *written, return_exceptions=True)
    finally:
        await other.stop()
    assert len(await store.customers.list(org)) == 1
    assert {type(one).__name__ for one in results} <= {"Opened", "Contact", "Conflict"}
    assert sum(isinstance(one, Contact) for one in results) <= 1


async def test_an_arrival_finds_its_contact_by_any_of_his_addresses(store: Store, org: str) -> None:
    contact = await kept(store, org, "main@example.org", "zoe@example.org")
    assert (await opened(store, org)).contact == contact
    new = (await opened(store, org, token_hash="b", conversation_key="b", email="New@Example.org")).contact
    assert [(one.channel, one.key) for one in await store.addresses.of_contact(org, new.id)] == [
        (EMAIL, "new@example.org")
    ]
    nameless = (await opened(store, org, token_hash="c", conversation_key="c", email="")).contact
    assert await store.addresses.of_contact(org, nameless.id) == []


async def test_a_stale_change_is_refused_and_nothing_is_lost(store: Store, org: str) -> None:
    contact = await kept(store, org, "zoe@example.org")
    after = await changed(store, contact, tier="gold", name="Zoe")
    assert (after.version, after.tier, after.updated_ms) == (2, "gold", START_MS + 1)
    with pytest.raises(Conflict) as refused:
        await changed(store, contact, tier="silver")
    assert (refused.value.slug, refused.value.fields["version"]) == ("stale-version", 2)
    assert await changed(store, after, tier="gold") == after, "the same is no change"
    assert await store.customers.get(org, contact.id) == after


async def test_the_main_address_is_one_of_his(store: Store, org: str) -> None:
    contact = await kept(store, org, "zoe@example.org")
    contact = await changed(
        store, contact, address(contact, "Z@new.example", now_ms=START_MS + 1), email="Z@new.example"
    )
    keys = [one.key for one in await store.addresses.of_contact(org, contact.id)]
    assert keys == ["zoe@example.org", "z@new.example"]
    contact = await changed(store, contact, address(contact, "zoe@example.org"), email="zoe@example.org")
    assert len(await store.addresses.of_contact(org, contact.id)) == 2, "it was his already"
    first, second = await store.addresses.of_contact(org, contact.id)
    await store.addresses.remove(org, contact.id, first.id, now_ms=START_MS)
    assert (await store.customers.get(org, contact.id)).email == "Z@new.example"
    await store.addresses.remove(org, contact.id, second.id, now_ms=START_MS)
    assert (await store.customers.get(org, contact.id)).email == ""
    assert await store.customers.list(org, "example") == []
    with pytest.raises(NotFound, match="no address"):
        await store.addresses.remove(org, contact.id, second.id, now_ms=START_MS)
    await store.addresses.add(address(contact, "zoe@example.org"), now_ms=START_MS)
    assert (await store.customers.get(org, contact.id)).email == "zoe@example.org"


async def test_addresses_are_verified_and_bounded(store: Store, org: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = await kept(store, org, "zoe@example.org")
    one = (await store.addresses.of_contact(org, contact.id))[0]
    seen = await store.addresses.change(org, contact.id, one.id, label="work", verified=True, now_ms=START_MS + 5)
    assert (seen.label, seen.verified_ms) == ("work", START_MS + 5)
    again = await store.addresses.change(org, contact.id, one.id, label=None, verified=True, now_ms=START_MS + 9)
    assert again == seen, "verified when it first was"
    gone = await store.addresses.change(org, contact.id, one.id, label=None, verified=False, now_ms=START_MS)
    assert (gone.label, gone.verified_ms) == ("work", 0)
    same = await store.addresses.add(address(contact, "ZOE@example.org"), now_ms=START_MS)
    assert same == gone, "he has it already"
    monkeypatch.setattr("engine.store.customers.addresses.MOST_ADDRESSES", 1)
    with pytest.raises(Conflict, match="at most 1"):
        await store.addresses.add(address(contact, "b@example.org"), now_ms=START_MS)


async def test_contacts_are_found_by_who_looks_after_them(store: Store, org: str) -> None:
    mine, other, nobodys = [await kept(store, org, f"o{n}@example.org") for n in range(3)]
    mine = await changed(store, mine, owner_id="ana")
    await changed(store, other, owner_id="ben")
    assert (await store.customers.get(org, mine.id)).owner_id == "ana"
    assert [one.id for one in await store.customers.list(org, owner_id="ana")] == [mine.id]
    assert await store.customers.list(org, owner_id="ana", before_id=mine.id) == []
    assert await store.customers.list("another", owner_id="ana") == []
    kept_one = nobodys.id
    await store.merges.merge_contacts(org, kept_one, mine.id, actor_id="sue", now_ms=START_MS + 2)
    assert [one.id for one in await store.customers.list(org, owner_id="ana")] == [kept_one], (
        "it had none, and takes his"
    )
    await store.merges.merge_contacts(org, kept_one, other.id, actor_id="sue", now_ms=START_MS + 3)
    assert await store.customers.list(org, owner_id="ben") == [], "what it has stays"


async def test_of_a_text_the_newest_are_looked_at_and_those_that_are_named(
    store: Store, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, other, new = [await kept(store, org, f"{name}@example.org", name=name) for name in ("Zoë", "Zora", "Enzo")]
    monkeypatch.setattr(search, "LOOKED", 1)

    async def found(text: str, **more: Any) -> list[str]:
        return [one.id for one in await store.customers.list(org, text, 2, **more)]

    assert await found("zo") == [new.id]
    assert await found("zo", before_id=new.id) == [other.id], "further pages look further"
    assert await found("zo", named=(old.id, other.id)) == [new.id, other.id]
    assert await found("zo", named=(old.id, "gone"), before_id=new.id) == [other.id, old.id]
    assert await found("enzo", named=(old.id,)) == [new.id], "it says so itself"
    assert [one.id for one in await store.customers.list("another", "zo", 2, named=(old.id,))] == []
