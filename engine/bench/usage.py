"""What processes use, from /proc; where there is none (macOS), nothing is known."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_STAT_UTIME = 11  # after the name in parentheses: proc(5), fields 14 and 15
_STAT_PPID = 1
_CPU_STEAL = 8  # proc(5), /proc/stat: time in which the host ran somebody else on a virtual processor


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Processor seconds used so far and resident bytes now, by process name; and what the host withheld so far."""

    at: float
    cpu_s: dict[str, float]
    rss: dict[str, int]
    stolen_s: float = 0.0  # of all processors

    @property
    def rss_total(self) -> int:
        """Return the resident bytes of all."""
        return sum(self.rss.values())

    def shares_since(self, before: Sample) -> dict[str, float]:
        """Return how much of one core each process used since ``before``."""
        seconds = max(self.at - before.at, 1e-9)
        return {name: (used - before.cpu_s.get(name, 0.0)) / seconds for name, used in self.cpu_s.items()}

    def stolen_since(self, before: Sample) -> float:
        """Return how many processors the host of a virtual machine withheld since ``before``."""
        return (self.stolen_s - before.stolen_s) / max(self.at - before.at, 1e-9)


def sample(root: int) -> Sample:
    """Look at the process ``root`` and its children; empty where that cannot be known."""
    cpu_s: dict[str, float] = {}
    rss: dict[str, int] = {}
    for pid in [root, *descendants(root)]:
        try:
            name, fields = _stat(pid)
            pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            continue
        label = "engine" if pid == root else name
        used = sum(int(field) for field in fields[_STAT_UTIME : _STAT_UTIME + 2]) / os.sysconf("SC_CLK_TCK")
        cpu_s[label] = cpu_s.get(label, 0.0) + used
        rss[label] = rss.get(label, 0) + pages * os.sysconf("SC_PAGE_SIZE")
    return Sample(at=time.perf_counter(), cpu_s=cpu_s, rss=rss, stolen_s=stolen_s())


def stolen_s() -> float:
    """Return how long the machine's host has withheld processors, in seconds so far; 0 where that is not known."""
    try:
        fields = (_PROC / "stat").read_text().partition("\n")[0].split()
        return int(fields[_CPU_STEAL]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def waited_s(pid: int) -> float:
    """Return how long a process was ready to run and had no processor, in seconds so far; 0 where that is not known."""
    try:
        return int((_PROC / str(pid) / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def descendants(root: int) -> Sequence[int]:
    """Return the children of a process, and theirs."""
    parents: dict[int, int] = {}
    for entry in _PROC.glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int(_stat(int(entry.name))[1][_STAT_PPID])
        except (OSError, ValueError, IndexError):
            continue
    found = [root]
    for above in found:  # grows while it is walked: children of children
        found += [pid for pid, parent in parents.items() if parent == above]
    return found[1:]


def _stat(pid: int) -> tuple[str, list[str]]:
    text = (_PROC / str(pid) / "stat").read_text()
    name, _, rest = text.partition("(")[2].rpartition(")")
    return name, rest.split()
