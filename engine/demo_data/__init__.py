"""A believable, deterministic data set: customers, what they have, what they asked for, and what was said."""
