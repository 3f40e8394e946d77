"""The gate: better, worse or equivalent, with a stated error rate."""
