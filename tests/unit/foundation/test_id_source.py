"""New ids never repeat, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor

from engine.clock import SystemClock
from engine.ids import id_source


def test_many_threads_get_ids_of_their_own() -> None:
    new_id = id_source(SystemClock())
    with ThreadPoolExecutor(8) as threads:
        made = [made for part in threads.map(lambda _: [new_id() for _ in range(1_000)], range(8)) for made in part]
    assert len(set(made)) == len(made)
