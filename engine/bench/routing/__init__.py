"""What a routed work item costs, beside a plain job queue and a hand-written SQL table. See ../README.md."""
