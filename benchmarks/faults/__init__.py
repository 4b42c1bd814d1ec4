"""What becomes of a call when its provider misbehaves, as verdicts: `python -m benchmarks.faults` prints the tables."""
