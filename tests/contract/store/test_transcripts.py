"""Transcripts: gapless numbers, repeats, marks."""

import asyncio
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.conversation import Appended, Author, Draft, EntryKind, InteractionState
from engine.model.work import EventKind
from engine.store.store import Store
from engine.store.tables import interactions, segments
from tests.contract.store.building import LATE_MS, START_MS, Story, agent, opened, said


async def test_numbers_are_gapless_under_concurrency(store: Store, org: str) -> None:
    chat = (await opened(store, org, body="")).interaction
    other = (await opened(store, org, conversation_key="o", token_hash="o", body="")).interaction

    async def say(number: int) -> Appended:
        where = chat if number % 3 else other
        who = Author.VISITOR if number % 2 else Author.AGENT
        draft = said(f"text {number}", author=who, client_id=f"c{number}")
        return await store.transcripts.append(org, where.id, draft, now_ms=START_MS + number)

    results = await asyncio.gather(*(say(number) for number in range(200)))
    for where in (chat, other):
        told = await store.transcripts.since(org, where.id, after_seq=0, limit=500)
        assert [entry.seq for entry in told] == list(range(1, len(told) + 1))
        mine = sorted((one.entry for one in results if one.entry.interaction_id == where.id), key=lambda one: one.seq)
        assert told == mine
    seqs = await store.transcripts.last_seqs([chat.id, other.id, "unknown"])
    assert sum(seqs.values()) == 200


async def test_a_repeated_client_id_is_one_entry(store: Store, org: str) -> None:
    chat = (await opened(store, org)).interaction
    draft = said("once", client_id="m1")
    results = await asyncio.gather(*(store.transcripts.append(org, chat.id, draft, now_ms=START_MS) for _ in range(8)))
    assert sum(not result.repeated for result in results) == 1
    assert len({result.entry.id for result in results}) == 1
    as_agent = await store.transcripts.append(org, chat.id, replace(draft, author=Author.AGENT), now_ms=START_MS)
    assert not as_agent.repeated
    assert [entry.seq for entry in await store.transcripts.since(org, chat.id, after_seq=0)] == [1, 2, 3]


async def beside(store: Store, interaction_id: str) -> tuple[int, int, int]:
    """Return the last number, when the visitor wrote last, and when the only segment was answered."""
    query = (
        select(interactions.c.last_seq, interactions.c.last_visitor_ms, segments.c.answered_ms)
        .join(segments, segments.c.interaction_id == interactions.c.id)
        .where(interactions.c.id == interaction_id)
    )
    row = await store._access.read(lambda conn: conn.execute(query).one())
    return row.last_seq, row.last_visitor_ms, row.answered_ms


async def test_what_a_line_changes_beside_it_changes_once(store: Store, org: str) -> None:
    result, ana = await opened(store, org), await agent(store, org)
    chat = result.interaction
    await store.routing.apply(Story(result).answered(ana.id))
    begun, _, _ = await beside(store, chat.id)
    note = Draft(kind=EntryKind.NOTE, author=Author.AGENT, body="call him")
    answer = said("yes", author=Author.AGENT, client_id="a")
    for number, (draft, wanted) in enumerate(
        (
            (note, (begun + 1, START_MS, 0)),
            (said("hello", client_id="v"), (begun + 2, START_MS + 1, 0)),
            (answer, (begun + 3, START_MS + 1, START_MS + 2)),
            (answer, (begun + 3, START_MS + 1, START_MS + 2)),
            (said("hello", client_id="v"), (begun + 3, START_MS + 1, START_MS + 2)),
            (replace(answer, client_id="b"), (begun + 4, START_MS + 1, START_MS + 2)),
        )
    ):
        await store.transcripts.append(org, chat.id, draft, now_ms=START_MS + number)
        assert await beside(store, chat.id) == wanted, number
    await store.conversations.close(org, chat.id, reason="visitor", now_ms=START_MS + 7)
    over = await beside(store, chat.id)
    late = await asyncio.gather(
        store.transcripts.append(org, chat.id, said("late"), now_ms=START_MS + 8),
        store.transcripts.append(org, chat.id, note, now_ms=START_MS + 8),
        return_exceptions=True,
    )
    assert isinstance(late[0], Conflict)
    assert await beside(store, chat.id) == (over[0] + 1, *over[1:]), "only the note counts"


