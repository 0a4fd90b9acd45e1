# ruff: noqa: T201 -- a measurement is read by a person
"""Measure search at a size: ``nice python -m tests.bench.search sqlite|postgresql|ADDRESS MESSAGES [TIMES]``.

Fill a record with conversations, cases, contacts and accounts by plain inserts, have the indexer take them in, then
ask each question many times, one after the other, and report the middle, the 99th percentile and the worst, in
milliseconds, and the processor's time for one. At an address that was filled before, only the questions are asked.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path

from sqlalchemy import Connection, Table, insert, text

from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.search import Narrow, SearchKind
from engine.model.visibility import EVERYTHING, CasesSeen, CustomersSeen, Sight, Visibility
from engine.search.finder import Finder
from engine.skills.search_words import words_of
from engine.store.cases.tables import cases
from engine.store.customers.tables import accounts, contact_addresses, contacts
from engine.store.full_text.tables import search_marks
from engine.store.store import Store
from engine.store.tables import METADATA, entries, interactions
from tests.contract.store.searching import full_row
from tests.servers import running_postgres

ORG = "shop"
PER_TALK = 10
WORDS = 60_000
SIGNS = 2_500
NOW_MS = 1_795_000_000_000
SPAN_MS = 2 * 365 * 86_400_000
LONG_AGO_MS = NOW_MS - SPAN_MS // 2
ROWS = 2_000
STATUSES = ("new", "open", "waiting", "resolved", "closed")
QUEUES = [f"queue-{number}" for number in range(20)]
OWNERS = [f"agent-{number}" for number in range(200)]


class Writer:
    """Write texts whose words are as unevenly frequent as people's are (Zipf)."""

    def __init__(self) -> None:
        self.dice = random.Random(7)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
        self.words = [
            "".join(self.dice.choice(syllables) for _ in range(self.dice.randint(1, 4))) for _ in range(WORDS)
        ]
        self.words[:6] = ["the", "and", "order", "please", "refund", "delivery"]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))
        self.signs = [chr(0x4E00 + 7 * number) for number in range(SIGNS)]
        self.sign_weights = list(accumulate(1 / (rank + 20) for rank in range(SIGNS)))

    def message(self, number: int) -> str:
        if number % 5 == 0:
            signs = "".join(self.dice.choices(self.signs, cum_weights=self.sign_weights, k=self.dice.randint(6, 30)))
            return signs + ("我要投诉处理" if number % 500 == 0 else "")
        words = self.dice.choices(self.words, cum_weights=self.weights, k=self.dice.randint(4, 24))
        if number % 2:
            words.append("everywhere")
        if number % 2000 == 1:
            words.append("seldom")
        if number % 50 == 1:
            words.append(f"{10_000_000 + number}")
        return " ".join(words)


