"""Lists of cases: whatever is asked in whatever order, page by page, nothing is left out and nothing comes twice."""

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Table

from engine.model.case import Case
from engine.model.case_list import CaseOrder, CasePage, CaseWanted, MilestoneNow, Place
from engine.model.visibility import EVERYTHING, CasesSeen, CustomersSeen, Sight, Visibility
from engine.store.cases import lists
from engine.store.cases.tables import case_followers, case_tags, cases, milestones
from engine.store.customers.tables import accounts, contacts, entitlements
from engine.store.json_text import dump
from engine.store.store import Store
from engine.store.upsert import insert
from tests.contract.store.searching import full_row

MANY = 40
STATUSES, QUEUES, OWNERS = ("new", "open", "waiting", "closed"), ("sales", "support", ""), ("u1", "u2", "")
HOUR_MS = 3_600_000
Rows = list[tuple[Table, dict[str, Any]]]


def fields_of(die: random.Random) -> str:
    colour, parts = die.choice(("red", "blau ü")), die.sample(("a", "b", "c"), 2)
    return dump({"colour": colour, "size": die.randrange(3), "gift": die.random() < 0.5, "parts": parts})


def rows_of(org: str) -> Rows:
    """Return rows of many cases and of what hangs on them; the same every time."""
    die = random.Random(7)
    rows: Rows = [
        (contacts, {"id": f"{org}-gold", "tier": "gold", "owner_id": "u1"}),
        (contacts, {"id": f"{org}-plain"}),
        (entitlements, {"id": f"{org}-due", "kind": "warranty"}),
        (accounts, {"id": f"{org}-acme", "tier": "gold"}),
    ]
    for number in range(1, MANY + 1):
        id_, status = f"{org}-{number}", die.choice(STATUSES)
        tags = tuple(tag for tag in ("vip", "late") if die.random() < 0.3)
        case = {
            "id": id_,
            "number": number,
            "status": status,
            "queue": die.choice(QUEUES),
            "owner_id": die.choice(OWNERS),
            "type": die.choice(("complaint", "")),
            "team": die.choice(("blue", "")),
            "contact_id": f"{org}-{die.choice(('gold', 'plain'))}",
            "account_id": die.choice((f"{org}-acme", "")),
            "entitlement_id": f"{org}-due" if number % 3 == 0 else "",
            "parent_id": f"{org}-1" if 1 < number < 5 else "",
            "priority": die.randrange(3),
            "opened_ms": die.randrange(1, 9) * HOUR_MS,
            "updated_ms": die.randrange(9, 12) * HOUR_MS,
            "closed_ms": 11 * HOUR_MS if status == "closed" else 0,
            "escalated_ms": die.choice((0, HOUR_MS)),
            "fields": fields_of(die) if number % 5 else "{}",
            "search": f"{number} {die.choice(('kettle', 'pot 50% off'))}",
        }  # fmt: skip
        rows.append((cases, case))
        rows += [(case_tags, {"case_id": id_, "tag": tag}) for tag in tags]
        for key in ("resolution", "next_response") if status != "closed" else ():
            state = die.choice(("running", "paused", "met"))
            due = die.randrange(12, 20) * HOUR_MS if state == "running" else 0
            missed = HOUR_MS if state != "met" and die.random() < 0.4 else 0
            clock = {"id": f"{id_}-{key}", "case_id": id_, "milestone": key, "state": state, "due_ms": due}
            rows.append((milestones, {**clock, "missed_ms": missed, "started_ms": die.randrange(1, 9) * HOUR_MS}))
    rows.append((case_followers, {"case_id": f"{org}-7", "user_id": "u3"}))
    return rows


def put(rows: Rows, org: str, conn: Connection) -> None:
    for table, row in rows:
        insert(conn, table, full_row(table, {"org_id": org, **row}))


@pytest.fixture
async def desk(store: Store, org: str) -> list[Case]:
    """Return many cases that are in the record."""
    for of in (org, f"{org}x"):
        await store.case_lists._access.write(of, partial(put, rows_of(of), of))
    return list((await store.case_lists.page(org, limit=200)).cases)