async def test_without_client_id_nothing_is_a_repeat(store: Store, org: str) -> None:
    chat = (await opened(store, org, body="")).interaction
    for _ in range(3):
        assert not (await store.transcripts.append(org, chat.id, said("same"), now_ms=START_MS)).repeated


async def test_a_closed_conversation_takes_notes_and_repeats_only(store: Store, org: str) -> None:
    chat = (await opened(store, org)).interaction
    said_before = said("before", client_id="m1")
    await store.transcripts.append(org, chat.id, said_before, now_ms=START_MS)
    await store.conversations.close(org, chat.id, reason="visitor", now_ms=START_MS)
    with pytest.raises(Conflict) as refused:
        await store.transcripts.append(org, chat.id, said("after", client_id="m2"), now_ms=START_MS)
    assert refused.value.slug == "interaction-closed"
    assert (await store.transcripts.append(org, chat.id, said_before, now_ms=START_MS)).repeated
    note = Draft(kind=EntryKind.NOTE, author=Author.AGENT, body="call him", data={"näme": [1, {"a": None}]})
    appended = await store.transcripts.append(org, chat.id, note, now_ms=START_MS)
    assert (await store.transcripts.since(org, chat.id, after_seq=appended.entry.seq - 1)) == [appended.entry]


async def test_the_customer_never_sees_notes(store: Store, org: str) -> None:
    chat = (await opened(store, org)).interaction
    note = Draft(kind=EntryKind.NOTE, author=Author.AGENT, body="internal")
    await store.transcripts.append(org, chat.id, note, now_ms=START_MS)
    await store.transcripts.append(org, chat.id, said("public"), now_ms=START_MS)
    shown = await store.transcripts.since(org, chat.id, after_seq=0, public_only=True)
    assert [entry.seq for entry in shown] == [1, 3]
    assert [entry.seq for entry in await store.transcripts.since(org, chat.id, after_seq=1, limit=1)] == [2]


async def test_other_organisations_see_nothing(store: Store, org: str) -> None:
    chat = (await opened(store, org)).interaction
    with pytest.raises(NotFound):
        await store.transcripts.append("other", chat.id, said("hello"), now_ms=START_MS)
    with pytest.raises(NotFound):
        await store.conversations.get("other", chat.id)
    assert await store.transcripts.since("other", chat.id, after_seq=0) == []


async def test_marks_only_move_forward_and_not_beyond_the_end(store: Store, org: str) -> None:
    chat = (await opened(store, org)).interaction
    for number in range(4):
        await store.transcripts.append(org, chat.id, said(str(number)), now_ms=START_MS)
    mark = await store.transcripts.mark_visitor(org, chat.id, delivered_seq=3, read_seq=1)
    assert (mark.delivered_seq, mark.read_seq) == (3, 1)
    mark = await store.transcripts.mark_visitor(org, chat.id, delivered_seq=2, read_seq=4)
    assert (mark.delivered_seq, mark.read_seq) == (4, 4)
    mark = await store.transcripts.mark_visitor(org, chat.id, delivered_seq=99, read_seq=0)
    assert (mark.delivered_seq, mark.read_seq) == (5, 4)
    await store.transcripts.mark_agent(org, chat.id, read_seq=99)
    await store.transcripts.mark_agent(org, chat.id, read_seq=2)
    assert (await store.conversations.get(org, chat.id)).agent_read_seq == 5


