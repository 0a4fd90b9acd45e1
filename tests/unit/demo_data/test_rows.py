"""Demo data: the same each time, whole, and in itself right."""

import json
from collections import defaultdict
from typing import Any

from engine.demo_data.dialogues import CONCERNS
from engine.demo_data.loading import chunks, rows_of, total
from engine.demo_data.scale import FAMILY, Rows, Scale

SCALE = Scale(org_id="o", cases=300, until_ms=1_800_000_000_000, agents=(("u1", "Ana"), ("u2", "Ben")))


def everything(scale: Scale) -> dict[str, list[dict[str, Any]]]:
    rows: Rows = defaultdict(list)
    for chunk in chunks(scale):
        for table, some in rows_of(scale, chunk).items():
            rows[table] += some
    return dict(rows)


ROWS = everything(SCALE)
IDS = {table: {row["id"] for row in rows} for table, rows in ROWS.items() if rows and "id" in rows[0]}


def test_the_same_scale_is_the_same_data() -> None:
    assert everything(SCALE) == ROWS
    assert total(SCALE) == len(ROWS["contacts"]) + len(ROWS["cases"])


def test_every_id_and_number_is_given_once() -> None:
    for table, rows in ROWS.items():
        if table in IDS:
            assert len(IDS[table]) == len(rows), table
    for table, names in {
        "contact_addresses": ("channel", "key"), "orders": ("number",), "contracts": ("number",), "cases": ("number",),
        "contacts": ("email_key",),
    }.items():  # fmt: skip
        assert len({tuple(row[name] for name in names) for row in ROWS[table]}) == len(ROWS[table]), table


def test_everything_that_is_referred_to_is_there() -> None:
    tables = {
        "account_id": "accounts", "contact_id": "contacts", "case_id": "cases", "asset_id": "assets",
        "contract_id": "contracts", "parent_id": "accounts", "entitlement_id": "entitlements",
        "interaction_id": "interactions",
    }  # fmt: skip
    for table, rows in ROWS.items():
        for name, target in tables.items():
            assert {row[name] for row in rows if row.get(name)} <= IDS[target], (table, name)
    links = {
        kind: {row["target_id"] for row in ROWS["case_links"] if row["kind"] == kind} for kind in ("asset", "order")
    }
    assert links["asset"] <= IDS["assets"]
    assert links["order"] <= IDS["orders"]


def test_transcripts_and_histories_have_no_gaps() -> None:
    spoken, told = defaultdict(list), defaultdict(list)
    for row in ROWS["entries"]:
        spoken[row["interaction_id"]].append(row)
    for row in ROWS["case_events"]:
        told[row["case_id"]].append(row)
    for one in ROWS["interactions"]:
        lines = spoken[one["id"]]
        assert [line["seq"] for line in lines] == list(range(1, one["last_seq"] + 1))
        times = [line["at_ms"] for line in lines]
        assert times == sorted(times)
        assert one["opened_ms"] <= times[0] <= times[-1] <= one["closed_ms"]
        assert "{" not in "".join(line["body"] for line in lines)
    for case in ROWS["cases"]:
        events = told[case["id"]]
        assert [event["number"] for event in events] == list(range(1, len(events) + 1))
        last = [json.loads(event["data"])["to"] for event in events if event["kind"] == "status"]
        assert (last[-1] if last else "new") == case["status"]
        assert (case["closed_ms"] > 0) == (case["status"] in ("resolved", "closed"))


def test_cases_come_in_all_states_and_languages() -> None:
    assert {row["status"] for row in ROWS["cases"]} == {"new", "open", "waiting", "resolved", "closed"}
    assert {row["language"] for row in ROWS["contacts"]} == {"en", "de", "zh-CN"}
    assert any("投诉" in row["subject"] for row in ROWS["cases"])
    numbers = [row["number"] for row in ROWS["cases"]]
    assert numbers == sorted(numbers)
    assert [row["opened_ms"] for row in ROWS["cases"]] == sorted(row["opened_ms"] for row in ROWS["cases"])
    per_case = len(ROWS["entries"]) / len(ROWS["cases"])
    assert 4 < per_case < 7


def test_accounts_stand_in_trees() -> None:
    parents = {row["id"]: row["parent_id"] for row in ROWS["accounts"]}
    assert any(parents[parent] for parent in parents.values() if parent)  # three levels somewhere
    assert len(ROWS["contacts"]) % FAMILY == 0
    direct = [row["contact_id"] for row in ROWS["account_relations"] if row.get("direct")]
    assert len(direct) == len(set(direct))


def test_every_concern_is_told_in_every_language() -> None:
    for concern in CONCERNS:
        assert set(concern.subject) == set(concern.lines) == {"en", "de", "zh"}
        lengths = {len(lines) for lines in concern.lines.values()}
        assert len(lengths) == 1
