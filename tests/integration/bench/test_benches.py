"""The benchmarks run from end to end at tiny sizes. What they measure is not judged here, only that it is there."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from engine.bench import drain
from engine.bench.cases import command, options
from engine.bench.email import command as email
from engine.bench.email.outcome import print_report
from engine.bench.escalation import command as escalation
from engine.bench.routing.cluster import Cluster
from engine.bench.routing.command import measure
from engine.bench.routing.options import read_options
from engine.bench.routing.postgres import Postgres
from engine.bench.routing.shape import Shape
from engine.bench.telephony import command as telephony
from engine.errors import Unavailable

TINY = ["--agents", "12", "--signatures", "20", "--skills-per-agent", "5", "--waiting", "60", "--runs", "1"]
QUICK = ["--seconds", "0.1", "--idle", "0.1", "--concurrency", "8"]


async def test_routing_without_peers(tmp_path: Path) -> None:
    made = await measure(read_options([*TINY, *QUICK, "--only", "cordboard,bullmq", "--peers", str(tmp_path)]))
    found = made.as_mapping()
    assert "--install-peers" in found["missing"]["bullmq"] or "Node.js" in found["missing"]["bullmq"]
    assert found["ratio_to_bullmq"] == {}
    assert all(case["lifecycles_per_s"] > 0 for case in found["cases"])
    assert {case["regime"] for case in found["cases"]} == {"backlog", "spare"}
    assert {case["order"] for case in found["cases"]} == {"longest_idle", "least_loaded"}
    assert found["new_signatures"] == 40
    assert found["memory_bytes"]["per_waiting_item"] != 0, "so small a board is lost in what the server frees by itself"
    assert found["end_to_offer"]["count"] > 0
    assert "time" in found["flatness"]["waiting"]
    assert "time" in found["generalists"]["spare"]


async def test_cases_are_measured(tmp_path: Path) -> None:
    arguments = ["--messages", "250", "--requests", "3", "--directory", str(tmp_path), "--index-wait", "20"]
    made = await command.measure(options.read_options(arguments), Console(quiet=True))
    found = made.as_mapping()
    assert found["cases"] == 50
    assert all(kind["count"] + sum(kind["faults"].values()) == 3 for kind in found["kinds"].values())
    assert set(found["kinds"]["open a case"]["faults"]) == set()


async def test_mails_are_measured(tmp_path: Path) -> None:
    arguments = ["--mails", "5", "--connections", "2", "--only", "sqlite", "--directory", str(tmp_path)]
    made = await email.measure(email.read_options(arguments), Console(quiet=True))
    found = made.as_mapping()
    assert found["aiosmtpd_alone_per_s"] > 0
    (one,) = found["records"].values()
    assert one["accepted_per_s"] >= one["routed_per_s"] > 0
    assert one["answer"]["count"] == 5
    print_report(made, Console(quiet=True))


@pytest.mark.postgres
async def test_postgres_is_a_peer() -> None:
    made = await measure(read_options([*TINY, *QUICK, "--only", "cordboard,postgres", "--orders", "longest_idle"]))
    if "postgres" in made.missing:
        pytest.skip(made.missing["postgres"])
    found = made.as_mapping()
    assert found["ratio_to_postgres"]["backlog"]["longest_idle"] > 0
    assert found["ratio_to_postgres"]["spare"]["longest_idle"] > 0
    assert found["versions"]["postgres"].startswith("PostgreSQL")


@pytest.mark.postgres
async def test_the_peer_table_keeps_its_agents_within_their_room() -> None:
    try:
        cluster = Cluster()
    except Unavailable as error:
        pytest.skip(str(error))
    shape = Shape(agents=12, signatures=20, skills_per_agent=5, units=2)
    await cluster.start()
    try:
        peer = Postgres(cluster, shape=shape, concurrency=8)
        await peer.open("peer", waiting=40, talking=24)
        run = await peer.measure(0.2, 0.05)
        await peer.close()
        rows = await asyncio.to_thread(_use, cluster.dsn.replace("/postgres?", "/peer?"))
    finally:
        await cluster.stop()
    assert run.done > 0
    assert rows == []


def _use(address: str) -> list[tuple[object, ...]]:
    """Return agents whose count is wrong or beyond their room."""
    with psycopg.connect(address) as connection:
        return connection.execute(
            "SELECT agents.id FROM agents LEFT JOIN items ON agent = agents.id"
            " GROUP BY agents.id HAVING used <> count(items.id) OR used > cap"
        ).fetchall()


async def test_drain() -> None:
    _, gaps = await drain.measure(drain.read_options(["--agents", "2", "--waiting", "4", "--rate", "50"]))
    found = gaps.as_mapping()
    assert found["end_to_offer"]["count"] == 4
    assert found["errors"] == {}


async def test_escalation_takes_every_step() -> None:
    given = escalation.read_options(["--cases", "60", "--rate", "20", "--seconds", "1", "--lead", "3"])
    outcome = await escalation.measure(given, Console(quiet=True))
    assert (outcome.lateness.count + outcome.overdue, outcome.missing) == (20, 0)


async def test_calls_are_measured(tmp_path: Path) -> None:
    arguments = ["--rate", "30", "--seconds", "1", "--agents", "3", "--directory", str(tmp_path)]
    made = await telephony.measure(telephony.read_options(arguments))
    seen = sum(of.count for of in made.measured.frames.values())
    assert (made.reports, made.measured.refused) == (30, 0)
    assert seen + made.measured.missing == made.reports  # a slow machine may show two steps of a call at once
    assert seen > 0
    assert set(made.as_mapping()["frames"]) == {"ringing", "answered", "ended"}
