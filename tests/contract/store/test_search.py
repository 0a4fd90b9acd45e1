"""Whatever is written is found: by its words, in any script, by whoever may see it; what is gone is not."""

import pytest
from sqlalchemy import Connection, delete, event

from engine.errors import InvalidInput
from engine.model.conversation import EntryKind
from engine.model.organisation import CasePolicy
from engine.model.search import Narrow, SearchKind
from engine.model.visibility import CasesSeen, CustomersSeen, Sight, Visibility
from engine.skills.search_words import words_of
from engine.store.cases.tables import case_followers, cases
from engine.store.customers.tables import account_relations, account_team, contacts
from engine.store.full_text.found import read
from engine.store.store import Store
from engine.store.tables import entries, interactions

from .building import START_MS, opened, said
from .searching import account, address, case, comment, contact, find, own, refs, rewrite, take_in, write


async def say(store: Store, org: str, interaction_id: str, *bodies: str) -> None:
    for body in bodies:
        await store.transcripts.append(org, interaction_id, said(body), now_ms=START_MS)


async def conversation(store: Store, org: str, *bodies: str, key: str = "k") -> str:
    made = await opened(
        store,
        org,
        policy=CasePolicy.MANUAL,
        name="",
        email="",
        body=bodies[0],
        conversation_key=key * 64,
        token_hash=key * 64,
    )
    await say(store, org, made.interaction.id, *bodies[1:])
    return made.interaction.id


async def test_messages_are_found_in_every_script(store: Store, org: str) -> None:
    bodies = (
        "I want a refund for the broken teapot",
        "我要投诉这个订单",
        "iPhone手机坏了",
        "お茶を返品したいです",
        "ＦＵＬＬ　ｗｉｄｔｈ Ｃａｆé",
        "call me: +49 (171) 234-5678",
    )
    await conversation(store, org, *bodies)
    assert await take_in(store, org) >= len(bodies)
    for question, place in (
        ("REFUND", 0),
        ("refu", 0),
        ("re", 0),
        ('"broken teapot"', 0),
        ("投诉", 1),
        ("诉", 1),
        ("投诉这个", 1),
        ("手机 iphone", 2),
        ("返品", 3),
        ("返品したい", 3),
        ("full cafe", 4),
        ("0171 2345678", 5),
        ("0171/234 56 78", 5),
    ):
        assert await refs(store, org, question) == [bodies[place]], question
    for question in ('"teapot broken"', "诉投", "refund -teapot", "payment", "投诉订单", '-"broken teapot" refund'):
        assert await refs(store, org, question) == [], question
    assert await refs(store, "another", "refund") == []


async def test_cases_contacts_and_accounts_are_found_by_all_that_is_written_of_them(store: Store, org: str) -> None:
    await contact(store, org, "c1", "Zoë Ødegård", fields='{"club":"Gold Kettle"}')
    await address(store, org, "c1", "email", value="Zoe@Example.org", key="zoe@example.org")
    await address(store, org, "c1", "phone", value="0171 2345678", key="+491712345678")
    await account(store, org, "a1", "Teehaus München GmbH", domain="teehaus.example")
    await case(store, org, "k1", 1042, "Teapot broken", tags='["urgent"]', description="The lid is cracked")
    await comment(store, org, "k1", "Replacement promised")
    await case(store, org, "k2", 7, "Order 1042 is late")
    await take_in(store, org)
    for question, ids in (
        ("odegard zoe", ["c1"]),
        ("zoe@example.org", ["c1"]),
        ("+49 171 2345678", ["c1"]),
        ("gold kettle", ["c1"]),
        ("munchen", ["a1"]),
        ("teehaus.example", ["a1"]),
        ("cracked urgent", ["k1"]),
        ("replacement", ["k1"]),
        ("1042", ["k1", "k2"]),
        ("#1042", ["k1", "k2"]),
    ):
        assert await refs(store, org, question) == ids, question
    found = await find(store, org, "1042")
    assert [hit.exact for hit in found.hits] == [True, False]
    hit = (await find(store, org, "crack")).hits[0]
    assert [hit.snippet.text[begin:end] for begin, end in hit.snippet.marks] == ["cracked"]
    assert (hit.found.case_number, hit.title.text) == (1042, "1042 Teapot broken")


