"""Turn arrivals into work items: identify, classify, persist, enqueue. See README.md."""