async def pages(store: Store, org: str, wanted: CaseWanted, order: CaseOrder, *, sight: Sight) -> list[Case]:
    found: list[Case] = []
    place: Place | None = None
    for _ in range(10 * MANY):
        page: CasePage = await store.case_lists.page(org, wanted, order=order, limit=9, after=place, sight=sight)
        assert len(page.cases) <= 9
        found += page.cases
        place = page.next
        if place is None:
            return found
    raise AssertionError("the list never ends")


WANTED: Sequence[tuple[str, CaseWanted]] = (
    ("everything", CaseWanted()),
    ("statuses", CaseWanted(among={"status": ("new", "closed")})),
    ("an owner and nobody", CaseWanted(among={"owner_id": ("u1", "")}, without={"status": ("closed",)})),
    ("queues", CaseWanted(among={"queue": ("sales", ""), "status": ("new", "open")}, without={"type": ("complaint",)})),
    ("open", CaseWanted(open=True, escalated=False)),
    ("over", CaseWanted(open=False, escalated=True)),
    ("tags", CaseWanted(tags=("vip",), not_tags=("late",))),
    ("tiers", CaseWanted(tiers=("gold",))),
    ("no tier", CaseWanted(not_tiers=("gold",))),
    ("a warranty", CaseWanted(entitlements=("warranty", "support"))),
    ("no warranty", CaseWanted(not_entitlements=("warranty",), among={"status": ("new", "open")})),
    ("another kind", CaseWanted(entitlements=("support",))),
    ("whose contact somebody looks after", CaseWanted(contact_owners=("u1", "u2"))),
    ("whose contact nobody looks after", CaseWanted(contact_owners=("",), not_contact_owners=("u1",))),
    ("ranges", CaseWanted(between={"opened_ms": (2 * HOUR_MS, 6 * HOUR_MS), "priority": (1, None)})),
    ("a text", CaseWanted(text="POT 50%")),
    ("a text of the index", CaseWanted(text="nowhere", ids=())),
    ("fields", CaseWanted(fields={"colour": ("blau ü",), "size": ("1", "2")})),
    ("other fields", CaseWanted(fields={"gift": ("true",)}, not_fields={"parts": ("b",)})),
    ("milestones", CaseWanted(milestones=(MilestoneNow.MISSED,))),
    ("due", CaseWanted(due_before_ms=15 * HOUR_MS)),
    ("unanswered", CaseWanted(responses=("next_response",), unanswered_since_ms=5 * HOUR_MS)),
    ("never unanswered", CaseWanted(unanswered_since_ms=5 * HOUR_MS)),
    ("nothing", CaseWanted(nothing=True)),
)