async def test_what_changes_is_found_as_it_is_now(store: Store, org: str) -> None:
    await case(store, org, "k1", 1, "Teapot broken")
    await contact(store, org, "c1", "Ana")
    await take_in(store, org)
    await rewrite(store, org, cases, own(org, "k1"), subject="Kettle cold")
    await rewrite(store, org, contacts, own(org, "c1"), merged_into="c2")
    await take_in(store, org)
    assert await refs(store, org, "teapot") == []
    assert await refs(store, org, "kettle") == ["k1"]
    assert await refs(store, org, "ana") == []
    await store._access.write(
        org, lambda conn: conn.execute(delete(cases).where(cases.c.id == own(org, "k1"))).rowcount
    )
    await take_in(store, org)
    assert await refs(store, org, "kettle") == []


async def test_a_message_that_is_rewritten_or_gone(store: Store, org: str) -> None:
    iid = await conversation(store, org, "my card is 4111", "thanks")
    await take_in(store, org)
    assert len(await refs(store, org, "card")) == 1

    def blacken(conn: object) -> None:
        conn.execute(entries.update().where(entries.c.interaction_id == iid, entries.c.seq == 1).values(body="***"))  # type: ignore[attr-defined]

    await store._access.write(org, blacken)
    await take_in(store, org)
    assert await refs(store, org, "card") == []
    assert await refs(store, org, "thanks") == ["thanks"]
    await store._access.write(
        org, lambda conn: conn.execute(delete(entries).where(entries.c.interaction_id == iid)).rowcount
    )
    await take_in(store, org)
    assert await refs(store, org, "thanks") == []


async def test_notes_are_found_and_marked_internal(store: Store, org: str) -> None:
    iid = await conversation(store, org, "hello")
    note = said("suspicious refund")
    await store.transcripts.append(
        org, iid, type(note)(kind=EntryKind.NOTE, author=note.author, body=note.body), now_ms=START_MS
    )
    await take_in(store, org)
    assert (await find(store, org, "suspicious")).hits[0].found.internal


async def filled(store: Store, org: str) -> None:
    """A case of Ana's about tea, one of Bo's about cups; the conversation of the first; two accounts."""
    await case(store, org, "k1", 1, "word one", owner_id="ana", queue="tea", account_id="a1", contact_id="c1")
    await case(store, org, "k2", 2, "word two", owner_id="bo", queue="cups", status="closed", account_id="a2")
    await contact(store, org, "c1", "word three")
    await write(store, org, account_relations, id="r1", contact_id="c1", account_id="a1", direct=1)
    await account(store, org, "a1", "word four")
    iid = await conversation(store, org, "word five")
    await rewrite(store, org, interactions, iid, case_id="k1", contact_id="c1")
    await take_in(store, org)


NARROWED: tuple[tuple[Narrow, set[str]], ...] = (
    (Narrow(), {"k1", "k2", "c1", "a1", "word five"}),
    (Narrow(kinds=frozenset({SearchKind.CASE, SearchKind.CONTACT})), {"k1", "k2", "c1"}),
    (Narrow(owner_id="ana"), {"k1", "word five"}),
    (Narrow(queue="cups"), {"k2"}),
    (Narrow(status="open"), {"k1", "word five"}),
    (Narrow(contact_id="c1"), {"k1", "c1", "word five"}),
    (Narrow(account_id="a1"), {"k1", "c1", "a1", "word five"}),
    (Narrow(account_id="a1", kinds=frozenset({SearchKind.MESSAGE})), {"word five"}),
    (Narrow(from_ms=START_MS + 1, to_ms=START_MS + 3), {"k1", "k2"}),
    (Narrow(to_ms=START_MS + 1), {"c1", "a1", "word five"}),
    (Narrow(from_ms=START_MS + 86_400_000 * 40), set()),
)


async def test_narrowed(store: Store, org: str) -> None:
    await filled(store, org)
    for narrow, found in NARROWED:
        assert set(await refs(store, org, "word", narrow=narrow)) == found, narrow


OWN = Visibility(cases=CasesSeen.OWN)
TEAM = Visibility(cases=CasesSeen.TEAM, customers=CustomersSeen.TEAM)

SEEN: tuple[tuple[Sight, set[str]], ...] = (
    (Sight(visibility=OWN, user_id="cy"), {"c1", "a1"}),
    (Sight(visibility=OWN, user_id="bo"), {"k2", "c1", "a1"}),
    (Sight(visibility=TEAM, user_id="cy"), set()),
    (Sight(visibility=TEAM, user_id="bo", queues=("tea",)), {"k1", "k2", "c1", "a1", "word five"}),
    (Sight(visibility=Visibility(customers=CustomersSeen.TEAM), user_id="cy"), {"k1", "k2", "c1", "a1", "word five"}),
    (Sight(visibility=TEAM, user_id="dee"), {"k1", "c1", "a1", "word five"}),
    (Sight(visibility=OWN, user_id="eve"), {"k2", "c1", "a1"}),
)