async def test_a_visitors_word_ends_the_warning(store: Store, org: str) -> None:
    result = await opened(store, org)
    ana = await agent(store, org)
    await store.routing.apply(Story(result).answered(ana.id))
    late = START_MS + 600_000
    silent = {"channel": "web", "warn_before_ms": late, "close_before_ms": late, "limit": 9}
    assert [chat.id for chat in await store.conversations.idle(org, **silent)] == [result.interaction.id]  # type: ignore[arg-type]
    said_ms = result.interaction.last_visitor_ms
    warning = {"silent_since_ms": said_ms, "body": "Still there?"}
    first = await store.conversations.warn(org, result.interaction.id, now_ms=late, **warning)  # type: ignore[arg-type]
    again = await store.conversations.warn(org, result.interaction.id, now_ms=late + 9, **warning)  # type: ignore[arg-type]
    assert first is not None
    assert again is not None
    assert (first.repeated, again.repeated, again.entry) == (False, True, first.entry)
    assert await store.conversations.idle(org, **silent) == []  # type: ignore[arg-type]
    ignored = {**silent, "close_before_ms": late + 1}
    assert len(await store.conversations.idle(org, **ignored)) == 1  # type: ignore[arg-type]
    await store.transcripts.append(org, result.interaction.id, said("yes"), now_ms=late + 50)
    chat = await store.conversations.get(org, result.interaction.id)
    assert (chat.warned_ms, chat.last_visitor_ms) == (0, late + 50)
    assert await store.conversations.idle(org, **ignored) == []  # type: ignore[arg-type]
    assert await store.conversations.warn(org, chat.id, now_ms=late + 99, **warning) is None  # type: ignore[arg-type]
    warning["silent_since_ms"] = late + 50
    anew = await store.conversations.warn(org, chat.id, now_ms=late + 99, **warning)  # type: ignore[arg-type]
    assert anew is not None
    assert not anew.repeated


async def test_who_writes_after_the_warning_is_not_closed(store: Store, org: str) -> None:
    result = await opened(store, org)
    chat, ana = result.interaction, await agent(store, org)
    story = Story(result)
    await store.routing.apply(story.answered(ana.id))
    late = START_MS + 600_000
    warning = {"silent_since_ms": chat.last_visitor_ms, "body": "Still there?"}
    await store.conversations.warn(org, chat.id, now_ms=late, **warning)  # type: ignore[arg-type]
    seen = await store.conversations.get(org, chat.id)
    await store.transcripts.append(org, chat.id, said("yes"), now_ms=late + 50)
    close = {"warned_ms": seen.warned_ms, "now_ms": late + 60}
    assert await store.conversations.close_silent(org, chat.id, **close) is None
    assert (await store.conversations.get(org, chat.id)).state is InteractionState.OPEN
    await store.conversations.warn(org, chat.id, silent_since_ms=late + 50, now_ms=late + 70, body="Hello?")
    close = {"warned_ms": late + 70, "now_ms": late + 80}
    told = await store.conversations.close_silent(org, chat.id, **close)
    assert told is not None
    assert (told.kind, told.data) == (EntryKind.ENDED, {"reason": "idle"})
    assert await store.conversations.close_silent(org, chat.id, **close) is None
    with pytest.raises(Conflict):
        await store.transcripts.append(org, chat.id, said("wait"), now_ms=late + 90)
    assert [one.id for one in await store.conversations.half_closed(org, channel="web", limit=9)] == [chat.id]
    await store.routing.apply([story.tell(EventKind.ENDED, ana.id, 1, reason="idle")])
    assert await store.conversations.half_closed(org, channel="web", limit=9) == []
    entries = await store.transcripts.since(org, chat.id, after_seq=0)
    assert [one.kind for one in entries].count(EntryKind.ENDED) == 1


async def test_closing_without_a_board_closes_the_pending_item(store: Store, org: str) -> None:
    result = await opened(store, org)
    ended = await store.conversations.close(org, result.interaction.id, reason="gone", now_ms=START_MS + 5)
    assert ended is not None
    assert (ended.kind, ended.data) == (EntryKind.ENDED, {"reason": "gone"})
    assert await store.conversations.close(org, result.interaction.id, reason="idle", now_ms=START_MS + 9) is None
    chat = await store.conversations.get(org, result.interaction.id)
    assert (chat.close_reason, chat.closed_ms) == ("gone", START_MS + 5)
    assert await store.work.open_items(org) == []
    assert await store.conversations.open_chats(org) == []


async def test_the_overview_shows_what_stands_beside(store: Store, org: str) -> None:
    result = await opened(store, org)
    overview = await store.conversations.overview(org, result.interaction.id)
    assert overview.interaction == result.interaction
    assert overview.contact == result.contact
    assert overview.case == result.case
    assert overview.item is not None
    assert result.item is not None
    assert overview.item.id == result.item.id
    assert [chat.id for chat in await store.conversations.open_chats(org)] == [result.interaction.id]


