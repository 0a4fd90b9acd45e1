"""What was measured of mail, for people and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from engine.bench.email.load import Accepted

MIB = 1_048_576
MEANING = """\
aiosmtpd alone throws every mail away. Accepted: answered 250, source synchronised to the disk and row committed
(SQLite synchronous=FULL, PostgreSQL synchronous_commit=on); p50 and p99 from MAIL to that answer. Routed: read,
filed as a case, its work in a queue on the board. CPU (of each mail) and memory: engine, board and readers, not
PostgreSQL. The sender runs on the same machine."""


@dataclass(kw_only=True)
class Measured:
    """What one record did."""

    accepted: Accepted
    routed_s: float  # from the first connection until the last mail's work waited in a queue
    cpu_s: float  # of the engine, its board and its readers; not of PostgreSQL
    idle_bytes: int  # resident, of all of these, before
    most_bytes: int  # … and at most

    @property
    def routed_rate(self) -> float:
        """Return mails a second, accepted and routed."""
        return self.accepted.mails / self.routed_s if self.routed_s else 0.0

    def as_mapping(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {
            "accepted_per_s": round(self.accepted.rate, 1),
            "routed_per_s": round(self.routed_rate, 1),
            "answer": self.accepted.latency.summary().as_mapping(),
            "cpu_ms_per_mail": round(self.cpu_s / self.accepted.mails * 1_000, 3),
            "idle_bytes": self.idle_bytes,
            "most_bytes": self.most_bytes,
        }


@dataclass(kw_only=True)
class Outcome:
    """What was measured."""

    machine: dict[str, str | float]
    mails: int
    size: int
    connections: int
    peer: Accepted
    records: dict[str, Measured] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def as_mapping(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "machine": self.machine,
            "mails": self.mails,
            "mail_bytes": self.size,
            "connections": self.connections,
            "aiosmtpd_alone_per_s": round(self.peer.rate, 1),
            "aiosmtpd_alone_answer": self.peer.latency.summary().as_mapping(),
            "records": {name: one.as_mapping() for name, one in self.records.items()},
            "missing": self.missing,
        }


def print_report(outcome: Outcome, console: Console) -> None:
    """Print it."""
    machine = outcome.machine
    console.print(
        f"{machine.get('processor')}, {machine.get('cores'):g} cores; fsync {machine.get('fsync_p50_ms')} ms on "
        f"{machine.get('file_system')}; {outcome.mails:,} mails of {outcome.size:,} bytes over "
        f"{outcome.connections} connections, each of another customer",
        highlight=False,
    )
    table = Table("", "accepted/s", "routed/s", "p50", "p99", "CPU", "memory", box=SIMPLE)
    peer = outcome.peer.latency.summary()
    table.add_row(
        "aiosmtpd alone",
        f"{outcome.peer.rate:.0f}",
        "",
        f"{peer.p50_ms:.1f} ms",
        f"{peer.p99_ms:.1f} ms",
        "",
        "",
    )
    for name, one in outcome.records.items():
        answer = one.accepted.latency.summary()
        table.add_row(
            name,
            f"{one.accepted.rate:.0f}",
            f"{one.routed_rate:.0f}",
            f"{answer.p50_ms:.1f} ms",
            f"{answer.p99_ms:.1f} ms",
            f"{one.cpu_s / one.accepted.mails * 1_000:.1f} ms",
            f"{one.idle_bytes / MIB:.0f} → {one.most_bytes / MIB:.0f} MiB",
        )
    console.print(table)
    console.print(MEANING, highlight=False)
    for name, reason in outcome.missing.items():
        console.print(f"{name}: not measured: {reason}", highlight=False)
