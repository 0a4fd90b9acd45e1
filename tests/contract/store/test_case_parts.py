"""What hangs on a case: followers, links, files."""

from dataclasses import replace

import pytest

from engine.errors import Conflict, NotFound
from engine.model.case import NewCase
from engine.model.case_parts import Attachment, CaseLink, LinkKind
from engine.model.service import Asset
from engine.store.store import Store
from tests.contract.store.building import START_MS, agent


async def new_case(store: Store, org: str) -> str:
    return (await store.cases.open(NewCase(org_id=org, subject="S"), actor_id="", now_ms=START_MS)).id


async def kinds(store: Store, org: str, case_id: str) -> list[str]:
    return [event.kind for event in await store.cases.events(org, case_id)]


async def test_users_follow_a_case(store: Store, org: str) -> None:
    case_id, ana, ben = await new_case(store, org), await agent(store, org), await agent(store, org, "ben")
    for user in (ana, ben, ana):
        await store.case_parts.follow(org, case_id, user.id, now_ms=START_MS + len(user.login))
    found = await store.case_parts.followers(org, case_id)
    assert {one.user_id for one in found} == {ana.id, ben.id}
    for _ in range(2):
        await store.case_parts.unfollow(org, case_id, ana.id)
    assert [one.user_id for one in await store.case_parts.followers(org, case_id)] == [ben.id]
    for wrong in ((org, "no case", ana.id), (org, case_id, "nobody"), ("other", case_id, ana.id)):
        with pytest.raises(NotFound):
            await store.case_parts.follow(*wrong, now_ms=START_MS)
    with pytest.raises(NotFound):
        await store.case_parts.followers("other", case_id)


async def test_related_cases_are_linked_on_both_sides(store: Store, org: str) -> None:
    one, two = await new_case(store, org), await new_case(store, org)
    link = CaseLink(case_id=one, kind=LinkKind.CASE, target_id=two, linked_by="u", linked_ms=START_MS)
    for _ in range(2):
        await store.case_parts.link(org, link)
    assert await store.case_parts.links(org, one) == [replace(link, name="S")]
    assert [found.target_id for found in await store.case_parts.links(org, two)] == [one]
    assert await kinds(store, org, one) == await kinds(store, org, two) == ["opened", "linked"]
    for _ in range(2):
        await store.case_parts.unlink(org, replace(link, case_id=two, target_id=one))
    assert await store.case_parts.links(org, one) == await store.case_parts.links(org, two) == []
    assert await kinds(store, org, one) == ["opened", "linked", "unlinked"]
    with pytest.raises(Conflict):
        await store.case_parts.link(org, replace(link, target_id=one))
    with pytest.raises(NotFound):
        await store.case_parts.link("other", link)


async def test_a_case_is_linked_to_an_asset(store: Store, org: str) -> None:
    case_id = await new_case(store, org)
    asset = await store.assets.create(Asset(id=f"{org}-a", org_id=org, name="Kettle"))
    link = CaseLink(case_id=case_id, kind=LinkKind.ASSET, target_id=asset.id, linked_ms=START_MS)
    await store.case_parts.link(org, link)
    assert [(one.kind, one.name) for one in await store.case_parts.links(org, case_id)] == [(LinkKind.ASSET, "Kettle")]
    for kind in (LinkKind.ASSET, LinkKind.ORDER):
        with pytest.raises(NotFound) as unknown:
            await store.case_parts.link(org, replace(link, kind=kind, target_id="none"))
        assert unknown.value.slug == f"unknown-{kind}"


async def test_a_file_is_named_once(store: Store, org: str) -> None:
    case_id = await new_case(store, org)
    file = Attachment(
        id=f"{org}-f", org_id=org, case_id=case_id, name="bill.pdf", media_type="application/pdf", size=7,
        sha256="a" * 64, public=True, added_by="u", added_ms=START_MS,
    )  # fmt: skip
    assert await store.case_parts.attach(file) == file
    assert await store.case_parts.attach(replace(file, id=f"{org}-again")) == file
    other = await store.case_parts.attach(replace(file, id=f"{org}-g", name="other.pdf"))
    assert await store.case_parts.attachments(org, case_id) == [file, other]
    assert await store.case_parts.attachment(org, file.id) == file
    assert await store.case_parts.named(["a" * 64, "b" * 64]) == {"a" * 64}
    for org_id, file_id in (("other", file.id), (org, "none")):
        with pytest.raises(NotFound):
            await store.case_parts.attachment(org_id, file_id)
        with pytest.raises(NotFound):
            await store.case_parts.detach(org_id, file_id, actor_id="", now_ms=START_MS)
    await store.case_parts.detach(org, file.id, actor_id="u", now_ms=START_MS)
    assert await store.case_parts.attachments(org, case_id) == [other]
    assert await kinds(store, org, case_id) == ["opened", "attached", "attached", "detached"]
