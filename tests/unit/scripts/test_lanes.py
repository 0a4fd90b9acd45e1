"""In which order several processes run the tests."""

import pytest

from tests.lanes import LANES, lane, order, piece


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("tests/acceptance/test_crashes.py", 0),
        ("tests/contract/store/test_work.py", 0),
        ("tests/acceptance/test_main_job.py", 1),
        ("tests/integration/mail/test_threads.py", 2),
        ("tests/integration/router/test_commands.py", 2),
        ("tests/unit/scripts/test_lanes.py", len(LANES)),
    ],
)
def test_each_file_has_its_lane(path: str, number: int) -> None:
    assert lane(piece(path)) == number


def test_what_needs_the_cluster_is_one_piece_and_the_first_of_its_lane() -> None:
    files = ["tests/integration/api/test_http.py", "tests/integration/router/test_a.py", "tests/unit/test_b.py"]
    assert piece(files[1]) == piece("tests/integration/valkey/cluster/test_board.py") == "cluster"
    assert order([files[2], *map(piece, files[:2]), "tests/acceptance/test_c.py"]) == [
        "tests/acceptance/test_c.py", "cluster", files[0], files[2],
    ]  # fmt: skip