async def test_a_conversation_is_shown_with_its_last_entries_in_order(store: Store, org: str) -> None:
    chat = (await opened(store, org, body="")).interaction
    _, entries = await store.transcripts.shown(org, chat.id, last=3)
    assert entries == []
    for number in range(1, 6):
        await store.transcripts.append(org, chat.id, said(str(number)), now_ms=START_MS)
    overview, entries = await store.transcripts.shown(org, chat.id, last=3)
    assert [entry.seq for entry in entries] == [3, 4, 5]
    assert overview == await store.conversations.overview(org, chat.id)
    assert overview.interaction.last_seq == 5
    with pytest.raises(NotFound):
        await store.transcripts.shown("other", chat.id, last=3)


async def test_a_number_beyond_the_database_is_refused_and_harms_nobody(store: Store, org: str) -> None:
    chat = (await opened(store, org)).interaction
    with pytest.raises(InvalidInput):
        await store.transcripts.since(org, chat.id, after_seq=2**70)
    assert await store.transcripts.since(org, chat.id, after_seq=0)


async def test_in_one_batch_or_one_by_one_the_rows_are_the_same(store: Store, org: str) -> None:
    """What waits when the writer comes is one batch; it must leave what each append alone leaves."""
    ana = await agent(store, org)
    drafts = [
        said("hello", client_id="v1"),
        said('"quoted" \\ and 😀', author=Author.AGENT, client_id="a1"),
        said("again", client_id="v2"),
        replace(said("between us", author=Author.AGENT, client_id="n1"), kind=EntryKind.NOTE, data={"consult_id": "c"}),
        said("too", author=Author.AGENT, client_id="a2"),
    ]

    async def talk(name: str, *, together: bool) -> tuple[object, ...]:
        result = await opened(store, org, conversation_key=name, token_hash=name, body="")
        chat = result.interaction
        await store.routing.apply(Story(result, epoch=1 + together).answered(ana.id))
        await store.conversations.warn(org, chat.id, silent_since_ms=START_MS + 1, now_ms=START_MS + 2, body="?")
        append = store.transcripts.append
        if together:
            gate = threading.Event()
            held = asyncio.create_task(store._access.write(org, lambda _: gate.wait(60)))
            tasks = [
                asyncio.create_task(append(org, chat.id, d, now_ms=START_MS + 9_000 + n)) for n, d in enumerate(drafts)
            ]
            await asyncio.sleep(0)
            gate.set()
            answers = [await task for task in tasks]
            await held
        else:
            answers = [await append(org, chat.id, d, now_ms=START_MS + 9_000 + n) for n, d in enumerate(drafts)]
        told = await store.transcripts.since(org, chat.id, after_seq=0)
        assert [one.entry for one in answers] == told[-len(drafts) :]
        assert not any(one.repeated for one in answers)
        now = await store.conversations.get(org, chat.id)
        level = (await store.routing.service_level(org, since_ms=0, now_ms=LATE_MS))["sales"]
        plain = [(one.seq, one.kind, one.author, one.body, one.client_id, one.at_ms, one.data) for one in told]
        return plain[-len(drafts) :], now.last_seq, now.last_visitor_ms, now.warned_ms, level.asa_ms

    assert await talk("one by one", together=False) == await talk("together", together=True)


async def test_what_is_unusual_in_a_batch_is_judged_alone(store: Store, org: str) -> None:
    chat = (await opened(store, org, body="")).interaction
    over = (await opened(store, org, conversation_key="o", token_hash="o", body="")).interaction
    await store.conversations.close(org, over.id, reason="visitor", now_ms=START_MS)
    gate = threading.Event()
    held = asyncio.create_task(store._access.write(org, lambda _: gate.wait(60)))
    wanted = [(chat.id, "x"), (over.id, "x"), (chat.id, "y"), (chat.id, "x"), ("nowhere", "x"), (chat.id, "z")]
    tasks = [
        asyncio.create_task(store.transcripts.append(org, where, said(name, client_id=name), now_ms=START_MS))
        for where, name in wanted
    ]
    await asyncio.sleep(0)
    gate.set()
    await held
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [getattr(one, "slug", None) for one in answers] == [
        None, "interaction-closed", None, None, "unknown-interaction", None,
    ]  # fmt: skip
    assert [one.repeated for one in answers if isinstance(one, Appended)] == [False, False, True, False]
    told = await store.transcripts.since(org, chat.id, after_seq=0)
    assert [(one.seq, one.body) for one in told] == [(1, "x"), (2, "y"), (3, "z")]