async def test_seen(store: Store, org: str) -> None:
    await filled(store, org)
    access = {"account_access": "read", "case_access": "read"}
    await write(store, org, account_team, account_id="a1", user_id="dee", **access)
    await write(store, org, case_followers, case_id="k2", user_id="eve")
    for sight, found in SEEN:
        assert set(await refs(store, org, "word", sight=sight)) == found, sight
        assert sum((await find(store, org, "word", sight=sight)).kinds.values()) == len(found)
        # The number of a case that he may not see tells him nothing.
        assert set(await refs(store, org, "1", sight=sight)) == found & {"k1"}


async def test_messages_follow_their_case_and_their_contact(store: Store, org: str) -> None:
    await filled(store, org)
    await rewrite(store, org, cases, own(org, "k1"), owner_id="cy", status="closed", account_id="")
    await rewrite(store, org, account_relations, own(org, "r1"), account_id="a9")
    await take_in(store, org)
    assert await refs(store, org, "word", narrow=Narrow(owner_id="ana")) == []
    assert set(await refs(store, org, "word", narrow=Narrow(owner_id="cy", status="closed"))) == {"k1", "word five"}
    assert set(await refs(store, org, "word", narrow=Narrow(account_id="a9"))) == {"c1", "word five"}


async def test_pages_hold_everything_once(store: Store, org: str) -> None:
    bodies = [f"word number{place}" for place in range(130)]
    iid = await conversation(store, org, *bodies)
    await take_in(store, org)
    seen: list[str] = []
    after = ""
    while True:
        page = await find(store, org, "word", limit=30, after=after)
        assert page.total >= len(bodies)
        seen += [hit.found.document.body for hit in page.hits]
        if not page.next:
            break
        after = page.next
        await say(store, org, iid, "word of the meantime")
        await take_in(store, org)
    assert sorted(seen) == sorted(bodies)
    with pytest.raises(InvalidInput):
        await find(store, org, "word", after="nonsense!")


async def test_words_side_by_side_are_looked_for_beyond_the_first_window(store: Store, org: str) -> None:
    await conversation(store, org, "black tea", *(f"tea black {place}" for place in range(150)))
    await take_in(store, org)
    found = await find(store, org, '"black tea"')
    assert [hit.found.document.body for hit in found.hits] == ["black tea"]
    assert (found.total_exact, found.next) == (False, "")


async def test_parts_are_merged_and_answer_the_same(store: Store, org: str) -> None:
    iid = await conversation(store, org, "word 0")
    for place in range(1, 40):
        await say(store, org, iid, f"word {place}")
        await store.search.take_in(org, words_of=words_of, most=1)
    await take_in(store, org)
    found = await find(store, org, "word")
    assert found.total == 40
    assert await refs(store, org, "word 39") == ["word 39"]


async def test_an_index_made_anew_answers_meanwhile(store: Store, org: str) -> None:
    await filled(store, org)
    assert await store.search.rebuild(org)
    assert not await store.search.ready(org)
    assert len(await refs(store, org, "word")) == 5
    await store.search.take_in(org, words_of=words_of, most=2)
    assert len(await refs(store, org, "word")) == 5
    await take_in(store, org, most=2)
    assert await store.search.ready(org)
    assert len(await refs(store, org, "word")) == 5
    assert not await store.search.rebuild("nobody")


async def test_texts_are_looked_up_row_by_row(store: Store, org: str) -> None:
    """SQLite has no statistics: asked for a few contacts' addresses, it walked along all of the organisation's."""
    await contact(store, org, "c1", "Zoë")
    await address(store, org, "c1", "email", value="zoe@example.org", key="zoe@example.org")
    await account(store, org, "a1", "Kettle & Crane")
    await case(store, org, "k1", 7, "Zoë waits", contact_id="c1", account_id="a1")
    await conversation(store, org, "Zoë here")
    documents = await take_in(store, org)

    def work(conn: Connection) -> list[str]:
        asked: list[tuple[str, tuple[object, ...]]] = []

        def hear(_conn: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
            asked.append((statement, parameters))

        event.listen(conn, "before_cursor_execute", hear)
        try:
            assert len(read(conn, org, range(documents))) == documents
        finally:
            event.remove(conn, "before_cursor_execute", hear)
        if conn.dialect.name != "sqlite":
            return []
        plans = [conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", said).all() for one, said in asked]
        return [row.detail for plan in plans for row in plan]

    for step in await store._access.read(work):
        assert not step.startswith("SCAN"), step
        assert not step.endswith("(org_id=?)"), step
