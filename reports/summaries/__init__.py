"""Records reduced to tidy tables of metrics."""
