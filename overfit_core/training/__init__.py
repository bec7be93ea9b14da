"""The compiled single-batch loop, what it records and what it reports."""
