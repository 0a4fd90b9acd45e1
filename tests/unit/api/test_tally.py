"""What is counted with every frame reads like the library's own counters."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from engine.api.tally import Spread, Tally


def told(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line]


def test_reads_like_the_librarys_counter_and_histogram() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tally, spread = Tally("frames", "Frames.", ("kind", "way")), Spread("took_seconds", "Took.", (0.001, 0.5))
    ours.register(tally)
    ours.register(spread)
    counter = Counter("frames", "Frames.", ("kind", "way"), registry=theirs)
    histogram = Histogram("took_seconds", "Took.", registry=theirs, buckets=(0.001, 0.5))

    for kind in ("visitor", "agent", "visitor"):
        tally.adder(kind, "in")()
        counter.labels(kind, "in").inc()
    for value in (0.0001, 0.001, 0.2, 7.0):
        spread.observe(value)
        histogram.observe(value)

    assert told(ours) == told(theirs)