@pytest.mark.parametrize("small", [False, True], ids=["few", "walked"])
async def test_pages_are_whole_in_every_order(
    store: Store, org: str, desk: list[Case], small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = (
        EVERYTHING,
        Sight(visibility=Visibility(cases=CasesSeen.OWN, customers=CustomersSeen.TEAM), user_id="u3"),
    )
    rows, die = rows_of(org), random.Random(small)
    if small:
        monkeypatch.setattr(lists, "FEW", 0)
        monkeypatch.setattr(lists, "WINDOW", 5)
        monkeypatch.setattr(lists, "LOOKED", 30)
    for name, wanted in WANTED:
        for sight in everything:
            told = {one.id for one in desk if fits(one, wanted, rows) and (sight is EVERYTHING or one.number == 7)}
            for order in die.sample(list(CaseOrder), 3 if sight is EVERYTHING else 1):
                found = await pages(store, org, wanted, order, sight=sight)
                expected = [one for one in in_order(desk, order, rows) if one.id in told]
                assert [one.number for one in found] == [one.number for one in expected], (name, order, sight)


def hanging(rows: Rows, table: object, case_id: str) -> list[dict[str, Any]]:
    return [row for of, row in rows if of is table and row.get("case_id") == case_id]


def fits(one: Case, wanted: CaseWanted, rows: Rows) -> bool:
    """Say what a list should say, the slow way."""
    clocks, tags = hanging(rows, milestones, one.id), {str(row["tag"]) for row in hanging(rows, case_tags, one.id)}
    waiting = [clock for clock in clocks if clock["state"] in ("running", "paused")]
    gold = one.contact_id.endswith("gold") or one.account_id.endswith("acme")
    looked_after = "u1" if one.contact_id.endswith("gold") else ""
    (search,) = [str(row["search"]) for of, row in rows if of is cases and row["id"] == one.id]

    def has(key: str, values: Sequence[str]) -> bool:
        value = one.fields.get(key)
        many = value if isinstance(value, list) else [value]
        return any((str(each).lower() if isinstance(each, bool) else str(each)) in values for each in many)

    return all((
        not wanted.nothing,
        all(getattr(one, column) in values for column, values in wanted.among.items()),
        all(getattr(one, column) not in values for column, values in wanted.without.items()),
        all((low is None or getattr(one, column) >= low) and (high is None or getattr(one, column) < high)
            for column, (low, high) in wanted.between.items()),
        wanted.open is None or wanted.open == (one.closed_ms == 0),
        wanted.escalated is None or wanted.escalated == (one.escalated_ms > 0),
        not wanted.tags or tags & {*wanted.tags},
        not tags & {*wanted.not_tags},
        not wanted.tiers or gold,
        not wanted.not_tiers or not gold,
        not wanted.entitlements or ("warranty" in wanted.entitlements and one.entitlement_id),
        not wanted.not_entitlements or not one.entitlement_id,
        not wanted.contact_owners or looked_after in wanted.contact_owners,
        looked_after not in wanted.not_contact_owners,
        all(has(key, values) for key, values in wanted.fields.items()),
        not any(has(key, values) for key, values in wanted.not_fields.items()),
        not wanted.milestones or any(clock["missed_ms"] for clock in waiting),
        not wanted.due_before_ms or any(0 < clock["due_ms"] < wanted.due_before_ms for clock in clocks),
        not wanted.unanswered_since_ms or any(
            clock["milestone"] in wanted.responses and clock["started_ms"] <= wanted.unanswered_since_ms
            for clock in waiting),
        all(word in search for word in wanted.text.casefold().split()),
    ))  # fmt: skip


def in_order(found: Sequence[Case], order: CaseOrder, rows: Rows) -> list[Case]:
    def due(one: Case) -> int:
        return min((clock["due_ms"] for clock in hanging(rows, milestones, one.id) if clock["due_ms"]), default=0)

    keys = {
        CaseOrder.NEWEST: lambda one: (-one.number,),
        CaseOrder.OLDEST: lambda one: (one.number,),
        CaseOrder.OPENED: lambda one: (-one.opened_ms, -one.number),
        CaseOrder.UPDATED: lambda one: (-one.updated_ms, -one.number),
        CaseOrder.UNTOUCHED: lambda one: (one.updated_ms, one.number),
        CaseOrder.PRIORITY: lambda one: (-one.priority, -one.number),
        CaseOrder.DUE: lambda one: (due(one), one.number),
    }
    shown = [one for one in found if due(one)] if order is CaseOrder.DUE else found
    return sorted(shown, key=keys[order])


async def test_what_the_index_does_not_have_yet_is_found_among_the_newest(
    store: Store, org: str, desk: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await store.case_lists.page(org, CaseWanted(text="kettle", ids=(f"{org}-1", "gone")))
    assert {one.number for one in page.cases} == {1} | {one.number for one in desk if "kettle" in one_search(one, org)}
    monkeypatch.setattr(lists, "RECENT", 1)
    assert len((await store.case_lists.page(org, CaseWanted(text="kettle", ids=(f"{org}-1",)))).cases) <= 3


def one_search(one: Case, org: str) -> str:
    return next(str(row["search"]) for of, row in rows_of(org) if of is cases and row["id"] == one.id)


async def test_cases_are_counted_and_chosen(store: Store, org: str, desk: list[Case]) -> None:
    open_ones = [one for one in desk if not one.closed_ms]
    count = await store.case_lists.count(org, CaseWanted(open=True), sight=EVERYTHING, most=10)
    assert (count.count, count.more) == (10, True)
    count = await store.case_lists.count(org, CaseWanted(open=True), sight=EVERYTHING, most=99)
    assert (count.count, count.more) == (len(open_ones), False)
    chosen = await store.case_lists.chosen(org, CaseWanted(open=True), most=1_000)
    assert [one.id for one in chosen] == [one.id for one in sorted(open_ones, key=lambda one: one.number)]
    assert len(await store.case_lists.chosen(org, CaseWanted(), most=9)) == 9