def rows_of(count: int) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Yield rows of each table, in order of time."""
    writer = Writer()
    talks = count // PER_TALK
    people, companies = max(1, talks // 2), max(1, talks // 20)
    yield (
        "accounts",
        [
            full_row(accounts, {"id": f"0-a{n:07}", "org_id": ORG, "name": f"{writer.words[n % WORDS]} GmbH {n}"})
            for n in range(companies)
        ],
    )
    yield (
        "contacts",
        [
            full_row(
                contacts, {"id": f"0-c{n:07}", "org_id": ORG, "name": " ".join(writer.dice.choices(writer.words, k=2))}
            )
            for n in range(people)
        ],
    )
    yield "contact_addresses", [
        full_row(
            contact_addresses,
            {"id": f"0-p{n:07}", "org_id": ORG, "contact_id": f"0-c{n:07}", "channel": "phone",
             "key": f"+49171{n:07}", "value": f"+49171{n:07}"},
        )
        for n in range(people)
    ]  # fmt: skip
    for first in range(0, talks, ROWS // PER_TALK):
        yield from _talks(writer, range(first, min(talks, first + ROWS // PER_TALK)), talks, people, companies)


def _talks(
    writer: Writer, numbers: range, talks: int, people: int, companies: int
) -> Iterator[tuple[str, list[dict[str, object]]]]:
    said, held, filed = [], [], []
    for n in numbers:
        at_ms = NOW_MS - SPAN_MS + SPAN_MS * n // talks
        iid, person, company = f"1-{n:08}", f"0-c{n % people:07}", f"0-a{n % companies:07}"
        filed += [  # twice as many cases as conversations, as where mail is worked on, too
            full_row(
                cases,
                {"id": f"1-{n:08}-k{twin}", "org_id": ORG, "number": 2 * n + twin + 1, "version": 1,
                 "subject": writer.message(2 * n + 1)[:80], "status": STATUSES[n % 5], "queue": QUEUES[n % 20],
                 "owner_id": OWNERS[n % 200], "contact_id": person, "account_id": company, "opened_ms": at_ms},
            )
            for twin in (0, 1)
        ]  # fmt: skip
        held.append(
            full_row(
                interactions,
                {"id": iid, "org_id": ORG, "channel": "web", "kind": "chat", "state": "closed", "contact_id": person,
                 "case_id": f"{iid}-k0", "last_seq": PER_TALK, "conversation_key": iid, "token_hash": iid,
                 "opened_ms": at_ms, "closed_ms": at_ms},
            )
        )  # fmt: skip
        said += [
            full_row(
                entries,
                {"interaction_id": iid, "seq": seq, "org_id": ORG, "id": f"{iid}-{seq}", "kind": "message",
                 "author": "visitor", "body": writer.message(n * PER_TALK + seq), "at_ms": at_ms + seq},
            )
            for seq in range(1, PER_TALK + 1)
        ]  # fmt: skip
    yield "cases", filed
    yield "interactions", held
    yield "entries", said


async def fill(store: Store, count: int) -> None:
    """Insert the rows, without triggers; tell the index that there are rows from before."""
    begun = time.perf_counter()
    for name, rows in rows_of(count):
        for start in range(0, len(rows), ROWS):
            some = rows[start : start + ROWS]
            table = METADATA.tables[name]
            await store._access.write(ORG, partial(_insert, table=table, rows=some))
    await store._access.execute(ORG, text("DELETE FROM search_pending"))
    mark = {"org_id": ORG, "version": 1, "next_doc": 0, "next_part": 0, "filled": "", "anew": 0}
    await store._access.execute(ORG, insert(search_marks), mark)
    print(f"inserted in {time.perf_counter() - begun:.0f} s", flush=True)


def _insert(conn: Connection, *, table: Table, rows: list[dict[str, object]]) -> None:
    conn.execute(insert(table), rows)


async def take_in(store: Store, most: int) -> None:
    begun, cpu, count = time.perf_counter(), time.process_time(), 0
    told = 0
    while True:
        taken = await store.search.take_in(ORG, words_of=words_of, most=most)
        count += taken.documents
        while await store.search.tidy(ORG):
            pass
        if count - told > 100_000:
            told = count
            print(f"… {count} in {time.perf_counter() - begun:.0f} s", flush=True)
        if not taken.more:
            break
    seconds = time.perf_counter() - begun
    print(
        f"indexed {count} documents in {seconds:.0f} s: {count / seconds:.0f}/s; CPU {time.process_time() - cpu:.0f} s",
        flush=True,
    )


QUESTIONS: tuple[tuple[str, str, Narrow], ...] = (
    ("rare word", "seldom ", Narrow()),
    ("word of half of all messages", "everywhere ", Narrow()),
    ("two common words", "everywhere order ", Narrow()),
    ("three common words", "the and please ", Narrow()),
    ("common without common", "everywhere -the ", Narrow()),
    ("no such word", "zzyzx ", Narrow()),
    ("beginning, 2 letters", "re", Narrow()),
    ("beginning, 4 letters", "refu", Narrow()),
    ("beginning of many words", "bera", Narrow()),
    ("beginning of a number", "100012", Narrow()),
    ("Chinese word of two", "投诉", Narrow()),
    ("Chinese word of four", "投诉处理", Narrow()),
    ("one Chinese character", "诉", Narrow()),
    ("phrase", '"the order"', Narrow()),
    ("phrase that is nowhere", '"seldom everywhere the"', Narrow()),
    ("case number", "#4711", Narrow()),
    ("telephone number", "0171 0004711", Narrow()),
    ("common word of one owner", "everywhere ", Narrow(owner_id="agent-7")),
    ("common word, queue and status", "everywhere ", Narrow(queue="queue-3", status="resolved")),
    ("common word of one contact", "everywhere ", Narrow(contact_id="0-c0000011")),
    ("common word of one account", "everywhere ", Narrow(account_id="0-a0000011")),
    ("common word, one month", "everywhere ", Narrow(from_ms=LONG_AGO_MS, to_ms=LONG_AGO_MS + 30 * 86_400_000)),
    ("common word, cases only", "everywhere ", Narrow(kinds=frozenset({SearchKind.CASE}))),
)  # fmt: skip


async def ask(store: Store, times: int) -> None:
    finder = Finder(index=store.search)
    print("| question | found | p50 ms | p99 ms | worst ms | CPU ms |\n|---|--:|--:|--:|--:|--:|")
    every: list[float] = []
    sights = [
        ("", EVERYTHING),
        (
            " (may see one queue)",
            Sight(
                visibility=Visibility(cases=CasesSeen.TEAM, customers=CustomersSeen.TEAM),
                user_id="agent-7",
                queues=("queue-3",),
            ),
        ),
    ]
    asked = [(name, question, narrow, sights[0][1]) for name, question, narrow in QUESTIONS]
    asked.append(("common word" + sights[1][0], "everywhere ", Narrow(), sights[1][1]))
    for name, question, narrow, sight in asked:
        took: list[float] = []
        results = await finder.find(ORG, question, narrow=narrow, sight=sight)
        cpu = time.process_time()
        for _ in range(times):
            begun = time.perf_counter()
            results = await finder.find(ORG, question, narrow=narrow, sight=sight)
            took.append((time.perf_counter() - begun) * 1000)
        cpu = (time.process_time() - cpu) * 1000 / times
        every += took
        took.sort()
        total = f"{results.total:,}" if results.total_exact else f"≤ {results.total:,}"
        print(
            f"| {name} | {total} | {took[len(took) // 2]:.1f} | {took[int(len(took) * 0.99)]:.1f} |"
            f" {took[-1]:.1f} | {cpu:.1f} |",
            flush=True,
        )
    every.sort()
    print(f"| all | | {every[len(every) // 2]:.1f} | {every[int(len(every) * 0.99)]:.1f} | {every[-1]:.1f} | |")


async def sizes(store: Store) -> None:
    if store._backend.name == "postgresql":
        rows = (
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relname LIKE 'search%' ORDER BY 1"
        )
    else:
        rows = "SELECT name, sum(pgsize) FROM dbstat WHERE name LIKE '%search%' GROUP BY 1 ORDER BY 1"
    try:
        for name, size in await store._access.read(lambda conn: conn.execute(text(rows)).all()):
            print(f"{name}: {size / 1e6:.0f} MB")
    except Exception as error:  # noqa: BLE001 -- SQLite may be built without dbstat
        print("sizes unknown:", error)


@contextmanager
def database(kind: str) -> Iterator[str]:
    if ":" in kind:
        yield kind
    elif kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="cb-search-") as directory:
            yield f"sqlite:///{Path(directory) / 'record.db'}"
    else:
        with running_postgres() as cluster:
            yield cluster.dsn(cluster.create_database())


async def main(kind: str, count: int, times: int) -> None:
    clock = SystemClock()
    with database(kind) as url:
        store = Store(url=url, clock=clock, new_id=id_source(clock))
        await store.start()
        known = await store._access.read(lambda conn: conn.execute(text("SELECT count(*) FROM search_marks")).scalar())
        if not known:
            await fill(store, count)
        await take_in(store, 16_384)  # whole blocks, which the indexer comes to in the end
        await sizes(store)
        await ask(store, times)
        await store.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 200))
