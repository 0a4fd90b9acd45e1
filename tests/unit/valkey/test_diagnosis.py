"""What is said when a server does not start."""

from pathlib import Path

from engine.valkey.diagnosis import log_end, start_failure

PREFIX = "5045:M 22 Nov 2026 00:01:30.691"


def log(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "valkey.log"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_a_damaged_file_is_told_from_the_log(tmp_path: Path) -> None:
    said = "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup"
    path = log(tmp_path, f"{PREFIX} * Server initialized", f"{PREFIX} # {said}")
    error = start_failure(tmp_path, path, 0, exit_code=1)
    assert error.slug == "board-corrupt"
    assert said in str(error)
    assert "5045" not in str(error)
    assert str(tmp_path / "appendonlydir") in error.mend


def test_damage_of_an_earlier_start_does_not_count(tmp_path: Path) -> None:
    path = log(tmp_path, f"{PREFIX} # Bad file format reading the append only file x")
    error = start_failure(tmp_path, path, path.stat().st_size, exit_code=3)
    assert error.slug == "board-start-failed"
    assert "ended with status 3: it said nothing" in str(error)
    assert str(path) in error.mend


def test_a_manifest_error_is_damage(tmp_path: Path) -> None:
    path = log(
        tmp_path, f"{PREFIX} # ", "*** FATAL AOF MANIFEST FILE ERROR ***", f"{PREFIX} # The AOF manifest file is"
    )
    assert start_failure(tmp_path, path, 0, exit_code=1).slug == "board-corrupt"


def test_silence_is_named(tmp_path: Path) -> None:
    error = start_failure(tmp_path, tmp_path / "none.log", 0, exit_code=None)
    assert "did not answer in time" in str(error)


def test_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = log(tmp_path, *(f"line {number}" for number in range(10_000)))
    assert log_end(path, lines=2) == "line 9998\nline 9999"
