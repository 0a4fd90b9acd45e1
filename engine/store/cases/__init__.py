"""Cases in SQL: the case, its history, its clocks, what is due."""
